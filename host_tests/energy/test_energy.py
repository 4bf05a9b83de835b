"""The energy registers against exact fractions, and what counts as today against Python's
calendar."""

from __future__ import annotations

import datetime
import itertools
import json
import random
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from in_interpreter import succeed

RATED = {
    "AC-CT-50A": 50,
    "AC-CT-100A": 100,
    "AC-CT-400A": 400,
    "AC-RSCT-30CM": 10000,
    "SOLID-CORE": 80,
}
SAMPLES = 3200  # a second; 2^31 is more than a count of voltage x a count of current


def joules_per_count() -> Fraction:
    """Energy of one count of voltage x one count of current, of a CT rated 1 A, over one sample:
    docs/a-bus.md section 2, to 40 digits."""
    with localcontext() as context:
        context.prec = 50
        peak = Decimal("1.5") * Decimal(2).sqrt()
        return Fraction(Decimal("0.015") * peak / 32767 / SAMPLES)


def site_of(points: list[tuple[str, int]], loads: int, utc_offset: int = 0) -> dict:
    """A site.json; a point is (CT, load)."""
    return {
        "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
        "utc_offset": utc_offset, "scheme": "3x400+N", "frequency": 50, "head": "5020000001",
        "points": [
            {"node": f"55000000{i // 4:02}", "input": "ABCD"[i % 4], "ct": ct,
             "phase": f"L{1 + i % 3}", "load": f"Load {load}"}
            for i, (ct, load) in enumerate(points)
        ],
        "loads": [{"name": f"Load {k}", "role": "circuit"} for k in range(loads)],
    }  # fmt: skip


def run(bits: int, site: dict, steps: list) -> list:
    """The registers after each step: [points, loads], a point's [imported, exported, missing], a
    load's [imported, exported, today's imported, today's exported]."""
    return [line[:2] for line in follow(site, steps, bits)]


def follow(site: dict, steps: list, bits: int = 32, counts: list[list[int]] | None = None) -> list:
    """The same, and today's sums by name. counts: of each step and point, samples measured."""
    given = {"site": site, "steps": steps, "counts": counts}
    said = succeed("add_energy", given=given, bits=bits, heap="2M")
    return [json.loads(line) for line in said.splitlines()]


def test_registers_against_fractions(bits):
    """1000 reports of random size, up to the largest that can be: whole joules, right to 1e-9 and
    the fraction that is kept."""
    random_ = random.Random(4)
    points = [(random_.choice(list(RATED)), i // 2) for i in range(8)]
    most = 32768 * 32768 * SAMPLES

    def amount() -> int:
        return random_.choice((0, 1, random_.randrange(most), random_.randrange(10**6), most))

    steps = [
        [None, [[amount(), amount(), random_.randrange(3)] for _ in points]] for _ in range(1000)
    ]
    result = run(bits, site_of(points, 4), steps)
    weight = joules_per_count()
    energy = [[Fraction(0), Fraction(0), 0] for _ in points]
    loads = [[Fraction(0), Fraction(0)] for _ in range(4)]
    for (_, values), (got_points, got_loads) in zip(steps, result, strict=True):
        net = [Fraction(0)] * 4
        for register, value, (ct, load) in zip(energy, values, points, strict=True):
            register[0] += value[0] * RATED[ct] * weight
            register[1] += value[1] * RATED[ct] * weight
            register[2] += value[2]
            net[load] += (value[0] - value[1]) * RATED[ct] * weight
        for load, joules in zip(loads, net, strict=True):
            load[joules < 0] += abs(joules)
        for true, got in [
            *zip(energy, got_points, strict=True),
            *zip(loads, got_loads, strict=True),
        ]:
            for k in (0, 1):
                assert -(true[k] * Fraction(1, 10**9)) <= true[k] - got[k] < 1 + true[k] / 10**9
        for true, got in zip(energy, got_points, strict=True):
            assert got[2] == true[2]
        for got in got_loads:
            assert got[2:] == got[:2]  # no midnight was seen


def test_a_load_is_the_sum_of_its_phases(bits):
    """A three-phase load that takes on one phase what it gives on another has no energy; what is
    left counts once, in its direction (as EN 50470 meters add up)."""
    second = round(1000 / joules_per_count() / 50)  # 1000 J
    half = second // 2
    points = [("AC-CT-50A", 0)] * 3
    steps = [
        [None, [[second, 0, 0], [0, second, 0], [0, 0, 0]]],
        [None, [[second, 0, 0], [0, half, 0], [half, 0, 0]]],
        [None, [[0, second, 0], [0, second, 0], [half, 0, 0]]],
    ]
    result = run(bits, site_of(points, 1), steps)
    loads = [registers[0][:2] for _, registers in result]
    assert loads[0] == [0, 0]
    assert loads[1] == pytest.approx([1000, 0], abs=1)
    assert loads[2] == pytest.approx([1000, 1500], abs=1)
    phases = [registers[:2] for registers in result[2][0]]
    assert [value for phase in phases for value in phase] == pytest.approx(
        [2000, 1000, 0, 2500, 1000, 0], abs=1
    )


def test_no_fraction_is_lost_in_a_million_additions(bits):
    """2^20 times 2^-20 J is one joule, and 2^20 times 1 J less 2^-60 J one less than 2^20."""
    said = succeed("add_a_million_times", bits=bits)
    assert said.split() == ["1", str(2**20 - 1), "1", str(2**20)]


OFFSETS = [0, 3600, 19800, 50400, -3600, -12600, -43200]


@pytest.mark.parametrize("offset", OFFSETS)
def test_today_begins_at_local_midnight(offset):
    """Steps of half an hour over three days, each of about 100 J."""
    zone = datetime.timezone(datetime.timedelta(seconds=offset))
    start = datetime.datetime(2026, 2, 27, 5, 15, tzinfo=datetime.UTC)
    times = [start + datetime.timedelta(minutes=30 * i) for i in range(144)]
    amount = round(100 / joules_per_count() / 50)
    steps = [[int(time.timestamp() * 1000), [[amount, 2 * amount, 0]]] for time in times]
    result = run(32, site_of([("AC-CT-50A", 0)], 1, offset), steps)
    counted = 0
    for i, (time, (points, loads)) in enumerate(zip(times, result, strict=True)):
        if i and time.astimezone(zone).date() != times[i - 1].astimezone(zone).date():
            counted = 0
        counted += 1
        assert loads[0][2:4] == pytest.approx([0, 100 * counted], abs=2)
        assert points[0][:2] == pytest.approx([100 * (i + 1), 200 * (i + 1)], abs=2)
    assert counted < 48


def test_the_time_becomes_known_and_is_lost_again():
    """What was counted before the time was known is today's; without time no day begins."""
    day = 86400000
    noon = 20000 * day + day // 2
    amount = round(100 / joules_per_count() / 50)
    clock = [None, None, noon, None, noon + 1000, noon + day, None, noon + day + 1000]
    steps = [[now, [[amount, 0, 0]]] for now in clock]
    today = [loads[0][2] for _, loads in run(32, site_of([("AC-CT-50A", 0)], 1), steps)]
    assert today == pytest.approx([100, 200, 300, 400, 500, 100, 200, 300], abs=2)


def test_the_clock_is_set_back():
    """By two hours within a day nothing happens; out of another month, today begins again."""
    day = 86400000
    noon = 20000 * day + day // 2
    amount = round(100 / joules_per_count() / 50)
    clock = [noon, noon - 7200000, noon + 30 * day, noon + 1000, noon + 2000]
    result = run(32, site_of([("AC-CT-50A", 0)], 1), [[now, [[amount, 0, 0]]] for now in clock])
    today = [loads[0][2] for _, loads in result]
    assert today == pytest.approx([100, 200, 100, 100, 200], abs=2)
    since_start = [points[0][0] for points, _ in result]
    assert since_start == pytest.approx([100, 200, 300, 400, 500], abs=2)


ROLES = ("grid", "solar", "battery", "circuit")
UNKNOWN = -(2**63)


def days(hours: list[tuple[int, tuple[float, ...]]], absent: set[tuple[int, int]]) -> list:
    """Today's sums after each report of a second. hours: (s, W of grid, solar, battery, circuit);
    absent: (step, point) without any sample."""
    table = site_of([("AC-CT-50A", k) for k in range(4)], 4)
    for load, role in zip(table["loads"], ROLES, strict=True):
        load["role"] = role
    steps, counts, before = [], [], 20000 * 86400 * 1000 + 43200000
    for seconds, watts in hours:
        for _ in range(seconds):
            values, measured = [], []
            for i, power in enumerate(watts):
                amount = round(abs(power) / joules_per_count() / 50)
                away = (len(steps), i) in absent
                values.append(
                    [0, 0, SAMPLES] if away else [amount, 0, 0] if power > 0 else [0, amount, 0]
                )
                measured.append(0 if away else SAMPLES)
            before += 1000
            steps.append([before, values])
            counts.append(measured)
    return [line[2] for line in follow(table, steps, counts=counts)]


def test_what_the_house_took_of_its_sun_does_not_fall_when_its_battery_sells():
    """Noon: of 5 kW of sun 2 kW go into the house and 3 kW into the battery. Evening: the battery
    sells 4 kW. Every value of the day only grows."""
    noon, evening = (0, -5000, 3000, 2000), (-3000, 0, -4000, 1000)
    values = days([(1800, noon), (1800, evening)], set())
    assert values[1799]["own"] == pytest.approx(9_000_000, abs=10)
    assert values[-1]["own"] == values[1799]["own"]
    assert values[-1]["house"] == pytest.approx(1800 * (2000 + 1000), abs=20)
    assert abs(values[-1]["rest"]) <= 20
    for one, next_ in itertools.pairwise(values):
        assert all(next_[name] >= one[name] for name in one)


@pytest.mark.parametrize("seconds", [50, 600])
@pytest.mark.parametrize("away", range(4))
def test_the_day_waits_for_a_hub_that_is_away(away, seconds):
    """One load's hub is away while the others go on. No sum falls; after a gap that is estimated
    each is as if nothing had happened, after a longer one it lacks this time."""
    watts = (3000, -2000, 500, 3500)  # house 4500, rest 1000, own 2000
    absent = {(100 + k, away) for k in range(seconds)}
    values = days([(200 + seconds, watts)], absent)
    for one, next_ in itertools.pairwise(values):
        assert all(next_[name] >= one[name] for name in one)
    needed = {"house": (0, 1, 2), "circuits": (3,), "own": (0, 1), "rest": (0, 1, 2, 3)}
    rates = {"house": 4500, "circuits": 3500, "own": 2000, "rest": 1000}
    for name, members in needed.items():
        lost = seconds if seconds > 60 and away in members else 0
        right = rates[name] * (200 + seconds - lost)
        assert values[-1][name] == pytest.approx(right, rel=1e-3, abs=20), name


def test_what_the_site_has_not_is_not_zero():
    """A house of circuits alone: nothing is said of a grid, of sun or a battery."""
    (_, _, today), *_ = follow(site_of([("AC-CT-50A", 0)], 1), [[None, [[0, 0, 0]]]])
    assert {name for name in today if today[name] != UNKNOWN} == {"house", "circuits"}
