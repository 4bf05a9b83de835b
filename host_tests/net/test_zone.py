"""Local time by a rule (site/zone.py) against Python's zoneinfo: the zones of the world, each
change of many years, and rules of every form."""

from __future__ import annotations

import datetime
import json
import os
import random
import subprocess
import sys
import zoneinfo

import pytest
from gateway_host import zones
from in_interpreter import program, succeed


def local_times(wanted: str, tasks: list, heap: str = "4M", bits: int = 32) -> list[list[int]]:
    """A line of what programs/local_times.py prints for each task."""
    printed = succeed("local_times", wanted, given=tasks, heap=heap, bits=bits)
    return [json.loads(line) for line in printed.splitlines()]


def offsets(tasks: list[tuple[str, list[int]]], bits: int = 32) -> list[list[int]]:
    return local_times("offsets", tasks, bits=bits)


def seconds(year: int) -> int:
    return int(datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp())


def changes(zone: datetime.tzinfo, begin: int, end: int) -> list[int]:
    """The epoch seconds between these two at which the zone's offset changes."""

    def offset(time: int) -> datetime.timedelta | None:
        return datetime.datetime.fromtimestamp(time, zone).utcoffset()

    found = []
    step = 2 * 86400
    before = offset(begin)
    for start in range(begin, end, step):
        low, high, early = start, start + step, before
        before = offset(high)
        if before == early:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        found.append(high)
    return found


def times_of(zone: datetime.tzinfo, begin: int, end: int) -> list[int]:
    """Around each change, and at random."""
    chance = random.Random(1)
    times = [t + k for t in changes(zone, begin, end) for k in (-3601, -1, 0, 1, 3599, 7201)]
    return times + [chance.randrange(begin, end) for _ in range(200)]


def right(zone: datetime.tzinfo, times: list[int]) -> list[int]:
    return [
        int(datetime.datetime.fromtimestamp(t, zone).utcoffset().total_seconds()) for t in times
    ]


ZONES = sorted(
    name
    for name in zoneinfo.available_timezones()
    if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/", "posix", "right"))
)
# What these do until 2087 (Ramadan) is in tables, not in a rule.
NO_RULE = {"Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron"}


def test_the_zones_of_the_world(bits):
    """From 2040 on, where zoneinfo has rules alone: each change of four years that follow each
    other, one of them a leap year, and others."""
    if not ZONES:
        pytest.skip("no time zones on this machine: install the package tzdata")
    tasks, expected = [], []
    for name in set(ZONES) - NO_RULE:
        zone = zoneinfo.ZoneInfo(name)
        times = times_of(zone, seconds(2040), seconds(2044))
        tasks.append((zones.rule(name), times))
        expected.append(right(zone, times))
    for task, got, want in zip(tasks, offsets(tasks, bits), expected, strict=True):
        assert got == want, task[0]
    assert len(tasks) > 300


def test_a_hundred_years_of_brussels():
    """From the year in which its present rule began."""
    zone = zoneinfo.ZoneInfo("Europe/Brussels")
    times = times_of(zone, seconds(1997), seconds(2100))
    assert offsets([(zones.rule("Europe/Brussels"), times)]) == [right(zone, times)]
    assert len(changes(zone, seconds(1997), seconds(2100))) == 206


# Of every form of RFC 8536, section 3.3.1.
FORMS = [
    "UTC0", "CET-1", "<+0330>-3:30", "<-00>0", "EST5EDT4,M3.2.0,M11.1.0",
    "CET-1CEST,M3.5.0,M10.5.0/3", "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-2IDT,M3.4.4/26,M10.5.0",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "AAA3BBB,J60/0,J300/0", "AAA3BBB,59,299/12:30:15",
    "AAA-12:59:59BBB-14:30,M2.1.1/-167,M11.5.6/167", "IST-1GMT0,M10.5.0,M3.5.0/1",
    "AAA3BBB,J59/2,364/2", "XXX+4YYY,M2.5.3,M3.1.4/144",
]  # fmt: skip


@pytest.mark.parametrize("rule", FORMS)
def test_every_form_of_a_rule(rule):
    """Each hour and a half of seven years, and at random, against the C library, which reads the
    same rule from the environment. (zoneinfo takes 59 and J59 for other days.)"""
    chance = random.Random(1)
    begin, end = seconds(2023), seconds(2030)
    times = list(range(begin, end, 5400)) + [chance.randrange(begin, end) for _ in range(500)]
    done = subprocess.run(
        [sys.executable, program("cpython/c_library_offsets")],
        input=json.dumps(times), capture_output=True, text=True, check=True,
        env={**os.environ, "TZ": rule},
    )  # fmt: skip
    assert offsets([(rule, times)]) == [json.loads(done.stdout)]


def test_a_change_in_another_year_than_its_own():
    """Hours from -167 to 167 (RFC 8536): the change of 2026 is on 29 December 2025, or the other
    one on 2 January 2027. (The C library looks at one year's changes alone.)"""
    monday = datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC).timestamp()
    begins = int(monday) - 167 * 3600 - 3600
    assert datetime.datetime.fromtimestamp(begins, datetime.UTC).year == 2025
    saturday = datetime.datetime(2026, 12, 26, tzinfo=datetime.UTC).timestamp()
    ends = int(saturday) + 167 * 3600 - 7200
    assert datetime.datetime.fromtimestamp(ends, datetime.UTC).year == 2027
    early, late = "AAA-1BBB,M1.1.1/-167,M6.1.0", "AAA-1BBB,M6.1.0,M12.5.6/167"
    tasks = [(early, [begins - 1, begins, begins + 10 * 86400]), (late, [ends - 1, ends])]
    assert offsets(tasks) == [[3600, 7200, 7200], [7200, 3600]]


def test_summer_time_all_the_year():
    """The example of RFC 8536: one year's summer time ends when the next one's begins."""
    times = list(range(seconds(2023), seconds(2026), 3600))
    assert set(offsets([("EST5EDT,0/0,J365/25", times)])[0]) == {-4 * 3600}


WRONG = [
    "", "CET", "CE-1", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
    "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
    "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-1CEST,J0,J300",
    "CET-1CEST,J366,J300", "CET-1CEST,366,300", "<+01-1", "<+1>-1", "Europe/Brussels", "CET-1:60",
    "CET-1CEST,M3.5.0,M10.5.0/", "CET 1", "CET-1CEST,M3.5,M10.5.0", "CET--1", "é-1", "123-1",
]  # fmt: skip


def test_what_is_no_rule_is_refused():
    assert succeed("refuse_zones", given=WRONG).split() == ["refused"] * len(WRONG)


@pytest.mark.parametrize(
    "name",
    ["Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Etc/UTC"],
)
def test_when_the_local_clock_shows_a_time(name):
    """Each quarter of an hour of four years: the first of two, the change where there is none
    (by PEP 495: the offset before the change, unless the time is not there)."""
    zone = zoneinfo.ZoneInfo(name)
    local, expected = [], []
    for time in range(seconds(2040), seconds(2042), 900):
        naive = datetime.datetime.fromtimestamp(time, datetime.UTC).replace(tzinfo=None)
        early = naive.replace(tzinfo=zone, fold=0)
        utc = int(early.timestamp())
        if early.astimezone(datetime.UTC).astimezone(zone).replace(tzinfo=None) != naive:
            (utc,) = changes(zone, utc - 43200, utc + 43200)  # not there
        local.append(time)
        expected.append(utc)
    assert local_times("utc", [(zones.rule(name), local)], heap="64M") == [expected]


def test_months_by_pythons_calendar():
    days = list(range(-3000, 60000, 7))
    dates = [datetime.date(1970, 1, 1) + datetime.timedelta(days=day) for day in days]
    months = [12 * (d.year - 1970) + d.month - 1 for d in dates]
    assert local_times("months", [[days]]) == [months]
