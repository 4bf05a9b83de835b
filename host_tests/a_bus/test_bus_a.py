"""The A-bus master in the interpreter against the simulated installation: damage, noise, and a
receive buffer that is too small."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
from gateway_host.sim.frames import POLL
from gateway_host.sim.nodes import Answer, Node
from on_bus import (
    BLOCK,
    HEAD,
    HUB,
    POINTS,
    Eventful,
    first,
    house,
    missing,
    others,
    reports,
    run,
    time_base,
)

WINDOW = 640  # samples: 10 cycles of 50 Hz
START = 2.0  # s: until then nothing happens, so that all nodes are in step

Damage = Callable[[bytearray, random.Random], None]


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
    """Nobody answers a damaged POLL: it is sent again."""
    last = run(10, corrupt=damaging(header, 0.03, ["gateway"]))[-1]
    assert set(last["missing"]) == {0}
    assert all(node["gaps"] == node["timeouts"] == 0 for node in last["nodes"].values())


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
    (each,) = set(missing(last, HUB))
    assert each > 7 * 3200
    # What had come of the window in which it began is missing too: less than a window. Reports end
    # with a window, within a block.
    assert -BLOCK < each - hub["gaps"] * BLOCK / 4 < WINDOW + BLOCK
    assert hub["damaged"] > hub["gaps"]
    assert all(report["counts"][0] == report["samples"] for report in seen)


def test_everything_damaged_and_well_again():
    """Three seconds of nothing but noise on the line; then all is measured again, what the nodes
    still hold included."""
    dice = random.Random(3)

    def corrupt(start: float, sender: str, data: bytes) -> bytes:
        return dice.randbytes(len(data)) if 3e6 < start < 6e6 else data

    seen = run(14, corrupt=corrupt)
    assert max(missing(seen[-1])) < 3.2 * 3200
    assert min(missing(seen[-1])) > 1.5 * 3200
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
        if heard.kind != POLL:
            return None
        dice = random.Random(int(heard.end))
        return self._answer(heard, self.delay, lambda _: dice.randbytes(self.size))


def with_babbler(size: int, delay: float) -> Callable[[Eventful], None]:
    """An event: from now on somebody sends `size` bytes of noise, `delay` us after each POLL."""

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
