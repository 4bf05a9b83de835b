"""The A-bus master in the interpreter against the simulated installation: nodes that come and
go, a slow line, pauses of the gateway."""

from __future__ import annotations

import re
import time

import pytest
from gateway_host.session import ROOT, Session
from gateway_host.view.collector import Collector
from in_interpreter import succeed
from on_bus import (
    BLOCK,
    HEAD,
    HUB,
    OTHER,
    POINTS,
    Eventful,
    house,
    missing,
    others,
    run,
    time_base,
)

# Nodes


def test_a_node_that_is_pulled_and_plugged_in_again():
    seen = run(12, events=[(4.0, lambda i: i.unplug(HUB)), (7.0, lambda i: i.plug(HUB))])
    assert [report["nodes"][HUB]["state"] for report in seen[4:6]] == ["lost", "lost"]
    last = seen[-1]
    assert last["nodes"][HUB]["state"] == "well"
    assert others(last, HUB) == 0
    gap = missing(last, HUB)
    assert min(gap) == max(gap)
    assert 3 * 3200 - 8 * BLOCK <= gap[0] <= 5 * 3200  # taken back within 2 s
    # Beside the blocks that are gone, what is left of the windows in which they begin and end.
    assert 0 <= sum(gap) - last["nodes"][HUB]["gaps"] * BLOCK <= len(gap) * 2 * 640
    assert set(last["missed"]) == {0}


@pytest.mark.parametrize("at", [4.0, 4.33, 4.71])
def test_a_node_that_restarts_is_taken_back_within_2_seconds(at):
    last = run(9, events=[(at, lambda i: i.restart(HUB))])[-1]
    assert last["nodes"][HUB]["state"] == "well"
    assert others(last, HUB) == 0
    assert 0 < max(missing(last, HUB)) <= 2.2 * 3200
    assert set(last["missed"]) == {0}


def test_half_the_nodes_pulled_at_once_cost_the_others_nothing():
    hubs = ["5500000190", "5500000191", "5500000192", "5500000193"]

    def pull(installation: Eventful) -> None:
        for serial in hubs:
            installation.unplug(serial)

    last = run(8, events=[(4.0, pull)])[-1]
    assert others(last, *hubs) == 0
    assert last["lost"] == 0
    assert {last["nodes"][serial]["state"] for serial in hubs} == {"lost"}


def test_a_head_that_is_pulled_leaves_the_time_base_whole():
    """Nothing can be measured without the head; what was lost is counted, sample by sample."""
    seen = run(12, events=[(4.0, lambda i: i.unplug(HEAD)), (7.5, lambda i: i.plug(HEAD))])
    last = seen[-1]
    assert last["restarts"] == 0
    assert 3.4 * 3200 < min(missing(last)) <= max(missing(last)) < 5.8 * 3200
    assert set(last["missed"]) == {0}


@pytest.mark.parametrize("jump", [1_000_003, -700_001, 2**31 + 2**21])
def test_a_head_that_restarts_counts_anew(jump):
    def restart(installation: Eventful) -> None:
        installation.head_clock.first_sample += jump
        installation.restart(HEAD)

    seen = run(12, events=[(4.0, restart)])
    last = seen[-1]
    assert last["restarts"] == 1
    assert last["nodes"][HEAD]["state"] == "well"
    assert set(last["missed"]) == {0}
    assert 0 < min(missing(last)) <= max(missing(last)) < 2.5 * 3200
    time_base(seen[7:])
    # By the gateway's clock, which runs as fast as the simulation, to a block or two.
    elapsed = (last["ms"] - seen[0]["ms"]) * 3.2
    assert abs(sum(report["samples"] for report in seen[1:]) - elapsed) <= 4 * BLOCK


def test_a_node_that_is_not_there():
    """It is missing at its own points only, and looked for without an end."""
    there = house()
    plan = there.site_json()
    ghost = "5500000999"
    gone = [k for k, point in enumerate(plan["points"]) if point["node"] == OTHER]
    for k in gone:
        plan["points"][k]["node"] = ghost
    last = run(6, plan=plan)[-1]
    assert last["nodes"][ghost]["state"] == "missing"
    assert last["nodes"][ghost]["answers"] == last["nodes"][ghost]["gaps"] == 0
    for k in range(POINTS):
        assert (last["missing"][k] > 0) == (k in gone)
        assert last["counts"][k] == (0 if k in gone else last["samples"])


# The line's capacity


def test_the_figures_of_the_document(bits):
    """docs/a-bus.md section 8, from the firmware's own rule."""
    text = (ROOT / "docs" / "a-bus.md").read_text(encoding="utf-8")
    text = text.split("## 8.")[1].split("## 9.")[0]
    rows = {
        name.strip(" *"): re.findall(r"[\d.]+", cells)
        for name, cells in re.findall(r"^\|([^|]+)\|(.+)\|$", text, re.M)
    }
    text = " ".join(text.split())
    lines = [
        [int(word) for word in line.split()]
        for line in succeed("lay_out_line", bits=bits).splitlines()
    ]
    for column, (count, us, points, capacity) in enumerate(lines[:2]):
        assert int(rows["bytes a cycle"][column]) == count
        milliseconds, percent = rows["of 20 ms"][2 * column : 2 * column + 2]
        assert float(milliseconds) == pytest.approx(us / 1000, abs=0.006)
        assert float(percent) == pytest.approx(us / 200, abs=0.06)
        assert points == capacity == POINTS
    half = re.search(
        r"the head and (\d) CT Hubs \((\d+) points\), or (\d) Solid Cores\s+\((\d+)", text
    )
    hubs, by_hubs, cores, by_cores = map(int, half.groups())
    assert [line[2] for line in lines[2:]] == [by_hubs, by_cores] == [4 * hubs, 3 * cores]


def test_half_the_speed_serves_the_first_that_fit():
    seen = run(6, baud=1_500_000)
    last = seen[-1]
    served = [serial for serial, node in last["nodes"].items() if node["state"] == "well"]
    refused = [serial for serial, node in last["nodes"].items() if node["state"] == "no room"]
    order = [HEAD, *dict.fromkeys(point.node for point in house().points)]
    assert set(served) == set(order[: len(served)])
    assert set(refused) == set(order[len(served) :])
    assert len(missing(last, *served)) == last["capacity"] == 12
    assert set(missing(last, *served)) == {0}
    assert all(last["nodes"][serial]["answers"] == 0 for serial in refused)
    assert set(last["counts"]) == {0, last["samples"]}


def test_the_gateway_topic_says_what_does_not_fit(broker):
    there = house()
    plan = there.site_json()
    mqtt = broker.mqtt()
    with Collector(plan) as collector:
        collector.connect("127.0.0.1", broker.port)
        installation = Eventful(there, baud=1_500_000)
        with Session(installation, plan, mqtt=mqtt, baud=1_500_000) as session:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                gateway = collector.snapshot().gateway
                if gateway and gateway["aBus"]["blocks"]:
                    break
                session.check()
                time.sleep(0.1)
    bus = gateway["aBus"]
    assert bus["baud"] == 1_500_000
    assert bus["points"] == POINTS
    assert bus["capacity"] == 12
    assert [node["state"] for node in bus["nodes"]].count("no room") == 4


def test_while_nobody_answers_no_block_is_given_up():
    """Each is asked for once then, which leaves the gateway the time to keep up."""

    def pull(installation: Eventful) -> None:
        for node in installation.nodes:
            installation.unplug(node.serial)

    seen = run(16, events=[(4.0, pull)])
    assert seen[-1]["skipped"] == 0
    assert set(seen[-1]["missed"]) == {seen[-1]["samples"]}
