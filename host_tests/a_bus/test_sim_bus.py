"""The simulated nodes and the line, spoken to with frames made from docs/a-bus.md."""

import struct

import numpy as np
import pytest
from a_bus_check import check_of
from gateway_host.sim.installation import Installation
from sim_bus import (
    BYTE,
    CYCLE,
    DATA,
    HEAD,
    HUB,
    IDENTIFY,
    INFO,
    NODATA,
    POLL,
    QUERY,
    REPEAT,
    SOLID,
    STATUS,
    Gateway,
    first_byte_time,
    frame,
    house,
    payload_of,
    samples,
)

# Before and after ASSIGN


def test_nodes_say_nothing_before_they_are_assigned():
    gateway = Gateway(Installation(house()))
    assert gateway.poll(0) == {}
    assert gateway.ask(frame(QUERY, 2)) == b""


def test_assign_is_answered_by_the_node_concerned_with_info():
    gateway = Gateway(Installation(house()), start=3_500_000)
    answer = gateway.assign(HUB, 2, 1470)
    assert answer[:4] == bytes((0xA5, INFO, 2, 0))
    kind, version, number, channels, state, kept, seconds = struct.unpack(
        "<HHIBBBxI", payload_of(answer)
    )
    assert (kind, number, channels, seconds) == (5500, 190, 4, 3)
    assert version >= 256
    assert state == 0b10  # has an address, is not in step
    assert kept >= 128


def test_only_the_schedule_assigned_is_answered():
    gateway = Gateway(Installation(house()))
    gateway.assign_all()
    assert gateway.poll(0, schedule=4) == {}
    assert gateway.poll(0, schedule=0) == {}
    assert sorted(gateway.poll(0, schedule=3)) == [1, 2, 3]


def test_a_node_that_restarts_is_silent_until_it_is_assigned_again():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle()
    installation.restart(HUB)
    assert sorted(gateway.poll()) == [1, 3]
    gateway.assign(HUB, 2, gateway.slots[HUB])
    assert gateway.poll()[2][1] == NODATA
    assert gateway.settle()[2][1] == DATA


# NODATA


def test_a_head_asked_for_block_0_gives_the_time():
    installation = Installation(house(first_sample=1_000_003))
    gateway = Gateway(installation)
    gateway.assign_all()
    sent = gateway.now
    answer = gateway.poll(0)[1]
    assert answer[1] == NODATA
    assert answer[3] & 0x10
    number, fraction, zero = struct.unpack("<IHH", payload_of(answer))
    assert zero == 0
    assert number + fraction / 65536 == pytest.approx(1_000_003 + sent * 0.0032, abs=0.001)


@pytest.mark.parametrize(
    ("age", "kind", "reason"), [(-1, NODATA, 1), (0, DATA, 0), (127, DATA, 0), (128, NODATA, 2)]
)
def test_a_node_holds_128_blocks(age, kind, reason):
    gateway = Gateway(Installation(house()))
    gateway.assign_all()
    gateway.settle(200)
    number, _ = struct.unpack_from("<IH", gateway.poll()[1], 12)
    # The next POLL falls 64 samples after the last: the newest complete block then is this one.
    newest = number // 64
    answers = gateway.poll(newest - age)
    for address in (1, 2, 3):
        assert answers[address][1] == kind
        assert struct.unpack_from("<H", answers[address], 4)[0] == (newest - age) % 65536
        if reason:
            assert answers[address][3] & 0x0F == reason


def test_a_node_out_of_step_gives_no_samples():
    gateway = Gateway(Installation(house()))
    gateway.assign_all()
    first = gateway.poll()
    assert (first[2][1], first[2][3]) == (NODATA, 3)
    in_step_at = None
    for _ in range(50):
        number = gateway.block
        answer = gateway.poll()[2]
        if answer[1] == DATA:
            in_step_at = in_step_at or number
    assert in_step_at is not None
    # A block from before it was in step, while it is still held.
    gateway = Gateway(Installation(house()))
    gateway.assign_all()
    while (answer := gateway.poll()[2])[1] != DATA:
        pass
    early = struct.unpack_from("<H", answer, 4)[0] - 5
    assert gateway.poll(early)[2][1:4:2] == bytes((NODATA, 3))


# Samples


def test_samples_on_the_wire_are_the_truth_and_the_waveform():
    installation = Installation(house((20.0, -100.0, 100.0)))
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle(100)
    asked = gateway.block
    answers = gateway.poll(asked)
    first = next(n for n in range(15_000, 90_000) if n % 65536 == asked % 65536) * 64
    truth = installation.truth(first, 64)
    ideal = installation.house.waveforms(first, 64).astype(int)
    assert np.array_equal(samples(answers[1], skip=12), truth[:3])
    hub = samples(answers[2])
    assert np.array_equal(hub[:3], truth[3:6])
    assert 1 <= np.abs(hub[3]).max() <= 10  # nothing is connected to D: noise
    assert np.array_equal(samples(answers[3]), truth[6:9])
    # In step within 2 µs: 2 µs x 2 pi 50 Hz of the peak, and rounding.
    allowed = np.abs(ideal).max(axis=1) * 2e-6 * 2 * np.pi * 50 + 1
    assert (np.abs(truth - ideal).max(axis=1) <= allowed).all()


def test_repeat_gives_the_channels_wanted_of_a_block_held():
    gateway = Gateway(Installation(house()))
    gateway.assign_all()
    gateway.settle()
    asked = gateway.block
    whole = samples(gateway.poll(asked)[2])
    answer = gateway.ask(frame(REPEAT, 2, 0b0101, asked))
    assert answer[1] == DATA
    assert answer[3] == 0b0101
    assert np.array_equal(samples(answer), whole[[0, 2]])
    lost = gateway.ask(frame(REPEAT, 2, 0b0101, asked - 140))
    assert (lost[1], lost[3]) == (NODATA, 2)
    solid = gateway.ask(frame(REPEAT, 3, 0b1111, asked))
    assert solid[3] == 0b0111
    head = gateway.ask(frame(REPEAT, 1, 0b0010, asked))
    assert head[3] == 0b0010  # no timing section


def test_the_tap_gives_every_block_once_in_order():
    seen = []
    installation = Installation(house(), tap=lambda first, block: seen.append((first, block)))
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle(100)
    firsts = [first for first, _ in seen]
    assert firsts == list(range(firsts[0], firsts[-1] + 64, 64))
    assert len(seen) > 80
    first, block = seen[-1]
    assert np.array_equal(block, installation.truth(first, 64))


# Requests


def test_malformed_or_foreign_requests_are_not_answered():
    gateway = Gateway(Installation(house()))
    gateway.assign_all()
    damaged = bytearray(frame(QUERY, 2))
    damaged[9] ^= 1
    assert gateway.ask(bytes(damaged)) == b""
    assert gateway.ask(frame(QUERY, 9)) == b""
    assert gateway.ask(frame(0x33, 2)) == b""
    assert gateway.ask(frame(QUERY, 2, payload=bytes(4))) == b""
    assert gateway.ask(frame(IDENTIFY, 2, 1, 601)) == b""
    assert gateway.ask(frame(QUERY, 2))[1] == STATUS


def test_status_counts_and_led():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle()
    state, led, _, _, heard, bad, sent, seconds = struct.unpack(
        "<BBHiIIII", payload_of(gateway.ask(frame(QUERY, 2)))
    )
    assert (state, led) == (0b11, 0)
    assert bad == 0
    assert sent == 1 + 60  # INFO and the answers to 60 POLLs
    # 3 ASSIGN, 2 INFO of others, 60 POLL, 120 answers of others, this QUERY
    assert heard == 3 + 2 + 60 + 120 + 1
    assert seconds == 1
    damaged = bytearray(frame(QUERY, 2))
    damaged[9] ^= 1
    gateway.ask(bytes(damaged))
    status = payload_of(gateway.ask(frame(QUERY, 2)))
    assert struct.unpack_from("<I", status, 12)[0] > 0


def test_led_shows_silence_and_a_wrong_schedule():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.poll()
    gateway.now += 3_200_000
    assert payload_of(gateway.ask(frame(QUERY, 2)))[1] == 1
    for _ in range(160):
        gateway.poll(0, schedule=9)
    assert payload_of(gateway.ask(frame(QUERY, 2)))[1] == 2
    assert gateway.ask(frame(IDENTIFY, 2, 0b0100, 30))[1] == INFO
    status = payload_of(gateway.ask(frame(QUERY, 2)))
    assert (status[0] & 0b100, status[1]) == (0b100, 3)
    gateway.ask(frame(IDENTIFY, 2, 0, 0))
    assert payload_of(gateway.ask(frame(QUERY, 2)))[1] == 2


# Timing


@pytest.mark.parametrize("metres", [0.0, 100.0])
def test_answers_begin_in_their_slots(metres):
    installation = Installation(house((0.0, 100.0, -100.0), metres))
    gateway = Gateway(installation)
    gateway.assign_all()
    starts: list[tuple[str, float]] = []
    installation.line.corrupt = lambda at, who, data: starts.append((who, at)) or data
    for _ in range(20):
        poll_end = gateway.now + 12 * BYTE
        starts.clear()
        gateway.poll()
        assert [who for who, _ in starts] == ["gateway", HEAD, HUB, SOLID]
        for who, at in starts[1:]:
            there_and_back = 2 * metres * 0.005 if who == HUB else 0
            late = at - poll_end - gateway.slots[who] - there_and_back
            assert -0.2 <= late <= 5.2  # 100 ppm of 1.9 ms


def test_requests_are_answered_after_20_to_100_us():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    for _ in range(20):
        asked = gateway.now
        installation.write(asked, frame(QUERY, 2))
        delay = first_byte_time(installation, asked) - BYTE - (asked + 12 * BYTE)
        assert 20 <= delay <= 101
        gateway.now += 1000
        installation.read(gateway.now, 9999)


def test_bytes_arrive_when_their_stop_bit_has_ended():
    installation = Installation(house(), baud=1_500_000)
    gateway = Gateway(installation)
    gateway.assign_all()
    times: list[float] = []
    installation.line.corrupt = lambda at, who, data: times.append(at) or data
    asked = gateway.now
    installation.write(asked, frame(QUERY, 2))
    for time in range(asked, asked + 1000):
        got = installation.read(time, 9999)
        for _ in got:
            times.append(time)
    start, arrivals = times[1], times[2:]
    assert len(arrivals) == 40
    for k, time in enumerate(arrivals, 1):
        assert 0 <= time - (start + k * 20 / 3) <= 1.0


def test_a_new_poll_cancels_answers_not_yet_begun():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle()
    block = gateway.block
    installation.write(gateway.now, frame(POLL, 255, 3, block))
    gateway.now += 40  # after the POLL, before the first slot
    answers = gateway.poll(block)
    assert sorted(answers) == [1, 2, 3]
    assert installation.counters.collisions == 0


def test_ticks_wrap():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    for _ in range(3):
        gateway.now += 500_000_000
        installation.read(gateway.now % 2**30, 1)
    assert installation.now == gateway.now
    assert gateway.ask(frame(QUERY, 2))[1] == STATUS  # read at ticks beyond 2^30


# The line


def test_the_receive_buffer_overflows_and_counts():
    installation = Installation(house(), rxbuf=500)
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle()
    before = installation.counters.overflowed_bytes
    installation.write(gateway.now, frame(POLL, 255, 3, gateway.block))
    gateway.now += CYCLE
    got = installation.read(gateway.now, 65000)
    sent = (12 + 12 + 3 * 132) + (12 + 4 * 132) + (12 + 3 * 132)
    assert len(got) == 500
    assert got[:4] == bytes((0xA5, DATA, 1, 0x17))  # the oldest bytes are kept
    assert installation.counters.overflowed_bytes - before == sent - 500


def test_a_small_read_leaves_the_rest():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    installation.write(gateway.now, frame(QUERY, 2))
    gateway.now += 1000
    parts = [installation.read(gateway.now, 7) for _ in range(7)]
    assert [len(part) for part in parts] == [7, 7, 7, 7, 7, 5, 0]
    assert b"".join(parts)[1] == STATUS


def test_two_nodes_in_one_slot_garble_each_other():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign(HEAD, 1, 50)
    gateway.assign(HUB, 2, 2000)
    gateway.assign(SOLID, 3, 2000)
    data = gateway.ask(frame(POLL, 255, 3, 0), CYCLE)
    assert data[:2] == bytes((0xA5, NODATA))
    collided = data[24:]
    assert 12 <= len(collided) <= 14  # one receiver hears one stream; starts 0 to 3 µs apart
    assert check_of(collided[:8]) != struct.unpack_from("<I", collided, 8)[0]
    assert installation.counters.collisions == 1


def test_the_gateway_speaking_into_an_answer_garbles_both():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle()
    installation.write(gateway.now, frame(POLL, 255, 3, gateway.block))
    gateway.now += 12 * BYTE.__ceil__() + 50 + 200  # in the head's answer
    data = gateway.ask(frame(QUERY, 2), CYCLE)
    assert installation.counters.collisions == 1
    assert data[:12] == frame(DATA, 1, 0x17, gateway.block)[:6] + data[6:12]
    assert len(data) == 420 + 540 + 408  # QUERY was not understood; the slots went on
    sections = [data[24 + 132 * i : 24 + 132 * (i + 1)] for i in range(3)]
    wrong = [check_of(s[:128]) != struct.unpack("<I", s[128:])[0] for s in sections]
    assert any(wrong) and not all(wrong)


def test_a_damaged_timing_section_steers_nobody():
    installation = Installation(house())

    def damage(_, who, data):
        if who != HEAD or data[1] not in (DATA, NODATA):
            return data
        return data[:14] + bytes((data[14] ^ 8,)) + data[15:]

    gateway = Gateway(installation)
    gateway.assign_all()
    installation.line.corrupt = damage
    gateway.settle()
    assert not installation.node(HUB).in_step(gateway.now)
    installation.line.corrupt = None
    gateway.settle()
    assert installation.node(HUB).in_step(gateway.now)


# Section 6: the figures required


def error_us(installation: Installation, serial: str, time: float) -> float:
    """How far a node's sample clock is from the head's."""
    node = installation.node(serial)
    return (node.clock.reading(time) - installation.head_clock.reading(time)) * 312.5


@pytest.mark.parametrize("drifts", [(0, 100, -100), (100, -100, 30), (-100, 100, 0)])
def test_in_step_within_a_second_and_then_within_2_us(drifts):
    installation = Installation(house(drifts, metres=100.0))
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle(50)
    for serial in (HUB, SOLID):
        assert installation.node(serial).in_step(gateway.now)
    for cycle in range(500):
        gateway.now += (cycle * 7919) % 3000  # POLL comes up to 3 ms late
        gateway.poll()
        for serial in (HUB, SOLID):
            assert abs(error_us(installation, serial, gateway.now)) < 2.0


def test_25_lost_timing_sections_cost_less_than_5_us():
    installation = Installation(house((50, 100, -100)))
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle(100)
    installation.unplug(HEAD)
    asked = gateway.block
    for _ in range(25):
        answers = gateway.poll(asked)
        asked += 1
        assert answers[2][1] == DATA
        assert answers[3][1] == DATA
    for serial in (HUB, SOLID):
        assert abs(error_us(installation, serial, gateway.now)) < 5.0
    for _ in range(120):
        answers = gateway.poll(asked)
    assert answers[2][1] == DATA
    for _ in range(6):
        answers = gateway.poll(asked)
    assert (answers[2][1], answers[2][3]) == (NODATA, 3)  # more than 3 s without


@pytest.mark.parametrize("drifts", [(100, -100, 100), (-100, 100, 0)])
@pytest.mark.parametrize("cycles", [100, 130, 300])
def test_a_pause_of_3_seconds_costs_less_than_5_us(drifts, cycles):
    """Nobody speaks; then the oldest block that is held is given, and all the others."""
    installation = Installation(house(drifts, metres=100.0))
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle(cycles)
    gateway.now += 2_960_000
    installation.read(gateway.now, 1)
    for serial in (HUB, SOLID):
        assert installation.node(serial).in_step(gateway.now)
        assert abs(error_us(installation, serial, gateway.now)) < 5.0
    newest = int(installation.sample_number() // 64) - 1
    for block in range(newest - 126, newest - 80):
        answers = gateway.poll(block)
        assert [answers[address][1] for address in (1, 2, 3)] == [DATA] * 3
        for serial in (HUB, SOLID):
            assert abs(error_us(installation, serial, gateway.now)) < 5.0


def pause_of_4_seconds(drift_during: float) -> dict[int, bytes]:
    """The answers to the first POLL after it, for a block from it; the hub's crystal changes by
    so many ppm when it begins."""
    installation = Installation(house((0, 50, -50)))
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle(150)
    clock = installation.node(HUB).clock
    clock._rate *= 1 + drift_during * 1e-6
    gateway.now += 4_000_000
    installation.read(gateway.now, 1)
    assert not installation.node(HUB).in_step(gateway.now)
    return gateway.poll(int(installation.sample_number() // 64) - 60)


def test_a_clock_that_has_kept_step_gives_what_it_took_in_a_longer_pause():
    answers = pause_of_4_seconds(0)
    assert [answers[address][1] for address in (1, 2, 3)] == [DATA] * 3


def test_a_clock_that_has_not_kept_step_in_a_longer_pause_gives_nothing_of_it():
    answers = pause_of_4_seconds(2)  # 8 µs
    assert (answers[2][1], answers[2][3]) == (NODATA, 3)
    assert answers[3][1] == DATA


def test_sample_numbers_wrap_on_the_line():
    installation = Installation(house((0, 80, -60), first_sample=2**32 - 3200))
    gateway = Gateway(installation)
    gateway.assign_all()
    numbers = []
    for _ in range(100):
        found = gateway.poll()
        numbers.append(struct.unpack_from("<I", found[1], 12)[0])
        gateway.block %= 65536
    assert min(numbers) < 5000 and max(numbers) > 2**32 - 3200
    assert [found[a][1] for a in (1, 2, 3)] == [DATA] * 3
    assert abs(error_us(installation, HUB, gateway.now)) < 2.0
