"""system/durable.py: a power cut at any byte of a write leaves the old or the new value."""

import json
import struct
import zlib

from in_interpreter import succeed


def run(program, task, bits, cwd):
    said = succeed(program, given=task, bits=bits, heap="1M", cwd=cwd)
    return [json.loads(line) for line in said.splitlines()]


def slot(sequence, value):
    """A slot's file, made from its description."""
    data = struct.pack("<4sII", b"DUR1", sequence, len(value)) + value
    return data + struct.pack("<I", zlib.crc32(data))


def test_values_take_turns(bits, tmp_path):
    texts = [b"first".hex(), "", b"third".hex(), bytes(range(256)).hex(), None]
    assert run("take_turns", texts, bits, tmp_path) == [[text, 0] for text in [None, *texts[:-1]]]
    files = [(tmp_path / f"value.{k}").read_bytes() for k in (0, 1)]
    assert files == [slot(3, b"third"), slot(4, bytes(range(256)))]


def test_a_power_cut_at_any_byte(bits, tmp_path):
    old, new = slot(6, b"the older value"), slot(8, b"the newest value of all")
    states = []
    for sequences, length in (((7, 8), 0), ((0xFFFFFFFF, 0), 1)):
        kept = slot(sequences[0], b"kept")
        new = slot(sequences[1], b"the newest value of all")
        for n in range(len(new) + 1):
            tail = b"" if length else bytes(old[n : n + 9])  # nothing, or what was there before
            whole = n == len(new)
            states.append((kept, new[:n] + (b"" if whole else tail), whole))
    names = []
    for k, (first, second, _) in enumerate(states):
        place = tmp_path / str(k)
        place.mkdir()
        order = (first, second) if k % 2 else (second, first)
        for which, data in enumerate(order):
            (place / f"value.{which}").write_bytes(data)
        names.append(str(place))
    for (_, second, whole), [value, damaged, after] in zip(
        states, run("read_durable", names, bits, tmp_path), strict=True
    ):
        expected = b"the newest value of all" if whole else b"kept"
        assert bytes.fromhex(value) == expected, second.hex()
        assert damaged == (0 if whole else 1)
        assert after == "next"


def test_two_broken_slots_are_reported(bits, tmp_path):
    for which in (0, 1):
        (tmp_path / f"value.{which}").write_bytes(slot(which, b"x")[:-1] + b"\0")
    assert run("take_turns", ["00", None], bits, tmp_path) == [[None, 2], ["00", 1]]


def test_a_slot_that_cannot_be_read(bits, tmp_path):
    """It counts as damaged: a newer value may be in it. One that is not there does not."""
    (tmp_path / "value.0").mkdir()
    (tmp_path / "value.1").write_bytes(slot(7, b"kept"))
    [unread] = run("read_durable", [str(tmp_path)], bits, tmp_path)
    assert unread == [b"kept".hex(), 1, "kept"]
    (tmp_path / "value.0").rmdir()
    [missing] = run("read_durable", [str(tmp_path)], bits, tmp_path)
    assert missing == [b"kept".hex(), 0, "next"]
