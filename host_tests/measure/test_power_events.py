"""Dips, swells and interruptions beside IEC 61000-4-30 worked out with numpy in float64: Urms(1/2)
from the true zero crossings, thresholds and hysteresis of the standard."""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.broker import Broker
from gateway_host.errors import UserError
from gateway_host.session import Session
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from generated import RATE, VOLT, counts, measure, measure_single
from running_gateway import Listener, mqtt_at

DECLARED = 230.0
KINDS = {"dip": (90, 92), "swell": (110, 108), "interruption": (5, 7)}
# (seconds, s, what the voltages are multiplied with): of each phase
STEPS = [
    ((1.0, 0.35, (0.7, 1, 1)), (2.0, 0.02, (1, 0.5, 1)), (3.0, 0.6, (0.42, 0.42, 0.42))),
    ((1.003, 0.25, (1.15, 1, 1.2)), (2.0, 0.5, (1.2, 1.2, 1.2)), (3.1, 0.1, (1, 0.85, 1))),
    ((1.0, 0.5, (0, 0, 0)), (2.0, 0.3, (0, 0, 1)), (3.0, 0.2, (0.02, 0.03, 0.01))),
    # What must not count: 91 %, 109 %; and a dip that is left to 91 % goes on.
    ((1.0, 0.5, (0.915, 1.09, 1)), (2.0, 0.2, (0.85, 1, 1)), (2.2, 0.4, (0.91, 1, 1))),
]


def voltages(steps: tuple, frequency: float, seconds: float = 4.2) -> np.ndarray:
    """V of three phases; harmonics as in a house."""
    count = round(seconds * RATE / 64) * 64
    time = np.arange(count) / RATE
    rows = []
    for p in range(3):
        angle = 2 * np.pi * (frequency * time - p / 3)
        wave = np.sin(angle) + 0.02 * np.sin(3 * angle) + 0.02 * np.sin(5 * angle + 1)
        size = np.ones(count)
        for start, length, factors in steps:
            size[(time >= start) & (time < start + length)] = factors[p]
        rows.append(DECLARED * 2**0.5 * size * wave)
    return np.array(rows)


def half_cycles(volts: np.ndarray, frequency: float) -> list[tuple[float, int, float]]:
    """(time, phase, Urms(1/2) in % of the declared voltage), in order of time."""
    found = []
    for p in range(3):
        edges = np.round(
            (np.arange(2 * frequency * volts.shape[1] / RATE) / 2 / frequency + p / 3 / frequency)
            * RATE
        )
        edges = edges[edges <= volts.shape[1]].astype(int)
        for start, end in zip(edges, edges[2:], strict=False):
            rms = np.sqrt((volts[p, start:end] ** 2).mean())
            found.append((end / RATE, p, 100 * rms / DECLARED))
    return sorted(found)


def events(volts: np.ndarray, frequency: float) -> list[tuple[str, float, float, float, set]]:
    """(kind, start, length, worst, phases) by the standard's rules, in the order of their ends."""
    now = [100.0] * 3
    going: dict[str, list] = {}
    done = []
    for time, phase, percent in half_cycles(volts, frequency):
        now[phase] = percent
        for kind, (begin, end) in KINDS.items():
            if kind == "swell":
                value, sign = max(now), -1
            else:
                value, sign = (min(now) if kind == "dip" else max(now)), 1
            if kind not in going and sign * value < sign * begin:
                going[kind] = [time, value, set()]
            if kind in going and sign * value >= sign * end:
                start, worst, phases = going.pop(kind)
                done.append((kind, start, time - start, worst, phases))
            if kind in going:
                going[kind][1] = sign * min(sign * value, sign * going[kind][1])
                going[kind][2] |= {f"L{p + 1}" for p in range(3) if sign * now[p] < sign * begin}
    assert not going
    return done


@pytest.mark.parametrize("frequency", [50, 49.3, 60])
@pytest.mark.parametrize("steps", STEPS, ids=["dips", "swells", "interruptions", "hysteresis"])
def test_events_are_those_of_the_standard(steps, frequency):
    """Kinds, phases, order; begin and length to a half cycle (after an interruption a cycle
    more), depth to 1 % of the declared."""
    volts = voltages(steps, frequency)
    right = events(volts, frequency)
    assert right
    samples = counts(volts, [VOLT] * 3)
    nominal = 60 if frequency > 55 else 50
    task = {"points": [], "frequency": nominal, "events": [DECLARED / VOLT, 3]}
    ended, going, last = measure(samples, **task)[-1]
    assert (ended, going) == (len(right), [])
    half = 0.5 / frequency + 0.002
    for (kind, _, began, seconds, percent, phases), (name, start, length, worst, of) in zip(
        last, right, strict=True
    ):
        assert (kind, set(phases)) == (name, of)
        assert began / RATE == pytest.approx(start, abs=half)
        # Without any voltage the phase is lost; it takes a cycle to find it again.
        lost = 1 / frequency if worst < 5 else 0
        assert seconds == pytest.approx(length, abs=half + lost)
        assert percent == pytest.approx(worst, abs=1.0)


def test_the_machine_with_the_devices_words():
    """The RISC-V machine finds what the host finds."""
    samples = counts(voltages(STEPS[0], 50), [VOLT] * 3)
    task = {"points": [], "frequency": 50, "events": [DECLARED / VOLT, 3]}
    try:
        found = measure_single(samples, **task)[-1]
    except UserError as error:
        pytest.skip(str(error))
    ended, going, last = measure(samples, **task)[-1]
    assert found[:2] == [ended, going]
    for ours, theirs in zip(last, found[2], strict=True):
        assert ours[:3] + ours[5:] == theirs[:3] + theirs[5:]
        assert theirs[3:5] == pytest.approx(ours[3:5], rel=1e-6)


def test_what_goes_on_and_more_than_are_kept(bits):
    """Twelve dips of which eight are kept, then one that goes on."""
    steps = tuple((1 + k / 5, 0.1, (0.6, 0.6, 0.6)) for k in range(12)) + ((3.8, 9, (0.8, 1, 1)),)
    samples = counts(voltages(steps, 50), [VOLT] * 3)
    task = {"points": [], "frequency": 50, "events": [DECLARED / VOLT, 3]}
    ended, going, last = measure(samples, bits, **task)[-1]
    assert (ended, going, len(last)) == (12, ["dip"], 8)
    begins = [began / RATE for _, _, began, *_ in last]
    assert begins == pytest.approx([1 + k / 5 for k in range(4, 12)], abs=0.021)


HOUR = 3600 * RATE
NOW = 1764000000  # epoch s at the first sample


@pytest.mark.parametrize("known_after_h", [0, 94, 800])
def test_the_time_of_an_event_is_right_and_stays(known_after_h, bits):
    """However long ago it was when the time became known, and however late it is reported."""
    samples = counts(voltages(STEPS[0], 50), [VOLT] * 3)
    total, dates = samples.shape[1], []
    for hours in (0, 1, 93, 94, 94, 187, 400, 2000):
        total += hours * HOUR
        known = total >= known_after_h * HOUR
        dates.append([hours * HOUR, round((NOW + total / RATE) * 1000) if known else None])
    task = {"points": [], "frequency": 50, "events": [DECLARED / VOLT, 3], "dates": dates}
    reported = measure(samples, bits, **task)[-len(dates) :]
    right = [NOW + began // RATE for _, _, began, *_ in reported[0]]
    assert right == [NOW + second for second in (1, 2, 3)]
    for (_, now_ms), events in zip(dates, reported, strict=True):
        assert [start for _, start, *_ in events] == ([None] * 3 if now_ms is None else right)


def test_an_event_that_lasts_four_days(bits):
    """It goes on while 94 hours of samples are lost, and ends after them."""
    samples = counts(voltages(((1.0, 0.5, (0.7, 1, 1)),), 50), [VOLT] * 3)
    task = {"points": [], "frequency": 50, "events": [DECLARED / VOLT, 3]}
    task["lost"] = [65, 94 * HOUR]  # 1.3 s
    task["dates"] = [[0, round((NOW + 94 * 3600 + samples.shape[1] / RATE) * 1000)]]
    [[kind, start, _, seconds, *_]] = measure(samples, bits, **task)[-1]
    assert (kind, start) == ("dip", NOW + 1)
    assert seconds == pytest.approx(94 * 3600 + 0.5, abs=0.1)


def test_a_clean_start_is_no_event():
    """From the first sample on, at any phase and frequency, nothing is taken for an event."""
    for frequency in (45.5, 50, 53.8):
        for shift in (0, 0.003, 0.011):
            volts = voltages((), frequency, 1.6)[:, round(shift * RATE) :]
            volts = volts[:, : volts.shape[1] // 64 * 64]
            task = {"points": [], "frequency": 50, "events": [DECLARED / VOLT, 3]}
            assert measure(counts(volts, [VOLT] * 3), **task)[-1] == [0, [], []]


HOUSE = """
name = "Dip"
scheme = "3x400+N"
frequency = 50
[mains]
events = [
  { start = 2, seconds = 0.3, factors = [1, 0.6, 1] },
  { start = 3, seconds = 0.5, factors = [1.2, 1.2, 1.2] },
]
[head]
serial = "5020000001"
[[node]]
serial = "5500000001"
[[load]]
name = "Oven"
power = 1000
points = [{ node = "5500000001", input = "A", ct = "AC-CT-50A", phase = "L1" }]
"""


def test_a_house_with_events_is_measured(tmp_path):
    """From the house's file to the message, through the whole gateway."""
    path = tmp_path / "house.toml"
    path.write_text(HOUSE)
    house = load_house(path)
    plan = house.site_json()
    with Broker() as broker, Listener(plan, broker.port) as listener:
        with Session(Installation(house), plan, mqtt=mqtt_at(broker.port), console=False):
            events = listener.messages.until(
                lambda items: [
                    message.value["events"]
                    for message in items
                    if message.topic == "quality" and message.value["events"]["ended"] == 2
                ],
                "two events",
            )[0]
    reported = [(event["kind"], event["phases"], event["percent"]) for event in events["last"]]
    assert reported == [
        ("dip", ["L2"], pytest.approx(60, abs=1)),
        ("swell", ["L1", "L2", "L3"], pytest.approx(120, abs=1)),
    ]
    assert [event["seconds"] for event in events["last"]] == pytest.approx([0.3, 0.5], abs=0.015)
    assert events["last"][1]["start"] - events["last"][0]["start"] in (0, 1, 2)
