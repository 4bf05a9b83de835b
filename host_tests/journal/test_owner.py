"""Whose journal it is (firmware/journal/owner.py): another site's goes with the first write of
this one's, whole or not at all, and never a site's own."""

from __future__ import annotations

import json
import struct
from binascii import crc32
from pathlib import Path
from typing import Any

import pytest
from in_interpreter import succeed
from journal_runs import Run, plain, run, site

NOON = 1764000000  # a whole hour


def minutes(start: int, count: int, known: bool = True, **more: Any) -> list[dict[str, Any]]:
    """So many minutes, of two reports each."""
    return [
        {"now": (start + 30 * (k + 1)) * 1000 if known else None, "s": 30, "in": [5, 6, 7], **more}
        for k in range(2 * count)
    ]


def quiet(start: int) -> list[dict[str, Any]]:
    """What was written goes to a segment."""
    rest = {"s": 1, "in": [0, 0, 0]}
    return [rest | {"now": (start + k) * 1000} for k in range(1, 5)]


def measured(place: Path, uuid: str, start: int, known: bool = True, parts: int = 4) -> Run:
    """Some hours at a site, in segments too, of which nobody has fetched anything; unplugged."""
    for k in range(parts):
        own = {"site": site() | {"uuid": uuid}, "capacity": 1 << 12}
        run(place, minutes(start + 3600 * k, 30, known), end=True, **own)
        for later in (1800, 1900):
            done = run(place, quiet(start + 3600 * k + later), end=True, **own)
    assert len(list((place / "journal").glob("*.1"))) > 1 or parts < 4
    (place / "journal" / "running").touch()
    return done


def kept(place: Path) -> dict[str, bytes]:
    """All that is in the flash."""
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


def numbers(done: Run) -> list[int]:
    return [one["sequence"] for one in done.read]


@pytest.mark.parametrize("end", [False, True])
@pytest.mark.parametrize("marked", [False, True])
def test_a_wrong_site_that_is_put_right(tmp_path, end, marked):
    """Within its first minute: nothing was written, and nothing of it is sent meanwhile."""
    before = measured(tmp_path, "v", NOON)
    if not marked:  # by firmware of before
        (tmp_path / "journal" / "site").unlink()
    flash = kept(tmp_path)
    wrong = run(tmp_path, quiet(NOON + 40000), end=end)
    assert (wrong.read, wrong.news, wrong.said["undelivered"]) == ([], [], 0)
    assert kept(tmp_path) == flash
    after = run(tmp_path, [], site=site() | {"uuid": "v"}, capacity=1 << 12)
    assert after.read == before.read and len(after.read) > 100
    assert after.said["undelivered"] == before.said["undelivered"]
    assert after.said["errors"] == ["registers.cut"]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("marked", [False, True])
def test_no_number_is_given_twice(tmp_path, known, marked):
    """Also where nobody knows the time; readers know those of the other site."""
    before = measured(tmp_path, "v", NOON, known)
    if not marked:
        (tmp_path / "journal" / "site").unlink()
    (tmp_path / "site.before").write_text("{}")
    after = run(tmp_path, minutes(NOON + 40000, 12, known), end=True)
    assert after.said["errors"] == ["registers.lost", "journal.foreign"]
    assert after.read == after.news and len(after.read) >= 10
    last = before.said["last"]
    assert numbers(after) == list(range(last + 1, last + 1 + len(after.read)))
    assert after.read[0]["boot"] > before.read[-1]["boot"] and not after.read[0]["cut"]
    assert sum(one["imported"][0] for one in after.read) == after.said["joules"][0]
    names = {name for name in kept(tmp_path) if not name.startswith("registers.")}
    assert {name for name in names if not name.endswith(".1")} == {
        "journal/site",
        f"journal/{after.said['layout']}.json",
    }
    again = run(tmp_path, minutes(NOON + 50000, 2), end=True)
    assert again.said["errors"] == []
    assert again.read[: len(after.read)] == after.read


def test_nothing_becomes_this_sites_while_something_cannot_be_removed(tmp_path):
    """It is named, tried again, and measuring goes on; then all is there."""
    before = measured(tmp_path, "v", NOON)
    flash = {name: data for name, data in kept(tmp_path).items() if "registers" in name}
    newest = max((tmp_path / "journal").glob("*.1"), key=lambda one: int(one.stem)).name
    stuck = run(tmp_path, minutes(NOON + 40000, 12, stuck=newest), end=True)
    assert stuck.news == stuck.read == []
    assert set(stuck.said["errors"]) == {
        "registers.lost",
        "journal.foreign",
        "journal.unwritten",
    }
    assert stuck.said["errors"].count("journal.foreign") == 1
    assert stuck.said["errors"].count("journal.unwritten") > 5
    assert "the flash cannot be written" in stuck.said["advice"][0][1]
    assert {name: data for name, data in kept(tmp_path).items() if "registers" in name} == flash
    assert (tmp_path / "journal" / newest).exists()
    steps = minutes(NOON + 50000, 5, stuck=newest) + minutes(NOON + 50300, 9, stuck="-")
    after = run(tmp_path, steps, end=True)
    assert sum(one["imported"][0] for one in after.read) == after.said["joules"][0] == 28 * 5
    assert numbers(after)[0] > before.said["last"]


@pytest.mark.parametrize("replaced", [False, True])
def test_power_is_cut_while_it_goes(tmp_path, replaced):
    """At each step of it; also where other registers of this site were put there: then only
    segments, or what was kept of them, say which numbers were given."""
    first = tmp_path / "first"
    first.mkdir()
    before = measured(first, "v", NOON)
    if replaced:
        made = tmp_path / "made"
        made.mkdir()
        run(made, [{"restart": True}], end=True)
        for name in ("registers.0", "registers.1"):
            (first / name).unlink()
        (first / "registers.0").write_bytes(registers_alone(made))
        (first / "registers.1").write_bytes(registers_alone(made))
    cut = -1
    done = False
    while not done:
        cut += 1
        place = tmp_path / str(cut)
        place.mkdir()
        for name, data in kept(first).items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_bytes(data)
        done = bool(run(place, minutes(NOON + 40000, 12), owned=cut).said)
        after = run(place, minutes(NOON + 50000, 14, known=False))
        own = [one for one in after.read if one["time"] is None]
        assert own and own == after.news[-len(own) :]
        assert own[0]["sequence"] > before.said["last"]
        assert own[0]["boot"] > before.read[-1]["boot"]
        if not done:
            assert after.read == after.news
    assert cut > 6


def test_power_is_cut_at_each_operation_of_the_flash():
    """Nothing of the other site is sent, and no number given twice, though the time is not known.
    Until its end begins the other site has all."""
    given = {"site": site(), "other": site() | {"uuid": "v"}, "plain": plain()}
    cuts, kept = json.loads(succeed("cut_owner", given=given, heap="60M", timeout=600))
    assert cuts > 50 and 4 < kept < cuts


def registers_alone(made: Path) -> bytes:
    """As tools/gateway_host/device/make_registers.py writes them: nothing is behind them."""
    data = (made / "registers.0").read_bytes()
    points, loads = data[13], data[14]
    size = 8 + 68 * points + 36 * loads + 76 + 36 + 192
    head = struct.pack("<4sII", b"DUR1", 1, size)
    body = head + data[12 : 12 + size]
    return body + struct.pack("<I", crc32(body))


@pytest.mark.parametrize("marked", [False, True])
def test_a_tail_alone(tmp_path, marked):
    """No segment is there yet: it goes too, with all else of that site, and the registers are not
    said to be damaged."""
    other = {"site": site() | {"uuid": "v", "name": "Elsewhere"}}
    before = run(tmp_path, minutes(NOON, 3), **other)
    assert not list((tmp_path / "journal").glob("*.1")) and len(before.read) == 3
    old = f"{before.said['layout']}.json"
    assert (tmp_path / "journal" / old).exists()
    if not marked:
        (tmp_path / "journal" / "site").unlink()
    after = run(tmp_path, minutes(NOON + 600, 3))
    assert after.said["errors"] == ["registers.lost", "journal.foreign"]
    assert after.read == after.news and numbers(after)[0] == 4
    assert not (tmp_path / "journal" / old).exists() and not after.read[0]["cut"]
    texts = [text for _, text in after.said["advice"]]
    assert any("a history of another site" in text for text in texts)
    assert not any("damaged" in text for text in texts)


def test_registers_that_were_put_back_on_their_own_gateway(tmp_path):
    """Registers without records do not say that the journal is another site's: its minutes stay,
    and numbers that may have been given are left out."""
    before = measured(tmp_path, "u", NOON)
    made = registers_alone(tmp_path)
    for name in ("registers.0", "registers.1"):
        (tmp_path / name).write_bytes(made)
    segments = [one["sequence"] for one in before.read][:-2]  # these are behind the registers
    after = run(tmp_path, minutes(NOON + 40000, 3), capacity=1 << 12)
    assert after.said["errors"] == ["registers.cut"]
    assert set(segments) - set(numbers(after)) == set()
    assert after.news[0]["sequence"] == segments[-1] + 1001
    assert after.news[0]["boot"] > before.read[-1]["boot"]


@pytest.mark.parametrize("at", range(16))
def test_a_mark_that_is_damaged(tmp_path, at):
    """The registers say whose it is: nothing is lost by it."""
    run(tmp_path, minutes(NOON, 3))
    mark = bytearray((tmp_path / "journal" / "site").read_bytes())
    mark[at] ^= 8
    (tmp_path / "journal" / "site").write_bytes(mark)
    after = run(tmp_path, minutes(NOON + 600, 1))
    assert numbers(after) == [1, 2, 3, 4] and after.said["errors"] == ["registers.cut"]


def test_registers_of_another_site_beside_its_own_journal(tmp_path):
    """The mark decides: segments stay, and what is behind those registers goes."""
    measured(tmp_path, "u", NOON)
    other = tmp_path / "other"
    other.mkdir()
    run(other, minutes(NOON, 3), site=site() | {"uuid": "v"}, end=True)
    for name in ("registers.0", "registers.1"):
        (tmp_path / name).write_bytes((other / name).read_bytes())
    after = run(tmp_path, minutes(NOON + 40000, 2), capacity=1 << 12, end=True)
    assert after.said["errors"] == ["registers.lost", "registers.cut", "journal.foreign"]
    assert len(after.read) > 100 and after.read[-len(after.news) :] == after.news
    assert sum(one["imported"][0] for one in after.news) == after.said["joules"][0] == 20
