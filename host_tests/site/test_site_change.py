"""Another site is used while the gateway measures: whole, at the end of a report, and without a
sample lost. The oracle is a run of the same house without a change: what stays counts the same, to
a hundredth of what one sample carries."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from gateway_host.session import Session
from gateway_host.sim.house import House
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from in_interpreter import program
from on_bus import time_base

Plan = dict[str, Any]
REPORTS = 11
HUB = "5500000191"
# Of a point: what it has counted; its fractions; samples missing.
COUNTED, REST, MISSING = slice(0, 2), slice(2, 4), 4


def plan() -> Plan:
    return load_house(DEFAULT_HOUSE).site_json()


def house(directory: Path) -> House:
    """The default house with crystals that are right, and short cables: what is left is the
    resolution of the head's time, 5 ns, by which nodes steer another way when they are asked at
    another time."""
    text = DEFAULT_HOUSE.read_text(encoding="utf-8")
    text = re.sub(r"(drift_ppm|metres) = [-\d.]+", r"\1 = 0", text)
    path = directory / "house.toml"
    path.write_text(text, encoding="utf-8")
    return load_house(path)


def changed(**fields: Any) -> Plan:
    return plan() | fields


def without(node: str) -> Plan:
    table = plan()
    table["points"] = [point for point in table["points"] if point["node"] != node]
    return table


def run(directory: Path, first: Plan, changes: list[tuple]) -> list[dict[str, Any]]:
    """The reports of the default house."""
    given = directory / "changes.json"
    given.write_text(json.dumps(changes))
    with Session(
        Installation(house(directory)),
        first,
        script=program("change_sites_on_bus"),
        paced=False,
        console=False,
        directory=directory,
    ) as session:
        seen = []
        while len(seen) < REPORTS:
            line = session.output.readline()
            session.check()
            assert line, session.tail()
            if line.startswith("{"):
                seen.append(json.loads(line))
            else:  # on the console
                assert line.startswith("site: "), line
    assert seen[-1]["errors"] == []
    assert seen[-1]["sites"] == 1 + sum(len(change) == 2 for change in changes)
    time_base(seen)  # reports follow each other, sample by sample
    for report in seen:
        assert (report["lost"], report["skipped"], report["restarts"]) == (0, 0, 0)
    return seen


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return run(tmp_path_factory.mktemp("undisturbed"), plan(), [])


def joules(point: list[int]) -> list[float]:
    """Import and export, with their fractions."""
    return [j + r / 2**60 for j, r in zip(point[COUNTED], point[REST], strict=True)]


def assert_same(seen: list[dict], oracle: list[dict], names: list[str]):
    """The reports are the same ones, and these points have counted the same in all of them; of a
    report of a second one sample is 3e-4."""
    for ours, theirs in zip(seen, oracle, strict=True):
        assert ours["first_sample"] == theirs["first_sample"]
        assert ours["samples"] == theirs["samples"]
        for name in names:
            a, b = ours["points"][name], theirs["points"][name]
            assert a[MISSING] == b[MISSING]
            assert joules(a) == pytest.approx(joules(b), rel=3e-6, abs=0.003), name


def test_a_site_applied_again_changes_nothing(tmp_path, undisturbed):
    """However often."""
    seen = run(tmp_path, plan(), [(3300, plan()), (5700, plan()), (8100, plan())])
    assert_same(seen, undisturbed, list(undisturbed[-1]["points"]))
    for ours, theirs in zip(seen, undisturbed, strict=True):
        for name, counted in theirs["loads"].items():
            assert ours["loads"][name] == pytest.approx(counted, abs=1)
        assert ours["quarter"] == pytest.approx(theirs["quarter"], abs=1)


def test_too_little_memory_for_another_site(tmp_path, undisturbed):
    """Then the one in use goes on, and loses nothing; the next try has it used."""
    less = without(HUB)
    seen = run(tmp_path, plan(), [(3300, less, "no memory"), (6700, plan())])
    assert_same(seen, undisturbed, list(undisturbed[-1]["points"]))


def test_what_stays_counts_on(tmp_path, undisturbed):
    """Points go, others are turned, change their load or its name: the rest does not notice."""
    table = plan()
    gone = table["points"].pop(5)
    turned = table["points"][9]
    turned["reversed"] = not turned.get("reversed", False)
    table["name"] = "Another name"
    seen = run(tmp_path, plan(), [(4400, table)])
    names = [f"{p['node']}/{'ABCD'.index(p['input'])}" for p in table["points"]]
    assert f"{gone['node']}/{'ABCD'.index(gone['input'])}" not in seen[-1]["points"]
    other = f"{turned['node']}/{'ABCD'.index(turned['input'])}"
    assert_same(seen, undisturbed, [name for name in names if name != other])
    ours, before = seen[-1]["points"][other], seen[0]["points"][other]
    theirs = undisturbed[-1]["points"][other]
    assert ours[COUNTED] != theirs[COUNTED]
    # Nothing is lost of it: what was import is export from then on.
    assert sum(joules(ours)) == pytest.approx(sum(joules(theirs)), rel=3e-6, abs=0.003)
    assert ours[MISSING] == before[MISSING] == 0


def test_a_hub_that_is_new_and_one_that_goes_and_comes_back(tmp_path, undisturbed):
    """The new one's points have every sample from the change on; those of one that went go on
    with what they had."""
    less = without(HUB)
    seen = run(tmp_path, plan(), [(3300, less), (6700, plan())])
    mine = [name for name in undisturbed[-1]["points"] if name.startswith(HUB)]
    rest = [name for name in undisturbed[-1]["points"] if not name.startswith(HUB)]
    assert len(mine) == 4
    assert_same(seen, undisturbed, rest)
    there = [set(mine) <= set(report["points"]) for report in seen]
    left, back = there.index(False) - 1, there.index(True, there.index(False))
    for name in mine:
        kept, again = seen[left]["points"][name], seen[back]["points"][name]
        before, after = (undisturbed[k]["points"][name] for k in (back - 1, back))
        grown = [b - a for a, b in zip(joules(kept), joules(again), strict=True)]
        gain = [b - a for a, b in zip(joules(before), joules(after), strict=True)]
        assert grown == pytest.approx(gain, rel=3e-6, abs=1)  # fractions go with the site
        assert again[MISSING] == kept[MISSING] == 0


def test_currents_without_a_phase(tmp_path, undisturbed):
    """The current is measured all the same; power, energy and the load's are unknown, not 0, until
    the phase is there."""
    table = plan()
    i = 7
    table["points"][i]["phase"] = "unknown"
    load = [one["name"] for one in table["loads"]].index(table["points"][i]["load"])
    name = f"{table['points'][i]['node']}/{'ABCD'.index(table['points'][i]['input'])}"
    seen = run(tmp_path, table, [(5300, plan())])
    for ours, theirs in zip(seen, undisturbed, strict=True):
        assert ours["amperes"] == pytest.approx(theirs["amperes"], rel=1e-4, abs=1e-3)
        if ours["sites"] == 1:
            assert ours["watts"][i] is None and ours["powers"][load] is None
            assert ours["points"][name][COUNTED] == [0, 0]
            assert ours["points"][name][MISSING] > 0
        else:
            assert ours["watts"] == pytest.approx(theirs["watts"], rel=1e-4, abs=0.1)
    assert seen[-1]["points"][name][COUNTED] != [0, 0]


@pytest.mark.parametrize("what", [{"voltage_ratio": 2}, {"scheme": "3x230"}])
def test_another_supply(tmp_path, undisturbed, what):
    """Powers are those of the new one within two reports; no sample is missing."""
    table = changed(**what)
    if what.get("scheme") == "3x230":
        table["points"] = [p for p in table["points"] if p["phase"] != "L3"]
    seen = run(tmp_path, plan(), [(3300, table)])
    assert all(point[MISSING] == 0 for point in seen[-1]["points"].values())
    if "voltage_ratio" in what:
        twice = [2 * watts for watts in undisturbed[-1]["watts"]]
        assert seen[-1]["watts"] == pytest.approx(twice, rel=0.03, abs=2)  # windows lie otherwise


def test_nothing_of_a_site_before_is_left(tmp_path):
    """In the heap: the same two sites in turn, four times."""
    less = without(HUB)
    changes = [(2300 + 1000 * k, [less, plan()][k % 2]) for k in range(8)]
    seen = run(tmp_path, plan(), changes)
    heaps = {report["sites"]: report["heap"] for report in seen}
    assert heaps[9] <= heaps[3] + 512


def test_changes_are_quick(tmp_path):
    """In steps of 2 ms of the simulation's time, so the number of steps."""
    seen = run(tmp_path, plan(), [(3300, copy.deepcopy(plan()))])
    assert max(seen[-1]["took_ms"]) <= 60
