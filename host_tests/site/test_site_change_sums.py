"""What a site that is applied leaves of the sums at hand: a quarter of an hour, the demand, the
day. The oracle is arithmetic on the powers that the points were given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from in_interpreter import succeed

START = 1764000000 // 86400 * 86400 + 36000  # a multiple of 900 s, UTC
QUARTER = 900
ROLES = {"Grid": "grid", "Mains": "grid", "Sun": "solar"}


def site_of(*loads: str, **change: Any) -> dict[str, Any]:
    """A site with a point of each of these loads, one input each. change: fields of points, by
    load."""
    points = [
        {"node": "5500000001", "input": "ABCD"[k], "ct": "AC-CT-50A", "phase": "L1", "load": name}
        | change.get(name, {})
        for k, name in enumerate(loads)
    ]
    names = list(dict.fromkeys(point["load"] for point in points))
    return {
        "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
        "utc_offset": 0, "scheme": "3x400+N", "frequency": 50, "head": "5020000001",
        "points": points,
        "loads": [{"name": name, "role": ROLES.get(name, "circuit")} for name in names],
    }  # fmt: skip


def seconds(first: int, last: int, *watts: float | None) -> list:
    """Reports that end so many seconds after START, without the first."""
    return [[START + k, watts] for k in range(first + 1, last + 1)]


def run(place: Path, site: dict[str, Any], steps: list) -> tuple[list, dict[str, Any]]:
    """(quarters, what there is at the end)."""
    task = {"site": site, "steps": steps}
    said = succeed("apply_sites", given=task, heap="4M", cwd=place)
    *quarters, end = map(json.loads, said.splitlines())
    assert end["errors"] == [] and end["sites"] == 1 + sum(
        "site" in s and "lacks" not in s for s in steps
    )
    return quarters, end


CHANGED = {
    "renamed": site_of("Mains", "Oven"),
    "turned": site_of("Grid", "Oven", Grid={"reversed": True}),
    "another phase": site_of("Grid", "Oven", Grid={"phase": "L2"}),
    "another ratio": site_of("Grid", "Oven", Grid={"ratio": 2}),
    "another CT": site_of("Grid", "Oven", Grid={"ct": "AC-CT-100A"}),
    "another hub": site_of("Grid", "Oven", Grid={"node": "5500000002"}),
    "a point more": site_of("Grid", "Oven", "Tap", Tap={"load": "Grid"}),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_quarter_in_which_the_grid_has_changed_does_not_count(what, tmp_path):
    """At minute 14 of a quarter at 9000 W: its minute would be 600 W, the least of the day."""
    more = [0] * (len(CHANGED[what]["points"]) - 2)
    steps = seconds(0, 900, 3000, 2000) + seconds(900, 1740, 9000, 2000)
    steps += [{"site": CHANGED[what]}] + seconds(1740, 1800, 9000, 2000, *more)
    quarters, end = run(tmp_path, site_of("Grid", "Oven"), steps)
    assert quarters[0] == [START, True, [0, 0], pytest.approx(3000, abs=1)]
    start, complete, doubtful, _ = quarters[1]
    assert (start, complete) == (START + QUARTER, False) and doubtful[:2] == [1, 0]
    assert end["always"] == end["highest"] == pytest.approx(3000, abs=1)


def test_a_quarter_with_the_same_quantities_counts(tmp_path):
    """Another name of the house, and a circuit less."""
    site = site_of("Grid", "Oven") | {"name": "Other"}
    del site["points"][1], site["loads"][1]
    steps = seconds(0, 840, 9000, 2000) + [{"site": site}] + seconds(840, 900, 9000)
    quarters, end = run(tmp_path, site_of("Grid", "Oven"), steps)
    assert quarters == [[START, True, [0], pytest.approx(9000, abs=1)]]
    assert end["always"] == end["highest"] == pytest.approx(9000, abs=1)


LACKS = [("journal.journal", "Layouts"), ("journal.journal", "Minutes"), ("site_change", "Record")]


@pytest.mark.parametrize("lacks", LACKS)
@pytest.mark.parametrize("loads", [["Grid"], ["Oven", "Grid"], ["Grid", "Oven", "Tap"]])
def test_the_journal_goes_on_where_memory_is_too_little(loads, lacks, tmp_path):
    """Then the site in use does, with fewer, other and more points: records add up to what its
    points have used."""
    steps = seconds(0, 130, 3000, 2000) + [{"site": site_of(*loads), "lacks": lacks}]
    _, end = run(tmp_path, site_of("Grid", "Oven"), steps + seconds(130, 300, 3000, 2000))
    grid, oven = zip(*(imported for imported, _ in end["records"]), strict=True)
    assert (sum(grid), sum(oven)) == (pytest.approx(900_000, abs=1), pytest.approx(600_000, abs=1))
    assert len({layout for _, layout in end["records"]}) == 1


def test_the_journal_goes_on_with_another_site(tmp_path):
    """Its records are about the new site's points from then on."""
    steps = seconds(0, 130, 3000, 2000) + [{"site": site_of("Grid")}]
    _, end = run(tmp_path, site_of("Grid", "Oven"), steps + seconds(130, 300, 3000))
    assert sum(imported[0] for imported, _ in end["records"]) == pytest.approx(900_000, abs=1)
    points = [len(imported) for imported, _ in end["records"]]
    assert points[:3] == [2, 2, 2] and set(points[3:]) == {1}


def test_a_quarter_that_waits_for_a_hub_is_not_lost(tmp_path):
    """Away for 4 s of a quarter at 9000 W when the site is applied, 6 s into the next one."""
    site = site_of("Grid", "Oven")
    steps = seconds(0, 896, 9000, 2000) + seconds(896, 906, None, 2000) + [{"site": site}]
    quarters, end = run(tmp_path, site, steps + seconds(906, 1800, 500, 2000))
    assert [start for start, *_ in quarters] == [START + QUARTER]  # the one before is dropped
    assert end["highest"] == pytest.approx(9000 * 896 / 900, abs=1)


def test_a_first_meter_is_reported_where_there_is_no_head():
    """As after a start with it."""
    assert succeed("go_on_without_head").split() == ["False", "True"]


@pytest.mark.parametrize("dark", ["Grid", "Oven", "Sun"])
def test_sums_in_which_a_phase_is_unknown_are_not_0(dark, tmp_path):
    """From the moment on in which nobody knows the phase of a load."""
    watts: list[float | None] = [3000, 2000, -1000]
    names = ["Grid", "Oven", "Sun"]
    steps: list = seconds(0, 60, *watts)
    steps += [{"site": site_of(*names, **{dark: {"phase": "unknown"}})}]
    watts[names.index(dark)] = None
    _, end = run(tmp_path, site_of(*names), steps + seconds(60, 120, *watts))
    sums = {name: None if value == -(2**63) else value for name, value in end["sums"].items()}
    right = {"gridImport": 360_000, "gridExport": 0, "solar": 120_000, "batteryCharge": None,
             "batteryDischarge": None, "house": 480_000, "circuits": 240_000, "own": 120_000,
             "rest": 240_000}  # fmt: skip
    unknown = {"Grid": ["gridImport", "gridExport", "house", "own", "rest"],
               "Oven": ["circuits", "rest"], "Sun": ["solar", "house", "own", "rest"]}  # fmt: skip
    right |= dict.fromkeys(unknown[dark])
    assert sums == {
        name: None if value is None else pytest.approx(value, abs=8)
        for name, value in right.items()
    }
    assert end["demand"] == (None if dark == "Grid" else pytest.approx(360_000, abs=8))
