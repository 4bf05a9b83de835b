"""Finding nodes: every mixture of 28 points, nodes that come and go while the others are measured,
restarts of nodes and of the gateway. Times are the line's."""

from __future__ import annotations

import pytest
from gateway_host.bench.a_bus import Watched, house_of, reported
from gateway_host.faults.script import Faults

SECONDS = 2.0
MIXTURES = [(9, 0), (0, 7), (4, 4), (8, 1), (1, 6), (0, 1)]


def told_of(solid_cores, hubs, faults="", count=8, seed=1):
    installation = Watched(house_of(solid_cores, hubs, seed), faults=Faults.parse(faults))
    return installation, reported(installation, count, entropy=4711 * seed)


def missing_of(report, house, serial):
    """(missing samples of the points of that node, of all others)."""
    counts = list(zip(report["missing"], house.points, strict=True))
    own = sum(count for count, point in counts if point.node == serial)
    return own, sum(report["missing"]) - own


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("solid_cores", "hubs"), MIXTURES)
def test_all_are_found(solid_cores, hubs, seed):
    installation, seen = told_of(solid_cores, hubs, count=2, seed=seed)
    assert installation.complete < SECONDS
    assert len(seen[-1]["missing"]) == 3 * solid_cores + 4 * hubs
    assert set(seen[-1]["missing"]) == {0}
    assert {node["state"] for node in seen[-1]["nodes"].values()} == {"well"}
    assert len({node.address for node in installation.nodes}) == 1 + solid_cores + hubs
    assert seen[-1]["advice"] == []


@pytest.mark.parametrize("at", [3.0, 3.01, 3.25, 3.49])
def test_a_node_that_is_added_is_found_within_2_seconds(at):
    """It is named by the site and was not there; the others lose nothing."""
    late = "5500000193"
    house = house_of(4, 4)
    next(node for node in house.nodes if node.serial == late).__dict__["absent"] = True
    installation = Watched(house, faults=Faults.parse(f"plug {late} at {at}"))
    found = []
    installation.line.disturbances.append(
        lambda start, sender, data: (
            found.append(start) or data
            if sender is not None and sender.serial == late and data[1] == 6  # INFO
            else data
        )
    )
    seen = reported(installation, 8)
    assert at < found[0] / 1e6 < at + SECONDS
    assert seen[1]["nodes"][late]["state"] == "missing"
    assert ["missing", f"{late} does not answer: check its cable and supply"] in seen[1]["advice"]
    assert seen[-1]["nodes"][late]["state"] == "well"
    assert seen[-1]["advice"] == []
    own, others = missing_of(seen[-1], house, late)
    assert others == 0
    assert own < 4 * 3200 * (at + SECONDS)


def test_a_node_that_is_pulled_is_reported_within_2_seconds():
    pulled = "5500000191"
    installation, seen = told_of(4, 4, f"unplug {pulled} at 3")
    first = next(report for report in seen if report["nodes"][pulled]["state"] == "lost")
    assert 3000 < first["ms"] <= 5200  # reports come once a second
    assert [name for name, _ in first["advice"]] == ["missing"]
    assert missing_of(seen[-1], installation.house, pulled)[1] == 0


@pytest.mark.parametrize("at", [3.0, 3.007, 3.3])
def test_a_node_that_restarts_is_taken_back(at):
    node = "5600000302"
    installation, seen = told_of(4, 4, f"restart {node} at {at}")
    own, others = missing_of(seen[-1], installation.house, node)
    assert others == 0
    assert 0 < own < 3 * 3200 * SECONDS
    assert seen[-1]["nodes"][node]["state"] == "well"
    assert sum(seen[-1]["missed"]) == 0


def test_twin_serial_numbers():
    """The one that measures goes on; the installer is warned."""
    twin = "5500000190"
    _, seen = told_of(4, 4, f"twin {twin} metres=5 at 3")
    assert ["twin", f"two nodes have the serial number {twin}: take one off"] in seen[-1]["advice"]
    assert set(seen[-1]["missing"]) == {0}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_twins_from_the_start(seed):
    """One of them is taken; the other nodes lose nothing."""
    twin = "5500000190"
    installation, seen = told_of(4, 4, f"twin {twin} metres=5", seed=seed)
    assert missing_of(seen[-1], installation.house, twin)[1] == 0
    assert "twin" in [name for name, _ in seen[-1]["advice"]]


def test_a_gateway_that_restarts_finds_everything_again():
    """The nodes go on as they are; the session number is another one."""
    installation = Watched(house_of(4, 4))
    reported(installation, 3, entropy=1)
    addresses = [node.session for node in installation.nodes]
    installation.complete = None
    installation.board_restarted()
    seen = reported(installation, 3, entropy=2)
    assert [node.session for node in installation.nodes] != addresses
    assert {node["state"] for node in seen[-1]["nodes"].values()} == {"well"}
    assert set(seen[-1]["missing"]) == {0}


def test_28_points_and_one_hub_more():
    """The limit is named, with what exceeds; the 28 are whole."""
    _, seen = told_of(0, 7, "add 5500000999 metres=5 at 3")
    assert set(seen[-1]["missing"]) == {0}
    texts = dict(seen[-1]["advice"])
    assert "5500000999" in texts["too_many_points"]


def test_a_hub_in_place_of_one_not_seen_any_more():
    """What is stale is named beside what exceeds."""
    _, seen = told_of(0, 7, "unplug 5500000191 at 3; add 5500000999 metres=5 at 4")
    texts = dict(seen[-1]["advice"])
    assert "remove 5500000999 (not seen any more: 5500000191)" in texts["too_many_points"]
    assert "missing" in texts
