"""The A-bus master in the interpreter against the simulated installation: damage, nodes that come
and go, pauses, a slow line, a small buffer."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable

import pytest
from gateway_host import interpreter
from gateway_host.collector import Collector
from gateway_host.commands.run import DEFAULT_HOUSE
from gateway_host.session import MODULE_PATH, ROOT, Session
from gateway_host.sim.house import House, load_house
from gateway_host.sim.nodes import Answer, Node
from on_bus import NUMBERS, Eventful, Report, first, reports

HEAD, HUB, OTHER = "5020000001", "5500000191", "5500000193"
START = 2.0  # s: until then nothing happens, so that all nodes are in step
BLOCK = 64
POINTS = 28

Damage = Callable[[bytearray, random.Random], None]


def house() -> House:
    """The default house: head, 4 Solid Cores, 4 hubs, 28 points."""
    return load_house(DEFAULT_HOUSE)


def damaging(damage: Damage, chance: float, senders: Iterable[str] = ()) -> Callable:
    """A `corrupt` for the line: with this chance it damages what these senders say (none named:
    every node)."""
    dice = random.Random(11)
    senders = frozenset(senders)

    def corrupt(start: float, sender: str, data: bytes) -> bytes:
        if start < START * 1e6 or (sender not in senders if senders else sender == "gateway"):
            return data
        if dice.random() >= chance:
            return data
        spoiled = bytearray(data)
        damage(spoiled, dice)
        return bytes(spoiled)

    return corrupt


def section(data: bytearray, dice: random.Random) -> None:
    """One bit of the body."""
    if len(data) > 12:
        data[dice.randrange(12, len(data))] ^= 1 << dice.randrange(8)


def header(data: bytearray, dice: random.Random) -> None:
    """One bit of the header."""
    data[dice.randrange(12)] ^= 1 << dice.randrange(8)


def burst(data: bytearray, dice: random.Random) -> None:
    """Up to 100 bytes somewhere."""
    begin = dice.randrange(len(data))
    for at in range(begin, min(begin + dice.randrange(1, 100), len(data))):
        data[at] = dice.randrange(256)


def body(data: bytearray, dice: random.Random) -> None:
    """Every section."""
    for at in range(12, len(data), 40):
        data[at] ^= 0xFF


def whole(data: bytearray, dice: random.Random) -> None:
    """Every byte."""
    data[:] = dice.randbytes(len(data))


def run(count: int, *words: str, bits: int = 32, plan=None, events=None, **line) -> list[Report]:
    """`count` reports of the default house; what every run must hold is checked here."""
    installation = Eventful(house(), events, **line)
    line.pop("corrupt", None)
    seen = first(count, reports(installation, *words, bits=bits, plan=plan, **line))
    for report in seen:
        for count, missed in zip(report["counts"], report["missed"], strict=True):
            assert count + missed == report["samples"]
    assert [sum(points) for points in zip(*(r["missed"] for r in seen), strict=True)] == seen[-1][
        "missing"
    ]
    last = seen[-1]
    if not last["restarts"]:
        time_base(seen)
        behind = installation.sample_number(last["ms"] * 1000) - last["first_sample"]
        assert BLOCK <= (behind - last["samples"]) % NUMBERS <= 12 * BLOCK
    return seen


def time_base(seen: list[Report]) -> None:
    """Reports follow each other by the head's own numbers, with what was lost."""
    for report, following in zip(seen, seen[1:], strict=False):
        assert (report["first_sample"] + report["samples"]) % NUMBERS == following["first_sample"]


def missing(report: Report, *serials: str) -> list[int]:
    """Missing samples of the points on these nodes; without any, of all."""
    points = house().points
    return [
        count
        for count, point in zip(report["missing"], points, strict=True)
        if not serials or point.node in serials
    ]


def others(report: Report, *serials: str) -> int:
    """Missing samples of the points on all nodes but these."""
    return sum(missing(report)) - sum(missing(report, *serials))


# Damage


def test_damaged_sections_are_repaired(bits):
    last = run(10, bits=bits, corrupt=damaging(section, 0.05))[-1]
    assert set(last["missing"]) == {0}
    for node in last["nodes"].values():
        assert node["damaged"] > 0
        assert node["repairs"] > 0
        assert node["gaps"] == node["timeouts"] == 0


def test_damaged_headers_are_repaired():
    last = run(10, corrupt=damaging(header, 0.05, [HUB]))[-1]
    assert set(last["missing"]) == {0}
    hub = last["nodes"][HUB]
    assert hub["repairs"] >= 4  # a header costs all four channels
    assert hub["damaged"] == hub["gaps"] == 0
    assert last["noise"] > 0


def test_lost_polls_are_made_up_for():
    """Nobody answers a damaged POLL: the block is had from each node by REPEAT."""
    last = run(10, corrupt=damaging(header, 0.03, ["gateway"]))[-1]
    assert set(last["missing"]) == {0}
    assert all(node["repairs"] >= 3 for node in last["nodes"].values())


def test_bursts_are_repaired():
    last = run(10, corrupt=damaging(burst, 0.04))[-1]
    assert set(last["missing"]) == {0}
    assert sum(node["repairs"] for node in last["nodes"].values()) > 20


def test_a_node_that_is_always_damaged_costs_its_own_points_only():
    seen = run(10, corrupt=damaging(body, 1, [HUB]))
    last = seen[-1]
    assert others(last, HUB) == 0
    assert last["lost"] == 0
    hub = last["nodes"][HUB]
    assert min(missing(last, HUB)) == max(missing(last, HUB)) > 7 * 3200
    assert hub["gaps"] * BLOCK >= sum(missing(last, HUB))
    assert hub["damaged"] > hub["gaps"]
    assert all(report["counts"][0] == report["samples"] for report in seen)


def test_everything_damaged_and_well_again():
    """Three seconds of nothing but noise on the line; then all is measured again."""
    dice = random.Random(3)

    def corrupt(start: float, sender: str, data: bytes) -> bytes:
        return dice.randbytes(len(data)) if 3e6 < start < 6e6 else data

    seen = run(14, corrupt=corrupt)
    assert max(missing(seen[-1])) < 6 * 3200
    assert min(missing(seen[-1])) > 2.5 * 3200
    assert set(seen[-1]["missed"]) == {0}
    assert seen[-1]["restarts"] == 0


def test_a_head_whose_answers_are_always_damaged_stops_nothing():
    """No voltage, no time: reports go on by the gateway's clock, all samples missing."""
    seen = run(8, corrupt=damaging(body, 1, [HEAD]))
    assert seen[-1]["restarts"] == 0
    assert seen[-1]["volts"] == [None] * 3
    assert seen[-1]["watts"] == [None] * POINTS
    assert set(seen[-1]["counts"]) == {0}


@pytest.mark.parametrize("size", [12, 144, 264, 276])
def test_a_frame_that_is_cut_off_does_not_take_the_next_ones_sections(size):
    """Cut where a node's sections fall on the next node's places, or its header on a section's."""
    dice = random.Random(5)

    def corrupt(start: float, sender: str, data: bytes) -> bytes:
        if start < START * 1e6 or len(data) < 400 or dice.random() < 0.9:
            return data
        # (A head cut right behind its header takes the nodes' time, not only the gateway's.)
        return data[:size] if sender == HUB or sender == HEAD and size > 12 else data

    clean, cut = run(8)[-1], run(8, corrupt=corrupt)[-1]
    assert set(cut["missing"]) == {0}
    assert cut["nodes"][HUB]["repairs"] > 20
    assert cut["restarts"] == 0
    for way in ("import", "export"):
        assert cut[way] == pytest.approx(clean[way], rel=1e-4, abs=2)


class Babbler(Node):
    """Breaks in after each POLL with bytes that mean nothing."""

    size, delay = 40, 15_500.0

    def hear(self, heard) -> Answer | None:
        dice = random.Random(int(heard.end))
        return self._answer(heard, self.delay, lambda _: dice.randbytes(self.size))


def with_babbler(size: int, delay: float) -> Callable[[Eventful], None]:
    """An event: from now on somebody sends `size` bytes of noise, `delay` us after requests."""

    def event(installation: Eventful) -> None:
        babbler = Babbler("5500999999", 4, installation.head_clock, lambda *_: b"")
        babbler.size, babbler.delay = size, delay
        installation.line.nodes = [*installation.nodes, babbler]

    return event


def test_noise_between_the_cycles_costs_nothing():
    last = run(8, events=[(START, with_babbler(40, 15_500.0))])[-1]
    assert set(last["missing"]) == {0}
    assert last["noise"] > 5 * 50 * 30


def test_noise_in_the_answers_stops_nothing():
    last = run(8, events=[(START, with_babbler(300, 3_000.0))])[-1]
    assert last["restarts"] == 0
    assert sum(node["damaged"] + node["timeouts"] for node in last["nodes"].values()) > 100


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
    assert last["nodes"][HUB]["gaps"] * BLOCK == sum(gap)
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
    assert last["nodes"][ghost]["state"] == "lost"
    assert last["nodes"][ghost]["answers"] == last["nodes"][ghost]["gaps"] == 0
    for k in range(POINTS):
        assert (last["missing"][k] > 0) == (k in gone)
        assert last["counts"][k] == (0 if k in gone else last["samples"])


# The line's capacity

LAYOUT = """
from bus_a_schedule import Node, capacity, lay_out, microseconds
def lay(baud, *counts):
    nodes = [Node("5400000001", (0, 1, 2))]
    for kind, channels, count in counts:
        nodes += [Node(kind + "%06d" % k, tuple(range(channels))) for k in range(count)]
    answers = [node.answer_bytes() for node in nodes]
    slots, end = lay_out(answers, baud)
    for k in range(len(nodes)):
        nodes[k].fits = k < len(slots)
    points = sum(len(node.channels) for node in nodes[1:] if node.fits)
    us = microseconds(12, baud) + end
    print(12 + sum(answers[:len(slots)]), us, points, capacity(nodes, baud))
lay(3000000, ("5500", 4, 7))
lay(3000000, ("5500", 4, 1), ("5600", 3, 8))
lay(1500000, ("5500", 4, 7))
lay(1500000, ("5600", 3, 8))
"""


def test_the_figures_of_the_document(bits):
    """docs/a-bus.md section 8, from the firmware's own rule."""
    text = (ROOT / "docs" / "a-bus.md").read_text(encoding="utf-8")
    text = text.split("## 8.")[1].split("## 9.")[0]
    rows = {
        name.strip(" *"): re.findall(r"[\d.]+", cells)
        for name, cells in re.findall(r"^\|([^|]+)\|(.+)\|$", text, re.M)
    }
    answer = interpreter.run(["-c", LAYOUT], bits=bits, heap="512K", path=MODULE_PATH)
    assert answer.returncode == 0, answer.stderr
    lines = [[int(word) for word in line.split()] for line in answer.stdout.splitlines()]
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


def test_the_gateway_topic_tells_what_does_not_fit(broker):
    there = house()
    plan = there.site_json()
    mqtt = {"host": "127.0.0.1", "port": broker.port, "user": None, "password": None}
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


# Pauses of the gateway


def test_pauses_of_100_ms_cost_nothing(bits):
    """In 9 places of the cycle: nodes keep 8 blocks."""
    pauses = [f"{2000 + 733 * k + 2 * k}:100" for k in range(9)]
    last = run(9, *pauses, bits=bits)[-1]
    assert set(last["missing"]) == {0}
    assert last["lost"] == last["skipped"] == 0


@pytest.mark.parametrize("ms", [500, 2_000, 45_000, 300_000])
def test_a_longer_pause_is_counted_on_all_points(ms):
    """The reports' time base stays that of the head (see `run`)."""
    seen = run(8, f"3003:{ms}")
    last = seen[-1]
    lost = last["lost"]
    assert lost == last["skipped"] * BLOCK
    assert abs(lost - ms * 3.2) < 10 * BLOCK
    # In a pause of over a second the nodes fall out of step and need a moment.
    assert all(lost <= count <= lost + 2 * 3200 for count in last["missing"])
    if ms < 1000:  # and the block that was asked for just when nobody held it any more
        assert set(last["missing"]) <= {lost, lost + BLOCK}
    assert set(last["missed"]) == {0}
    assert last["restarts"] == 0


def test_the_microsecond_clock_wraps(bits):
    """After 2^30 us, 1074 s; long pauses take the gateway there."""
    pauses = ["3000:300000", "306000:300000", "609000:300000", "912000:155000"]
    seen = run(26, *pauses, bits=bits)
    assert seen[0]["ms"] * 1000 < 1 << 30 < seen[-1]["ms"] * 1000
    assert seen[-1]["restarts"] == 0
    settled = [report for report in seen if report["ms"] > 1_069_500]
    assert len(settled) > 6
    assert {count for report in settled for count in report["missed"]} == {0}


# The receive buffer


def test_a_receive_buffer_that_is_too_small():
    """2048 bytes hold half a cycle: what overflows is repaired or counted."""
    installation = Eventful(house(), rxbuf=2048)
    seen = first(8, reports(installation, rxbuf=2048))
    time_base(seen)
    last = seen[-1]
    assert installation.counters.overflowed_bytes > 100_000
    nodes = list(last["nodes"].values())
    assert sum(node["repairs"] for node in nodes) > 400
    assert sum(node["gaps"] for node in nodes) * BLOCK >= sum(last["missing"]) > 0
    assert last["nodes"][HEAD]["gaps"] == 0
    assert last["missing"].count(0) >= 12  # the nodes that come first in the cycle are whole
