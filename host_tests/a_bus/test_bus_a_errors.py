"""Bit errors and the other faults of docs/faults.md: what they cost, and what is reported. And the
receiver under random bytes."""

from __future__ import annotations

import os
import random

import pytest
from gateway_host.bench.a_bus import Watched, house_of, reported, utilisation
from gateway_host.faults.script import Faults
from gateway_host.fuzz import a_bus as fuzz

SECONDS = int(os.environ.get("BUS_A_SECONDS", "60"))  # 600: the figures of docs/a-bus.md
HUB = "5500000192"
CORE = "5600000302"
SEQUENCES = 20_000


def told_of(faults, count, house=None):
    return reported(Watched(house or house_of(4, 4), faults=Faults.parse(faults)), count)


@pytest.fixture(scope="module")
def clean():
    return told_of("", SECONDS, house_of(0, 7))[-1]


@pytest.mark.parametrize(
    ("rate", "limit"), [("1e-6", 0.0), ("1e-5", 0.0), ("1e-4", 1e-4)], ids=["1e-6", "1e-5", "1e-4"]
)
def test_bit_errors_cost_no_energy(clean, rate, limit):
    """Registers count whole joules, so "no difference" is known to 1 J of each point."""
    last = told_of(f"ber={rate} seed=3", SECONDS, house_of(0, 7))[-1]
    assert sum(node["repairs"] for node in last["nodes"].values()) > 40 * float(rate) * 1e6
    if limit == 0.0:
        assert set(last["missing"]) == {0}
    for ours, theirs in zip(last["import"], clean["import"], strict=True):
        assert abs(ours - theirs) <= 1 + limit * theirs
    assert last["export"] == clean["export"]


def test_the_line_has_room_for_repairs():
    """28 points at bit errors of 1e-5."""
    assert 0.70 < utilisation(1e-5, 20) < 0.75


# Each fault from 4 s to 7 s: (text, nodes that may lose samples, names of what is reported at
# least)
FAULTS = [
    ("cut=1e-5 at 4 for 3", (), ()),
    ("double=1e-5 at 4 for 3", (), ()),
    ("bursts rate=3 mean=200 at 4 for 3", (), ()),
    ("echo at 4 for 3", (), ()),
    ("ber=1e-5 echo at 4 for 3", (), ()),
    (f"babble {HUB} rate=3 bytes=20 at 4 for 3", (HUB,), ()),
    (f"late {HUB} by 300 at 4 for 3", (HUB,), ()),
    (f"unplug {HUB} at 4 for 3", (HUB,), ("missing",)),
    (f"restart {HUB} at 4", (HUB,), ()),
    (f"twin {HUB} metres=5 at 4 for 3", (), ("twin",)),
    ("add 5500000777 metres=5 at 4 for 3", (), ("too_many_points", "not_in_site")),
    ("add 5700000001 channels=2 metres=5 at 4 for 3", (), ("wrong_kind",)),
    ("add 5400000009 channels=3 metres=5 at 4 for 3", (), ("second_head",)),
    ("add b-module number=77; echo", (), ("wrong_kind",)),
    (f"no-ct {HUB}:A at 4 for 3", (), ("no_ct",)),
]


TWO_MODULES = "add b-module number=77; add b-module number=78"


@pytest.mark.parametrize(("faults", "suffer", "names"), FAULTS, ids=[case[0] for case in FAULTS])
def test_a_fault_costs_nobody_else(faults, suffer, names):
    house = house_of(4, 4)
    seen = told_of(f"{faults}; seed=5", 12, house)
    last = seen[-1]
    for count, point in zip(last["missing"], house.points, strict=True):
        assert count == 0 or point.node in suffer, (point.node, last["missing"])
    assert sum(last["missed"]) == 0
    assert set(names) <= {name for report in seen for name, _ in report["advice"]}
    assert {last["nodes"][node.serial]["state"] for node in house.nodes} == {"well"}


def test_a_grid_without_a_current_is_reported_after_a_minute_a_circuit_is_not():
    """Where some amperes flow: of many, what an unclosed CT shows is a current like others."""
    house = house_of(4, 4, power=900)
    plan = house.site_json()
    said = []
    for role in ("grid", "circuit"):
        plan["loads"][0]["role"] = role
        faults = Faults.parse(f"open-ct {HUB}:A at 2")
        said.append(reported(Watched(house, faults=faults), 66, plan=plan)[-1]["advice"])
    say = f"no current at input A of {HUB} for a minute: is the CT closed?"
    assert said == [[["no_current", say]], []]


def test_a_current_beyond_the_ct_is_reported():
    """87 A on CTs for 50 A: the crests are cut off at 106 A."""
    seen = told_of("", 4, house_of(4, 4, power=30000))
    texts = [text for name, text in seen[-1]["advice"] if name == "overload"]
    say = "the current at input %s of %s is beyond its CT's range: use a larger CT"
    right = [say % (a, hub) for hub in ("5500000190", "5500000191") for a in "ABCD"]
    assert texts == [*right[:-1], right[-1] + " (and 8 more)"]  # four hubs have 16 inputs
    assert "overload" not in [name for name, _ in told_of("", 4)[-1]["advice"]]


def test_without_a_terminator_the_line_is_reported():
    """What arrives damaged is repaired as far as it can be, and the line's quality is reported."""
    seen = told_of("unterminated rate=2e-7 at 2", 130)
    assert "line" in [name for name, _ in seen[-1]["advice"]]
    assert sum(seen[-1]["missing"]) < 1e-3 * len(seen[-1]["missing"]) * 3200 * 130


def test_a_segment_that_is_unplugged():
    """The nodes behind it are lost and come back; those before it lose nothing."""
    house = house_of(4, 4)
    seen = told_of("segment beyond 60 at 4 for 3", 12, house)
    behind = {node.serial for node in house.nodes if node.metres > 60}
    assert 0 < len(behind) < len(house.nodes)
    assert {s for s, node in seen[5]["nodes"].items() if node["state"] == "lost"} == behind
    for count, point in zip(seen[-1]["missing"], house.points, strict=True):
        assert (count > 0) == (point.node in behind)
    assert {node["state"] for node in seen[-1]["nodes"].values()} == {"well"}


def test_no_head():
    seen = told_of("unplug head at 4 for 3", 12)
    assert "no_head" in [name for report in seen for name, _ in report["advice"]]
    assert sum(seen[-1]["missed"]) == 0
    assert max(seen[-1]["missing"]) < 5 * 3200


def test_a_second_gateway():
    """It speaks at any time: whatever is lost, the installer is warned, and all is well after."""
    seen = told_of("add gateway at 4 for 3", 12)
    assert "other_gateway" in [name for name, _ in seen[-1]["advice"]]
    assert sum(seen[-1]["missed"]) == 0
    assert {node["state"] for node in seen[-1]["nodes"].values()} == {"well"}


def test_random_bytes():
    """No exception, no growth of the heap, and each time the next clean cycle is wholly taken."""
    outcome = fuzz.run(SEQUENCES, seed=random.Random(2026).randrange(1000))
    assert outcome.failed is None
    assert outcome.sequences == SEQUENCES
    assert outcome.growth <= 0
    assert outcome.counts["noise"] > 100 * SEQUENCES
    assert outcome.counts["damaged"] > 1000


def test_modules_of_the_b_bus_on_port_a():
    """One is named by its serial number from the start on, and no more when it is gone; of two
    that answer at once it is reported that they are there. Not a sample is lost by looking."""
    seen = told_of("add b-module number=77 for 3", 16)
    first, last = seen[1], seen[-1]
    assert [
        "wrong_kind",
        "5700000077 on port A is a module of the B-bus; plug it into port B",
    ] in (first["advice"])
    assert last["advice"] == []
    assert sum(last["missing"]) == 0
    assert last["noise"] == 0
    (told_both,) = {tuple(map(tuple, r["advice"])) for r in told_of(TWO_MODULES, 3)}
    assert [name for name, _ in told_both] == ["wrong_kind"]
    assert "speaks Modbus" in told_both[0][1]


def test_a_second_head_is_reported_while_it_is_there():
    seen = told_of("add 5400000009 channels=3 metres=5 at 3 for 12", 28)
    names = [[name for name, _ in report["advice"]] for report in seen]
    assert all("second_head" in each for each in names[5:13])
    assert names[-1] == []
    assert sum(seen[-1]["missing"]) == 0


def test_a_node_is_found_on_a_bad_line_too():
    seen = told_of(f"ber=1e-4 seed=4; unplug {HUB} at 3 for 3", 9, house_of(4, 4))
    assert seen[4]["nodes"][HUB]["state"] == "lost"
    assert seen[8]["nodes"][HUB]["state"] == "well"


def test_a_module_that_is_plugged_in_later_is_found_in_its_turn():
    seen = told_of("add b-module number=78 at 5", 90)
    assert seen[4]["advice"] == []
    assert [name for name, _ in seen[-1]["advice"]] == ["wrong_kind"]
    assert sum(seen[-1]["missing"]) == 0
