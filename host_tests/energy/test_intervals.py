"""Intervals of 5 and 15 minutes against Python's integers, calendar and numpy: what is in which,
that nothing is lost or twice in one whatever the clock does, and the demand that follows."""

from __future__ import annotations

import contextlib
import datetime
import json
import random
import socket
import threading
import time
import zoneinfo
from typing import Any

import numpy as np
import pytest
from gateway_host.broker import HOST, Broker
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from in_interpreter import succeed
from on_bus import Eventful, first, reports
from running_gateway import Listener, free_port, mqtt_at

RATE = 3200
COUNTS = 2**31 // 3  # of voltage x current in a sample of the largest power


def site_of(points: int = 2, utc_offset: int = 0) -> dict[str, Any]:
    """A site.json: the first point is the grid's, the others are one circuit's."""
    return {
        "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
        "utc_offset": utc_offset, "scheme": "3x400+N", "frequency": 50, "head": "5020000001",
        "points": [
            {"node": "5500000001", "input": "ABCD"[i], "ct": "AC-CT-100A",
             "phase": f"L{1 + i % 3}", "load": "Oven" if i else "Grid"}
            for i in range(points)
        ],
        "loads": [{"name": "Grid", "role": "grid"}, {"name": "Oven", "role": "circuit"}],
    }  # fmt: skip


NAMES = ("step", "length", "start", "samples", "regular", "energy", "missed", "estimated",
         "complete", "spread", "doubtful")  # fmt: skip


def run(
    site: dict[str, Any], steps: list, bits: int = 32, taken: bool = True
) -> tuple[list[dict[str, Any]], list]:
    """(completed intervals, what is printed at the end). taken: whether somebody takes them."""
    given = {"site": site, "steps": steps, "taken": taken}
    said = succeed("complete_intervals", given=given, bits=bits, heap="16M")
    *lines, end = map(json.loads, said.splitlines())
    return [dict(zip(NAMES, line, strict=True)) for line in lines], end


VOLTS = [230.0, 229.0, 231.0]


def second(now: float | None, joules: float = 0, samples: int = RATE, **change: Any) -> list:
    """A step: a report that ends at `now` (s) and imports `joules` at the grid's point."""
    counts = round(joules / JOULE)
    values = change.get("values", [[counts, 0, 0], [0, 0, 0]])
    return [None if now is None else round(now * 1000), samples, values,
            change.get("voltages", VOLTS), change.get("frequency", 50.0)]  # fmt: skip


JOULE = 100 * 0.015 * 1.5 * 2**0.5 / 32767 / RATE  # of a count of a CT of 100 A
START = 1764000000  # a multiple of 900 s


def test_intervals_add_up_to_the_registers(bits):
    """Random reports, a clock that is unknown, wrong, set, and set back: each interval has exactly
    the reports that it should, and each length adds up to the registers."""
    chance = random.Random(9)
    now, steps = None, []
    for i in range(4000):
        if i == 350:
            now = START + 1000.2  # the time becomes known
        elif i in (1500, 3100):
            now += 5000  # set ahead
        elif i == 2400:
            now -= 3600  # set back
        samples = chance.choice((2560, RATE, RATE, RATE, 3840))
        values = [
            [chance.randrange(samples * COUNTS), chance.choice((0, chance.randrange(10**9))),
             chance.choice((0, 0, 0, 64))] for _ in range(2)
        ]  # fmt: skip
        steps.append(second(now, samples=samples, values=values))
        if now is not None:
            now += samples / RATE
    intervals, (registers, current, _, dropped, _, estimated) = run(site_of(), steps, bits)
    assert dropped == 0
    for length, left in zip((300, 900), current, strict=True):
        mine = [one for one in intervals if one["length"] == length]
        columns = zip(left, *(one["energy"] for one in mine), strict=True)
        assert [sum(column) for column in columns] == registers
        assert sum(one["estimated"] for one in mine) <= estimated
        # Which reports belong together, by the rule of docs/metering-decisions.md.
        expected, members = [], []
        for number, step in enumerate(steps):
            end = None if step[0] is None else (step[0] + 500) // 1000
            if not members:
                begun = None if end is None else (end - round(step[1] / RATE)) // length * length
            members.append(number)
            if end is not None and end // length * length != begun:
                total = sum(steps[k][1] for k in members)
                missed = [sum(steps[k][2][p][2] for k in members) for p in (0, 1)]
                begun = end - total // RATE if begun is None else begun
                expected.append((number, begun, total, missed))
                members = []
        got = [(one["step"], one["start"], one["samples"], one["missed"]) for one in mine]
        assert got == expected
        for one in mine:
            assert one["regular"] == (abs(one["samples"] / RATE - length) <= 2)
        if length == 300:
            assert {one["regular"] for one in mine} == {True, False}


def test_a_whole_interval_of_an_even_house():
    """An hour at 1000 W that begins at 12:00:00: 12 and 4 intervals, begin and energy to the
    joule."""
    steps = [second(START + 1 + i, 1000) for i in range(3601)]
    intervals, _ = run(site_of(), steps)
    for length in (300, 900):
        mine = [one for one in intervals if one["length"] == length]
        assert [one["start"] for one in mine] == [START + i for i in range(0, 3600, length)]
        assert all(one["regular"] and one["complete"] for one in mine)
        for one in mine:
            assert one["energy"] == pytest.approx([1000 * length, 0, 0, 0] * 2, abs=1)


def test_least_mean_and_greatest():
    """Against numpy: voltages as the root of the mean square, the others as means; what was not
    measured is left out."""
    random_ = np.random.default_rng(3)
    volts = random_.uniform(200, 260, (300, 3))
    hertz = random_.uniform(49, 51, 300)
    watts = random_.uniform(0, 20000, 300)
    steps = [
        second(
            START + 1 + i,
            watts[i],
            voltages=[None if i % 7 == 0 else volts[i, 0], volts[i, 1], None],
            frequency=hertz[i],
        )
        for i in range(300)
    ]
    (interval, *_), _ = run(site_of(), steps)
    first_phase, second_phase, none, frequency, grid = interval["spread"]
    for got, values in (
        (first_phase, volts[np.arange(300) % 7 != 0, 0]),
        (second_phase, volts[:, 1]),
    ):
        right = [values.min(), np.sqrt((values**2).mean()), values.max()]
        assert got == pytest.approx(right, rel=1e-5)
    assert none is None
    assert frequency == pytest.approx([hertz.min(), hertz.mean(), hertz.max()], rel=1e-5)
    counts = np.round(watts / JOULE) / 1e9
    assert grid == pytest.approx([counts.min(), counts.mean(), counts.max()], rel=1e-5, abs=0.0051)


def test_gaps_are_counted_and_the_interval_is_not_complete():
    steps = [second(START + 1 + i, values=[[COUNTS * RATE, 0, 0], [0, 0, 0]]) for i in range(100)]
    steps += [second(START + 101 + i, values=[[0, 0, RATE], [0, 0, 0]]) for i in range(10)]
    steps += [
        second(START + 111 + i, values=[[COUNTS * RATE, 0, 0], [0, 0, 0]]) for i in range(190)
    ]
    (interval, *_), _ = run(site_of(), steps)
    assert interval["missed"] == [10 * RATE, 0]
    assert interval["regular"] and not interval["complete"]
    assert interval["estimated"] == pytest.approx(10 * COUNTS * RATE * JOULE, rel=1e-6)
    assert interval["energy"][0] == pytest.approx(300 * COUNTS * RATE * JOULE, rel=1e-6)


def test_a_week_without_the_time(bits):
    """Nothing overflows while no interval ends: 40,000 reports, of which each misses many
    samples."""
    said = succeed("week_without_time", given=site_of(), bits=bits, heap="256K")
    samples, missed, start, regular, voltage = json.loads(said)
    assert samples == 40001 * 100000
    assert missed == 2**30 - 1
    assert start == START - samples // RATE
    assert not regular
    assert voltage == pytest.approx([230, 230, 230], rel=5e-4)  # sums in single precision


def test_nobody_takes_them():
    """The newest four are kept, the others are counted."""
    steps = [second(START + 300 * i, 1) for i in range(1, 20)]
    none, end = run(site_of(), steps, taken=False)
    five, quarters = 19, 6  # a report of 1 s each: all begin anew
    assert not none and end[3] == five + quarters - 4


# Seconds from UTC, and the moment at which the highest demand is.
MONTHS = [
    (0, "2026-01-31T23:45"),
    (3600, "2026-01-31T22:45"),
    (-18000, "2026-03-01T04:45"),
    (7200, "2028-02-28T12:00"),  # nothing ends: a leap year
    (0, "2025-12-31T23:45"),
    (3600, "2099-12-31T22:45"),
]


@pytest.mark.parametrize("offset, moment", MONTHS)
def test_the_highest_demand_of_the_month(offset, moment):
    """Quarters of the two days around the moment; the same by Python's calendar."""
    zone = datetime.timezone(datetime.timedelta(seconds=offset))
    peak = datetime.datetime.fromisoformat(moment).replace(tzinfo=datetime.UTC)
    chance = random.Random(moment)
    begin = int(peak.timestamp()) - 86400
    quarters = [(begin + 900 * i, chance.randrange(100, 4000)) for i in range(192)]
    lengths = {i: 1200 for i in range(5, 192, 40)} | {i: 300 for i in range(7, 192, 40)}
    task = {
        "site": site_of(utc_offset=offset),
        "quarters": [[start, w, lengths.get(i, 900)] for i, (start, w) in enumerate(quarters)],
    }
    said = succeed("demand_of_quarters", given=task)
    highest: dict[tuple[int, int], tuple[int, int]] = {}
    months = set()
    for i, (line, (start, watts)) in enumerate(zip(said.splitlines(), quarters, strict=True)):
        local = datetime.datetime.fromtimestamp(start, zone)
        month = (local.year, local.month)
        if lengths.get(i, 900) <= 902:  # a longer one is not a quarter
            months.add(month)
            if month not in highest or watts > highest[month][0]:
                highest[month] = (watts, start)
        watts, at = highest[month] if month in highest else highest[max(months)]
        assert line == f"{watts} {at}"
    assert len(months) == (1 if moment.startswith("2028") else 2)


def test_the_demand_outlives_a_wrong_month():
    """Two quarters, one by a clock 40 days ahead, and the right time again; later that month
    begins with nothing of the wrong time."""
    steps, now = [], START
    wrong = 40 * 86400
    story = [(0, 3000, 3000), (0, 500, 3000), (wrong, 9000, 9000), (0, 700, 3000)]
    story.append((wrong, 200, 200))
    for ahead, watts, right in story:
        steps += [second(now + ahead + 1 + i, watts) for i in range(900)]
        now += 900
        _, (_, _, (highest, at, *_), *_) = run(site_of(), steps)
        assert highest == pytest.approx(right, abs=20) and (at == START) == (right == 3000)


def test_the_demand_so_far_and_its_forecast():
    """A third of a quarter at 3000 W; the rest at 1000 W."""
    steps = [second(START + 1 + i, 3000) for i in range(300)]
    _, (_, _, (highest, at, energy, forecast), *_) = run(site_of(), steps)
    assert (highest, at) == (None, None)
    assert energy == pytest.approx(900_000, abs=1)
    assert forecast == pytest.approx((3000 * 300 + 1000 * 600) / 900, abs=0.01)


def test_what_always_runs():
    """The least quarter of the last 24 hours, by numpy's minimum; solar and battery do not change
    it."""
    site = site_of(4)
    site["loads"] = [
        {"name": "Grid", "role": "grid"}, {"name": "Sun", "role": "solar"},
        {"name": "Cells", "role": "battery"}, {"name": "Oven", "role": "circuit"},
    ]  # fmt: skip
    for point, load in zip(site["points"], site["loads"], strict=True):
        point["load"] = load["name"]
    chance = np.random.default_rng(8)
    house = chance.integers(300, 5000, 192)
    house[20], house[130] = 90, 140
    steps, watts = [], []
    for i, mean in enumerate(house):
        sun, cells = int(chance.integers(0, 4000)), int(chance.integers(-2000, 2000))
        grid = int(mean) - sun + cells
        values = [
            [max(0, round(900 * w / JOULE)), max(0, round(-900 * w / JOULE)), 0]
            for w in (grid, -sun, cells, 0)
        ]
        steps.append(second(START + 900 * (i + 1), samples=900 * RATE, values=values))
        _, end = run(site, steps) if i in (15, 60, 115, 150, 191) else (None, None)
        if end:
            watts.append((i, end[4]))
    for i, got in watts:
        hours = (i // 4 - 23) * 4  # the hour in progress and the 23 before it
        assert got == pytest.approx(house[max(0, hours) : i + 1].min(), abs=1)


def power_of(watts: float) -> list[int]:
    """A point's values over a second."""
    return [max(0, round(watts / JOULE)), max(0, round(-watts / JOULE)), 0]


AWAY = [0, 0, RATE]
# Seconds of a gap before and after 12:15:00.
GAPS = [(60, 0), (1, 0), (0, 60), (30, 30), (59, 1), (1, 59), (10, 3)]


@pytest.mark.parametrize("before, after", GAPS)
@pytest.mark.parametrize("watts", [6000, -2500])
def test_a_gap_at_a_quarters_end_belongs_to_both(watts, before, after):
    """A steady grid whose hub is away around the end of a quarter and of five minutes: each
    interval has its own energy, the month's highest is what was drawn."""
    steps = []
    for i in range(1, 2701):
        away = 900 - before < i <= 900 + after
        steps.append(second(START + i, values=[AWAY if away else power_of(watts), power_of(700)]))
    intervals, (registers, current, demand, *_) = run(site_of(), steps)
    assert [one["start"] for one in intervals if one["length"] == 900] == [
        START + 900 * k for k in range(3)
    ]
    for one in intervals:
        assert one["energy"][0 if watts > 0 else 1] == pytest.approx(
            abs(watts) * one["length"], abs=20
        )
        assert one["regular"]
    for k, length in enumerate((300, 900)):
        columns = zip(current[k], *(x["energy"] for x in intervals if x["length"] == length),
                      strict=True)  # fmt: skip
        assert [sum(column) for column in columns] == registers
    assert demand[0] == pytest.approx(max(0, watts), abs=1)


def test_a_quarter_whose_energy_is_not_known_does_not_count():
    """Away for two minutes before the quarter's end, which is not estimated: the quarter is left
    out of the month's highest, and so is what waits for longer than a minute."""
    steps = []
    for i in range(1, 2701):
        watts = 9000 if i <= 900 else 3000
        steps.append(second(START + i, values=[AWAY if 780 < i <= 900 else power_of(watts), AWAY]))
    intervals, (_, _, demand, *_) = run(site_of(), steps)
    assert demand[:2] == [pytest.approx(3000, abs=1), START + 900]
    first = next(one for one in intervals if one["length"] == 900)
    assert first["doubtful"] == [1, 1]
    assert first["step"] == 899


def test_a_report_of_a_minute_is_divided_at_the_quarters_end():
    """A meter of the grid that is read again 30 s after the quarter began: its counter has gone
    on."""
    steps = [second(START + 1 + i, 4000) for i in range(870)]
    minute = [round(60 * 4000 / JOULE), 0, 0]
    steps.append(second(START + 930, samples=60 * RATE, values=[minute, [0, 0, 0]]))
    steps += [second(START + 931 + i, 4000) for i in range(870)]
    intervals, (_, _, demand, *_) = run(site_of(), steps)
    for one in intervals:
        if one["start"] != START + 600:  # and the quarter; five minutes of it lie in the long one
            assert one["energy"][0] == pytest.approx(4000 * one["length"], abs=20)
    assert demand[0] == pytest.approx(4000, abs=1)


def test_the_rate_for_a_gap_is_not_taken_from_a_part_of_a_report():
    """A capacitor whose hub goes away 5 to 63 samples after a report began, and is back in the
    midst of one: what these samples show is part of a cycle, 2300 W or as much the other way."""
    for part in (5, 63, 1000):
        few = [round(2300 / JOULE * part / RATE), 0, RATE - part]
        steps = [second(START + 1 + i, values=[[0, 0, 0]] * 2) for i in range(10)]
        steps.append(second(START + 11, values=[few, [0, 0, 0]]))
        steps += [second(START + 12 + i, values=[AWAY, [0, 0, 0]]) for i in range(50)]
        steps.append(second(START + 62, values=[few, [0, 0, 0]]))
        steps += [second(START + 63 + i, values=[[0, 0, 0]] * 2) for i in range(10)]
        _, (registers, *_, estimated) = run(site_of(), steps)
        assert registers[0] <= 2 * 2300 * part / RATE + 1 and estimated == 0


BRUSSELS = "CET-1CEST,M3.5.0,M10.5.0/3"


@pytest.mark.parametrize(
    "rule, name, days",
    [
        (BRUSSELS, "Europe/Brussels", ("2026-03-28", "2026-06-30", "2026-10-24", "2026-12-30")),
        ("NZST-12NZDT,M9.5.0,M4.1.0/3", "Pacific/Auckland", ("2026-04-04", "2026-09-26")),
        ("<+0330>-3:30", "Asia/Tehran", ("2026-03-21",)),
    ],
)
def test_days_of_23_24_and_25_hours(rule, name, days):
    """A joule in each minute of three days: today begins at local midnight, by zoneinfo; the
    report that ends at midnight is the last one of its day."""
    zone = zoneinfo.ZoneInfo(name)
    site = site_of() | {"tz": rule}
    for day in days:
        midnight = datetime.datetime.fromisoformat(day).replace(tzinfo=zone)
        first = int(midnight.timestamp())
        counts = round(1000 / JOULE)
        steps = [[(first + 60 * k) * 1000, counts] for k in range(1, 3 * 1440)]
        said = succeed("count_today", given={"site": site, "steps": steps}, heap="2M")
        counted, lengths, before = 0, [], None
        for (now, _), line in zip(steps, said.splitlines(), strict=True):
            date = datetime.datetime.fromtimestamp(now / 1000 - 1, zone).date()
            if before is not None and date != before:
                lengths.append(counted)
                counted = 0
            before = date
            counted += 1
            joules, number = map(int, line.split())
            assert joules == pytest.approx(1000 * counted, abs=3)
            assert number == date.toordinal() - datetime.date(1970, 1, 1).toordinal()
        next_ = midnight + datetime.timedelta(days=1)
        after = midnight + datetime.timedelta(days=2)
        assert lengths[:2] == [
            int(next_.timestamp() - first) // 60,
            int(after.timestamp() - next_.timestamp()) // 60,
        ]


def test_the_month_begins_at_local_midnight():
    """Brussels, summer: the quarter from 22:00 UTC on 30 June is July's."""
    june = int(datetime.datetime(2026, 6, 30, 21, 45, tzinfo=datetime.UTC).timestamp())
    steps = [second(june + 1 + i, 5000 if i < 900 else 1000) for i in range(1800)]
    _, (_, _, demand, *_) = run(site_of() | {"tz": BRUSSELS}, steps)
    assert demand[:2] == [pytest.approx(1000, abs=1), june + 900]
    _, (_, _, demand, *_) = run(site_of(utc_offset=3600), steps)
    assert demand[:2] == [pytest.approx(5000, abs=1), june]


def test_no_grid_no_demand():
    """A house whose grid has no point: no month's highest, no forecast, no energy."""
    site = site_of()
    site["points"] = site["points"][1:]
    steps = [second(START + 1 + i, values=[power_of(500)]) for i in range(1000)]
    _, (_, _, demand, *_) = run(site, steps)
    assert demand == [None] * 4


def test_what_always_runs_is_forgotten_after_a_day():
    """A house at 300 W for an hour, then nothing is measured for 40 h: 24 hours later there is no
    answer any more."""
    steps = [second(START + 1 + i, 300) for i in range(3600)]
    steps += [second(START + 3600 + 900 * i, samples=900 * RATE, values=[[0, 0, 900 * RATE]] * 2)
              for i in range(1, 160)]  # fmt: skip
    for hours, known in ((1, True), (20, True), (24, False), (39, False)):
        _, end = run(site_of(), steps[: 3600 + 4 * hours])
        assert end[4] == (pytest.approx(300, abs=1) if known else None), hours


def test_published_when_the_clock_says_so():
    """A gateway that starts 6 s before 12:05: at 12:05:00 `aggregated` has what the registers of
    `realtime` had then, of every point; the demand begins anew at 12:15 and not then."""
    house = load_house(ROOT / "tools" / "houses" / "delta.toml")
    plan = house.site_json()
    with (
        Broker() as broker,
        Listener(plan, broker.port) as listener,
        Session(
            Installation(house), plan, mqtt=mqtt_at(broker.port), epoch=START + 300 - 6
        ) as session,
    ):
        (aggregated,) = listener.wait("aggregated")
        totals = listener.wait("totals", len(listener.of("totals")) + 2)[-1]
        session.check()
    assert aggregated["utcTimeStamp"] == START * 1000
    assert not aggregated["regular"] and 3 < aggregated["seconds"] < 6
    energies = [
        (channel["importEnergy"], channel["exportEnergy"])
        for channel in aggregated["intervalDatas"][0]["channelIntervalDatas"]
    ]
    assert sum(map(sum, energies)) > 5000
    same = [
        message["utcTimeStamp"] / 1000 - START
        for message in listener.of("realtime")
        if energies
        == [(one["importEnergy"], one["exportEnergy"]) for one in message["channelPowers"]]
    ]
    assert same == [pytest.approx(300, abs=0.3)]
    assert totals["demand"]["start"] == START
    assert totals["demand"]["energy"] > aggregated["totals"]["gridImport"]
    assert totals["demand"]["month"] is None


def pump(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            to.sendall(data)


def test_an_interval_waits_for_the_broker():
    """The way to the broker opens some seconds after the interval has ended."""
    house = load_house(ROOT / "tools" / "houses" / "delta.toml")
    plan, port = house.site_json(), free_port()
    with (
        Broker() as broker,
        Listener(plan, broker.port) as listener,
        Session(Installation(house), plan, mqtt=mqtt_at(port), epoch=START + 300 - 4) as session,
    ):
        time.sleep(8)
        with (
            socket.create_server((HOST, port)) as door,
            door.accept()[0] as gateway,
            socket.create_connection((HOST, broker.port)) as way,
        ):
            for ends in ((gateway, way), (way, gateway)):
                threading.Thread(target=pump, args=ends, daemon=True).start()
            assert listener.wait("aggregated")[0]["utcTimeStamp"] == START * 1000
            session.check()


def test_reports_end_with_seconds_of_the_clock():
    """From the third report on, within a window's half."""
    ends = [report["ms"] for report in first(12, reports(Eventful(load_house(DEFAULT_HOUSE))))]
    off = [(ms - 40 + 500) % 1000 - 500 for ms in ends[2:]]  # 40 ms: how late a block is complete
    assert max(map(abs, off)) <= 140, off
