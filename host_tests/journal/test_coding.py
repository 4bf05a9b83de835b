"""The bytes of the journal, read as docs/journal.md describes them and by nothing else."""

from __future__ import annotations

import json
import random
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from in_interpreter import program
from journal_runs import run
from running_gateway import mqtt_at

NOON = 1764000000  # a whole hour
SINCE = 1735689600  # 2025-01-01, docs/journal.md
SERIAL = "5700000011"


class Bytes:
    """A chunk's, read from the front."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self) -> int:
        number = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def signed(self) -> int:
        number = self.number()
        return -(number + 1) // 2 if number % 2 else number // 2

    def bits(self, count: int) -> list[bool]:
        size = (count + 7) // 8
        whole = int.from_bytes(self.data[self.at : self.at + size], "little")
        self.at += size
        return [bool(whole >> i & 1) for i in range(count)]

    def ranges(self, count: int) -> list[list[int] | None]:
        ranges: list[list[int] | None] = []
        for there in self.bits(count):
            if not there:
                ranges.append(None)
                continue
            least = self.signed()
            ranges.append([least, least + self.number()])
        return ranges


def chunks(data: bytes) -> Iterator[list[dict[str, Any]]]:
    while data:
        (magic, size, points, records, layout, boot, first, last, uptime, offset,
         check) = struct.unpack_from("<2sHBB7I", data)  # fmt: skip
        assert magic == b"J1"
        body = data[34 : 34 + size]
        assert len(body) == size
        assert check == zlib.crc32(data[:30] + body)
        bytes_ = Bytes(body)
        decoded, before = [], ([0] * points, [0] * points)
        for _ in range(records):
            one, uptime, offset = record(bytes_, points, first, uptime, offset, *before)
            first = one["sequence"] + 1
            decoded.append({**one, "layout": f"{layout:08x}", "boot": boot})
        assert bytes_.at == size and decoded[-1]["sequence"] == last
        yield decoded
        data = data[34 + size :]


def record(
    bytes_: Bytes, points: int, first: int, uptime: int, offset: int, import_: list[int],
    export: list[int],
) -> tuple[dict[str, Any], int, int]:  # fmt: skip
    """A record, and what goes on from it."""
    there = bytes_.number()
    seconds = bytes_.number()
    uptime += seconds + bytes_.signed()
    if there & 1:
        offset += bytes_.signed()
    sequence = first + (bytes_.number() if there >> 7 & 1 else 0)
    one: dict[str, Any] = {
        "sequence": sequence, "first": first, "seconds": seconds,
        "time": uptime + offset if offset else None, "cut": bool(there >> 8 & 1),
    }  # fmt: skip
    one["estimated"] = bytes_.number() if there >> 2 & 1 else 0
    one["grid"] = None
    if there >> 3 & 1:
        least = bytes_.signed()
        one["grid"] = [least, least + bytes_.number()]
    one["events"] = bytes_.number() if there >> 4 & 1 else 0
    unknown = bytes_.bits(points) if there >> 6 & 1 else [False] * points
    for i in range(points):
        if not unknown[i]:
            import_[i] += bytes_.signed()
    exported = bytes_.bits(points)
    for i in range(points):
        if exported[i]:
            export[i] += bytes_.signed()
    one["imported"] = [None if unknown[i] else import_[i] for i in range(points)]
    one["exported"] = [
        None if unknown[i] else export[i] if exported[i] else 0 for i in range(points)
    ]
    missing = bytes_.bits(points) if there >> 1 & 1 else [False] * points
    one["missing"] = [bytes_.number() if each else 0 for each in missing]
    one["voltages"] = bytes_.ranges(3)
    one["power"] = bytes_.ranges(points) if there >> 5 & 1 else None
    one["pulses"] = {}
    if there >> 9 & 1:
        for _ in range(bytes_.number()):
            serial = f"{bytes_.number():010d}"
            known = bytes_.bits(4)
            one["pulses"][serial] = [bytes_.number() if each else None for each in known]
    return one, uptime, offset


def registers(place: Path) -> bytes:
    """Behind the header of the newer slot; the session may have ended while one was written."""
    slots = [(place / f"registers.{k}").read_bytes() for k in (0, 1)]
    whole = [slot for slot in slots if struct.pack("<I", zlib.crc32(slot[:-4])) == slot[-4:]]
    return max(whole, key=lambda slot: struct.unpack_from("<I", slot, 4)[0])[12:-4]


def kept(place: Path, points: int, loads: int) -> Iterator[dict[str, Any]]:
    """All records in the flash: of the segments, then those behind the registers."""
    segments = [file for file in (place / "journal").iterdir() if file.suffix[1:].isdigit()]
    for file in sorted(segments, key=lambda file: int(file.stem)):
        for chunk in chunks(file.read_bytes()):
            yield from chunk
    # The registers, and the table before the records.
    rest = registers(place)[8 + 68 * points + 36 * loads + 76 + 36 + 192 :]
    size = struct.unpack_from("<H", rest)[0]
    assert set(json.loads(rest[2 : 2 + size])) == {"boot", "last", "cursors", "pulses", "offsets"}
    for chunk in chunks(rest[2 + size :]):
        yield from chunk


def random_steps(points: int, count: int) -> list[dict[str, Any]]:
    """A report in each minute, and one that brings nothing; anything that can be."""
    chance = random.Random(11)
    steps, now, total = [], NOON, 0
    for k in range(count):
        now += chance.choice([60, 60, 60, 60, 61, 300, -7200])
        total += chance.randrange(3)
        absent = [chance.random() < 0.1 for _ in range(points)]
        size = chance.choice([10, 1000, 1 << 20, 1 << 40])
        steps.append({
            "now": None if k % 40 < 3 else now * 1000, "s": 60,
            "in": [0 if one else chance.randrange(size) for one in absent],
            "out": [0 if one else chance.randrange(size) // 2 * (k % 3) for one in absent],
            "missed": [192000 if one else chance.choice([0, 0, 640]) for one in absent],
            "watts": [chance.choice([None, chance.randrange(-20000, 20000)]) for _ in absent],
            "estimated": chance.choice([0, 0, size]), "events": chance.choice([0, 0, 1, 300]),
            "grid": chance.choice([None, chance.randrange(-30000, 30000)]),
            "volts": [chance.choice([None, 230.1, chance.randrange(400)]) for _ in range(3)],
            "pulses": {SERIAL: [total, None, None, 1 << 34]} if k > 30 else {},
        })  # fmt: skip
        steps.append({
            "s": 0, "in": [0] * points, "out": [0] * points, "missed": [0] * points,
            "estimated": 0, "events": 0,
        })  # fmt: skip
        if k % 60 == 59:
            steps.append({"restart": True, "end": k % 2 == 0})
    return steps


def test_what_is_in_the_flash_is_what_was_measured(bits, tmp_path):
    for points in (1, 28):
        place = tmp_path / str(points)
        place.mkdir()
        done = run(place, random_steps(points, 150), points, bits=bits, heap="20M", end=True)
        found = list(kept(place, points, points))
        by_sequence = {one["sequence"]: one for one in found}
        assert sorted(by_sequence) == list(range(1, done.said["last"] + 1))
        for one in done.news:
            assert by_sequence[one["sequence"]] == one
        for one in done.read:
            # The time that was not known when it was written is not there.
            there = by_sequence[one["sequence"]]
            assert there["time"] in (None, one["time"]) and {**one, "time": there["time"]} == there


@pytest.mark.parametrize("script", [None, program("slow_flash")], ids=["flash", "slow flash"])
def test_a_whole_gateway(tmp_path, script):
    """In a simulated house: what it has kept in some minutes is whole minutes, and together what
    its registers say. An erase that takes as long as it may costs no sample."""
    house = load_house(ROOT / "tools" / "houses" / "single_phase.toml")
    plan = house.site_json()
    points, loads = len(plan["points"]), len(plan["loads"])
    found: list[dict[str, Any]] = []
    with Session(
        Installation(house), plan, paced=False, directory=tmp_path, epoch=NOON - 20,
        mqtt=mqtt_at(9), script=script,
    ) as session:  # fmt: skip
        while len(found) < 4:
            session.check()
            time.sleep(0.3)
            try:
                found = list(kept(tmp_path, points, loads))
            except (OSError, struct.error, AssertionError):
                pass  # it is being written
    found = list(kept(tmp_path, points, loads))
    first = NOON - SINCE + 1  # an erased flash had lower ones
    assert [one["sequence"] for one in found] == list(range(first, first + len(found)))
    assert [one["time"] for one in found[:4]] == [NOON + 60 * k for k in range(4)]
    assert [one["seconds"] for one in found[1:4]] == [60] * 3 and found[0]["seconds"] <= 20
    for one in found:
        assert one["cut"] is False
        assert one is found[0] or one["missing"] == [0] * points
    data = registers(tmp_path)
    for i in range(points):
        sums = [sum(one[name][i] or 0 for one in found) for name in ("imported", "exported")]
        assert list(struct.unpack_from("<2q", data, 8 + 68 * i + 4)) == sums
    assert sum(joules or 0 for joules in found[1]["imported"]) > 60 * 100
