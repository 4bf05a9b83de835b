"""The registers' record (energy/record.py): what goes on after a restart, and what a power cut at
any byte of it leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gateway_host.broker import Broker
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from in_interpreter import succeed
from running_gateway import Listener, mqtt_at

NAMES = ("main", "reactive", "estimated", "missing", "today", "sums", "highest", "at", "always",
         "errors", "quarter")  # fmt: skip
DAY = 20560 * 86400  # local midnight, UTC
UNKNOWN = -(2**63)


def site_of() -> dict[str, Any]:
    loads = [("Grid", "grid"), ("Sun", "solar"), ("Oven", "circuit")]
    return {
        "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
        "utc_offset": 0, "scheme": "3x400+N", "frequency": 50, "head": "5020000001",
        "points": [
            {"node": "5500000001", "input": "ABCD"[i], "ct": "AC-CT-50A", "phase": f"L{1 + i}",
             "load": name}
            for i, (name, _) in enumerate(loads)
        ],
        "loads": [{"name": name, "role": role} for name, role in loads],
    }  # fmt: skip


def quarters(start: int, count: int, watts: float = 2000) -> list:
    """Reports of a quarter of an hour each."""
    return [[(start + 900 * (k + 1)) * 1000, watts, 900 * 3200] for k in range(count)]


def run(place: Path, site: dict[str, Any], steps: list, keep: bool = True, **more: Any) -> list:
    """[what is there at the start, at the end], by name."""
    task = {"site": site, "steps": steps, "keep": keep, **more}
    said = succeed("keep_record", given=task, heap="2M", cwd=place)
    return [dict(zip(NAMES, json.loads(line), strict=True)) for line in said.splitlines()]


def test_everything_goes_on_after_a_restart(tmp_path):
    """Counters, the day, the month and what always runs; the interval at hand begins anew."""
    _, before = run(tmp_path, site_of(), quarters(DAY + 36000, 8))
    after, later = run(tmp_path, site_of(), quarters(DAY + 36000 + 9 * 900, 1))
    assert after["main"][0] == pytest.approx(8 * 900 * 2000, abs=8)
    assert {name: after[name] for name in NAMES[:-1]} == {n: before[n] for n in NAMES[:-1]}
    assert before["highest"] == pytest.approx(2000, abs=1) and before["always"] is not None
    assert after["quarter"] == [0, 0, 0]
    for name in ("main", "today"):
        for old, new in zip(after[name], later[name], strict=True):
            assert new == pytest.approx(old * 9 / 8, abs=9)
    assert later["sums"]["gridImport"] == pytest.approx(9 * 900 * 2000, abs=9)
    assert later["errors"] == []


@pytest.mark.parametrize("unknown", [0, 10])
def test_the_quarter_at_hand_goes_on(tmp_path, unknown):
    """6000 W, a restart of a minute in the midst of a quarter, and the time is known some seconds
    after it: the demand is that of all parts."""
    quarter = DAY + 36000 + 900
    before = [[(quarter + k) * 1000, 6000, 3200] for k in range(1, 401)]
    run(tmp_path, site_of(), quarters(DAY + 36000, 1) + before)
    steps = [[None, 6000, 3200]] * unknown
    steps += [[(quarter + 460 + k) * 1000, 6000, 3200] for k in range(unknown + 1, 445)]
    _, end = run(tmp_path, site_of(), steps, keep=False)
    assert end["highest"] == pytest.approx(6000 * 840 / 900, abs=2)
    assert end["at"] == quarter
    _, next_ = run(tmp_path, site_of(), quarters(quarter + 1800, 1, 7000), keep=False)
    assert next_["highest"] == pytest.approx(7000, abs=1)


def test_the_time_is_not_known_at_first(tmp_path):
    """On the same day today goes on; on another one it has what was counted since the start, and
    the month begins anew when it is another one; what always ran is forgotten after a day."""
    _, before = run(tmp_path, site_of(), quarters(DAY + 36000, 8))
    unknown = [[None, 2000, 3200]] * 10
    for start, days, month in ((DAY + 50000, 0, True), (DAY + 2 * 86400 + 50000, 2, True),
                               (DAY + 40 * 86400, 40, False)):  # fmt: skip
        steps = unknown + [[start * 1000, 2000, 3200]]
        _, later = run(tmp_path, site_of(), steps, keep=False)
        more = 11 * 2000
        assert later["main"][0] == pytest.approx(before["main"][0] + more, abs=20)
        earlier = 0 if days else before["today"][0]
        assert later["today"][0] == pytest.approx(earlier + more, abs=20)
        assert later["sums"]["gridImport"] == pytest.approx(earlier + more, abs=20)
        assert later["sums"]["own"] == pytest.approx((earlier + more) / 2, rel=1e-3)
        quarter = more // 900  # of the quarter up to here, as if nothing came in the rest
        assert later["highest"] == pytest.approx(before["highest"] if month else quarter, abs=1)
        assert later["always"] == (None if days else before["always"])


def test_a_site_that_was_changed(tmp_path):
    """A point goes on by its node and input, a load by its name; what is new begins at 0."""
    _, before = run(tmp_path, site_of(), quarters(DAY + 36000, 4))
    site = site_of()
    del site["points"][0], site["loads"][0]
    site["points"].append(site["points"][0] | {"input": "D", "load": "Oven"})
    site["points"].insert(0, site["points"][0] | {"node": "5500000002", "load": "Pump"})
    site["loads"].append({"name": "Pump", "role": "circuit"})
    after, _ = run(tmp_path, site, [], keep=False)
    assert after["main"][:8] == [0, 0, *before["main"][2:6], 0, 0]
    assert after["main"][8:] == [*before["main"][8:12], 0, 0]
    assert after["sums"]["gridImport"] == UNKNOWN
    other, _ = run(tmp_path, site_of() | {"uuid": "v"}, [], keep=False)
    assert not any(other["main"]) and other["highest"] is None
    same, _ = run(tmp_path, site_of(), [], keep=False)
    assert same["main"] == before["main"]


@pytest.mark.parametrize("days", [[0], [0, 1, 5]])
def test_a_load_that_comes_back_has_nothing_of_another_day(tmp_path, days):
    """The oven is not in the site for some starts; on the same day it goes on, 4 h later."""
    _, before = run(tmp_path, site_of(), quarters(DAY + 36000, 4))
    less = site_of()
    del less["points"][2], less["loads"][2]
    for day in days:
        run(tmp_path, less, quarters(DAY + day * 86400 + 39600, 1))
    # It is not known at first which day it is.
    steps = [[None, 2000, 3200], [(DAY + days[-1] * 86400 + 54000) * 1000, 2000, 3200]]
    for _ in range(2):
        _, later = run(tmp_path, site_of(), steps)
    oven = 4 * 2000 / 3  # J in a second of the four
    was = before["today"][4]
    assert was == pytest.approx(4 * 900 * 2000 / 3, abs=8)
    assert later["today"][4] == pytest.approx((0 if days[-1] else was) + oven, abs=4)
    assert later["main"][10] == pytest.approx(was + oven, abs=4)


@pytest.mark.parametrize("broken", [("older",), ("newer",), ("older", "newer")])
def test_a_power_cut_at_any_byte(tmp_path, broken):
    """Of the record that is being written: the one before it counts. When both are broken all
    begins at 0, and that is counted."""
    _, first = run(tmp_path, site_of(), quarters(DAY + 36000, 1))
    _, second = run(tmp_path, site_of(), quarters(DAY + 37800, 1))
    slots = [tmp_path / f"registers.{k}" for k in (0, 1)]
    slots.sort(key=lambda slot: int.from_bytes(slot.read_bytes()[4:8], "little"))
    whole = dict(
        zip(("older", "newer"), [(slot, slot.read_bytes()) for slot in slots], strict=True)
    )
    for cut in range(0, min(len(data) for _, data in whole.values()), 97):
        for name, (slot, data) in whole.items():
            slot.write_bytes(data[:cut] if name in broken else data)
        after, _ = run(tmp_path, site_of(), [], keep=False)
        expected = None if len(broken) == 2 else first if "newer" in broken else second
        assert after["main"] == (expected["main"] if expected else [0] * 12)
        assert after["errors"] == ([] if expected else ["registers.lost"])


def test_a_record_of_another_version(tmp_path):
    run(tmp_path, site_of(), quarters(DAY + 36000, 1))
    run(tmp_path, site_of(), quarters(DAY + 36000, 1))
    succeed("write_another_version", cwd=tmp_path)
    after, later = run(tmp_path, site_of(), quarters(DAY + 36000, 1), keep=False)
    assert after["errors"] == ["registers.lost"] and not any(after["main"])
    assert later["main"][0] > 0


@pytest.mark.parametrize("calm, kept_s", [(True, 60), (False, 90)])
def test_it_is_written_every_minute(tmp_path, calm, kept_s):
    """With the clock's minute, and half a minute later at the latest, when a bus is behind."""
    steps = [[(DAY + 36000 + k) * 1000, 1000, 3200] for k in range(1, kept_s)]
    run(tmp_path, site_of(), steps, keep=False, every=True, calm=calm)
    assert not list(tmp_path.glob("registers.*"))
    (tmp_path / "journal" / "running").unlink()
    steps.append([(DAY + 36000 + kept_s) * 1000, 1000, 3200])
    _, before = run(tmp_path, site_of(), steps, keep=False, every=True, calm=calm)
    after, _ = run(tmp_path, site_of(), [], keep=False)
    assert after["main"] == before["main"]


def test_a_restart_of_the_gateway(tmp_path):
    """The whole gateway twice: the counters of the second one go on where those of the first have
    been, which was ended by Ctrl-C."""
    house = load_house(ROOT / "tools" / "houses" / "single_phase.toml")
    plan = house.site_json()
    ends = []
    with Broker() as broker, Listener(plan, broker.port) as listener:
        for _ in range(2):
            with Session(
                Installation(house), plan, mqtt=mqtt_at(broker.port), directory=tmp_path
            ) as session:
                seen = len(listener.of("realtime"))
                listener.wait("realtime", seen + 6)
                session.check()
            ends.append((listener.of("realtime")[seen], listener.of("realtime")[-1]))
            listener.wait("presence", 1)
    (first, last), (again, _) = ends
    assert 0 < first["totalImportEnergy"] < last["totalImportEnergy"]
    assert again["totalImportEnergy"] >= last["totalImportEnergy"]
    for old, new in zip(last["channelPowers"], again["channelPowers"], strict=True):
        assert new["importEnergy"] >= old["importEnergy"]


def test_the_wear_of_the_flash():
    """What docs/metering.md says: 1.02 erases a record, spread over all free blocks."""
    erased = json.loads(succeed("wear_flash", heap="2M"))
    assert sum(erased) / 2880 == pytest.approx(1.02, abs=0.02)
    assert max(erased) <= 1.5 * sum(erased) / len(erased)


def test_a_full_flash_is_counted(tmp_path):
    """And stops nothing; the record before stays."""
    _, before = run(tmp_path, site_of(), quarters(DAY + 36000, 1))
    steps = [[(DAY + 40000 + k) * 1000, 1000, 3200] for k in range(130)]
    _, end = run(tmp_path, site_of(), steps, every=True, calm=True, full=True)
    assert end["errors"] == ["registers.unwritten"] * 2
    after, _ = run(tmp_path, site_of(), [], keep=False)
    assert after["main"] == before["main"]
