"""Wiring faults through the whole chain: the simulated house's waves, nodes, A-bus, the firmware's
metering, and what the installer reads. What is true is the house's; site.json says otherwise."""

from __future__ import annotations

import pytest
from gateway_host.bench.a_bus import reported
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation

NAMES = ("turned_ct", "wrong_phase", "exchanged_cts", "wrong_type")
HOUSES = sorted(path.name for path in DEFAULT_HOUSE.parent.glob("*.toml"))


def findings(house_name: str, changes: dict[tuple[str, str], dict], seconds: int) -> dict:
    """{(node, input): name} of what is said in the end. changes: what site.json says of a point
    in place of the truth."""
    house = load_house(DEFAULT_HOUSE.with_name(house_name))
    plan = house.site_json()
    for point in plan["points"]:
        point |= changes.get((point["node"], point["input"]), {}) if "node" in point else {}
    last = reported(Installation(house), seconds, plan=plan)[-1]["advice"]
    said = {}
    for name, text in last:
        if name in NAMES:
            words = text.split()
            said[words[6], words[4]] = name
    return said


@pytest.mark.parametrize("house", [name for name in HOUSES if name != "power_box.toml"])
def test_a_house_wired_right_gives_no_alarm(house):
    assert findings(house, {}, 95) == {}


def test_faults_of_a_star_are_found_and_no_others():
    """A turned CT, a circuit on another phase, one with both, and two CTs of the grid's exchanged:
    everything behind these is judged with them."""
    changes = {
        ("5600000301", "A"): {"phase": "L2"},
        ("5600000301", "B"): {"phase": "L1"},
        ("5500000191", "D"): {"reversed": True},
        ("5500000192", "A"): {"phase": "L1"},
        ("5500000192", "C"): {"phase": "L2", "reversed": True},
    }
    assert findings("default.toml", changes, 185) == {
        ("5600000301", "A"): "exchanged_cts",
        ("5600000301", "B"): "exchanged_cts",
        ("5500000191", "D"): "turned_ct",
        ("5500000192", "A"): "wrong_phase",
        ("5500000192", "C"): "wrong_phase",
    }


def test_a_ct_of_another_type_is_found_and_no_others():
    """The water heater's, in a house where something changes each second: the grid's CTs are built
    in, and all others agree with them."""
    place = ("5500000192", "A")
    assert findings("default.toml", {place: {"ct": "AC-CT-100A"}}, 245) == {place: "wrong_type"}
