"""Schedules beside Python's datetime; what is refused in site.json's b_bus."""

from __future__ import annotations

import copy
import datetime
import itertools
import json

import pytest
from gateway_host.image import FIRMWARE
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from in_interpreter import succeed


def run(program: str, task, bits: int, tmp_path) -> list[str]:
    return succeed(program, given=task, bits=bits, heap="1M", cwd=tmp_path).splitlines()


def is_on(days: str, begin: int, end: int, moment: datetime.datetime) -> bool:
    """Whether a schedule is on, by the calendar: begun today, or yesterday over midnight."""
    for back in (0, 1):
        day = moment.date() - datetime.timedelta(days=back)
        start = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(minutes=begin)
        length = (end - begin) % 1440
        inside = start <= moment < start + datetime.timedelta(minutes=length)
        if inside and str(day.isoweekday()) in days:
            return True
    return False


# Of 29 March and 25 October 2026 in Brussels: from, to; what the clock shows when it switches.
CLOCK_CHANGES = [
    ("01:00", "06:00", "2026-03-29T01:00+01:00", "2026-03-29T06:00+02:00"),
    ("02:30", "06:00", "2026-03-29T03:00+02:00", "2026-03-29T06:00+02:00"),
    ("01:30", "02:30", "2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00"),
    ("02:15", "02:45", "2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"),
    ("02:00", "03:00", "2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"),
    ("22:00", "02:30", "2026-03-28T22:00+01:00", "2026-03-29T03:00+02:00"),
    ("12:00", "11:00", "2026-03-28T12:00+01:00", "2026-03-29T11:00+02:00"),
    ("01:00", "06:00", "2026-10-25T01:00+02:00", "2026-10-25T06:00+01:00"),
    ("02:30", "06:00", "2026-10-25T02:30+02:00", "2026-10-25T06:00+01:00"),
    ("01:30", "02:30", "2026-10-25T01:30+02:00", "2026-10-25T02:30+02:00"),
    ("02:15", "02:45", "2026-10-25T02:15+02:00", "2026-10-25T02:45+02:00"),
    ("02:30", "03:00", "2026-10-25T02:30+02:00", "2026-10-25T03:00+01:00"),
    ("22:00", "02:30", "2026-10-24T22:00+02:00", "2026-10-25T02:30+02:00"),
]


def test_schedules_on_the_days_of_23_and_25_hours(bits, tmp_path):
    """Each is on once, from and until the moments in the table; the day before and the day after
    it is on once as well."""

    def minute(text: str) -> int:
        hours, minutes = map(int, text.split(":"))
        return 60 * hours + minutes

    tasks, moments = [], []
    for begin, end, on, _ in CLOCK_CHANGES:
        middle = datetime.datetime.fromisoformat(on).replace(hour=12)
        first = int((middle - datetime.timedelta(days=2)).timestamp())
        times = list(range(first, first + 4 * 86400, 300))
        tasks.append(["CET-1CEST,M3.5.0,M10.5.0/3", "1234567", minute(begin), minute(end), times])
        moments.append(times)
    for case, times, line in zip(
        CLOCK_CHANGES, moments, run("run_schedules", tasks, bits, tmp_path), strict=True
    ):
        changes = [
            (time, new)
            for time, new in zip(times, json.loads(line), strict=True)
            if new is not None
        ]
        on, off = (int(datetime.datetime.fromisoformat(text).timestamp()) for text in case[2:])
        assert (on, True) in changes and (off, False) in changes, case
        assert changes.index((off, False)) == changes.index((on, True)) + 1
        assert 3 <= sum(new for _, new in changes) <= 4
        for one, next_ in itertools.pairwise(changes):
            assert one[1] != next_[1]


def test_schedules_by_the_calendar(bits, tmp_path):
    """Changes only, every ten minutes of three weeks over a leap day."""
    first = datetime.datetime(2028, 2, 20)
    moments = [first + datetime.timedelta(minutes=10 * k) for k in range(3 * 7 * 144)]
    zero = datetime.datetime(1970, 1, 1)
    times = [int((moment - zero).total_seconds()) for moment in moments]
    cases = [("1234567", 390, 1320), ("12345", 1320, 390), ("67", 0, 1), ("3", 1430, 1420)]
    found = run("run_schedules", [["UTC0", *case, times] for case in cases], bits, tmp_path)
    for case, line in zip(cases, found, strict=True):
        states = [is_on(*case, moment) for moment in moments]
        changes = [None] + [
            new if new != old else None for old, new in zip(states, states[1:], strict=False)
        ]
        assert json.loads(line) == changes


PLAN = load_house(DEFAULT_HOUSE).site_json()
INPUTS, OUTPUTS = ("b_bus", "input_modules", 0), ("b_bus", "output_modules", 0)
RULE = ("b_bus", "automations", 0)
METER = {"name": "M", "unit": 2, "profile": "SDM120"}
CHANGES = [
    (("b_bus", "colour"), 1, "b_bus.colour: is not known"),
    ((*INPUTS, "colour"), 1, "input_modules[0].colour: is not known"),
    ((*INPUTS, "inputs", 0, "colour"), 1, "inputs[0].colour: is not known"),
    ((*OUTPUTS, "outputs", 0, "colour"), 1, "outputs[0].colour: is not known"),
    ((*RULE, "rule", "off-for"), 1, "rule.off-for: is not known"),
    ((*INPUTS, "serial"), "5710000011", 'input_modules[0].serial: "5710000011"'),
    ((*INPUTS, "inputs", 0, "input"), "E", 'inputs[0].input: "E" is not known'),
    ((*INPUTS, "inputs", 1, "input"), "A", "inputs[1].input: A is used twice"),
    ((*INPUTS, "inputs", 0, "mode"), "count", "inputs[0].mode"),
    ((*INPUTS, "inputs", 0, "unit"), "gallon", "inputs[0].unit"),
    ((*INPUTS, "inputs", 0, "per_pulse"), 0, "inputs[0].per_pulse: must be from"),
    ((*INPUTS, "inputs", 1, "debounce"), 2000, "inputs[1].debounce"),
    ((*INPUTS, "inputs", 1, "name"), "Water", "is there twice"),
    ((*OUTPUTS, "outputs", 0, "contact"), "NX", "outputs[0].contact"),
    ((*OUTPUTS, "outputs", 0, "fail_safe"), "maybe", "outputs[0].fail_safe"),
    ((*OUTPUTS, "outputs", 0, "min_on"), 4000, "outputs[0].min_on"),
    ((*RULE, "output"), "Nobody", '"Nobody" is no output and no group'),
    ((*RULE, "rule", "value"), "wind", "rule.value"),
    ((*RULE, "rule", "below"), 5000, "rule.below"),
    ((*RULE, "schedule"), {"from": "1:00", "to": "2:00"}, "a schedule or a rule"),
    (RULE, {"output": "Boiler", "schedule": {"from": "24:00", "to": "2:00"}}, '"24:00" is not a'),
    (RULE, {"output": "Boiler", "schedule": {"from": "2:00", "to": "2:00"}}, "schedule.to"),
    (RULE, {"output": "Boiler", "schedule": {"days": "8", "from": "1:00", "to": "2:00"}}, "days"),
    (("b_bus", "meters"), [METER | {"unit": 61}], "meters[0].unit: must be 1 to 246"),
    (("b_bus", "meters"), [METER | {"unit": 11}], "meters[0].unit"),
    (("b_bus", "meters"), [METER | {"profile": "SDM999"}], "SDM999: there is no such profile"),
    (("b_bus", "meters"), [METER, METER | {"name": "N"}], "meters[1].unit: 2 is used twice"),
    (
        ("points", 0),
        {"meter": "M", "input": "A", "phase": "L1", "load": "Grid"},
        "points[0].meter",
    ),
]


@pytest.mark.parametrize("bits", [32], indirect=True)
def test_what_is_wrong_in_b_bus_is_refused(bits, tmp_path):
    tables = []
    for path, value, _ in CHANGES:
        table = copy.deepcopy(PLAN)
        place = table
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        tables.append(table)
    eleven = copy.deepcopy(PLAN)
    eleven["b_bus"]["input_modules"] += [
        {"serial": f"57000002{k:02d}", "inputs": []} for k in range(9)
    ]
    *found, last, good = run("judge_sites", [*tables, eleven, PLAN], bits, tmp_path)
    for (_, _, words), said in zip(CHANGES, found, strict=True):
        assert words in said
    assert "11 Input and Output modules" in last and good == "taken"


@pytest.mark.parametrize("bits", [32], indirect=True)
def test_whatever_is_of_a_wrong_type_is_refused_in_one_line(bits, tmp_path):
    """By a ValueError: nothing else is raised by what cannot be taken apart."""
    table = copy.deepcopy(PLAN)
    table["points"][1:] = [
        table["points"][1] | {"reversed": True, "ratio": 2, "phase_shift": 1, "harmonics": True},
        {"meter": "M", "input": "A", "phase": "L2", "load": "Grid"},
    ]
    table["loads"] = [load for load in table["loads"] if load["name"] == "Grid"]
    table |= {"voltage_ratio": 5, "synthesised": {"L2": {"from": "L1", "degrees": -120}}}
    table["b_bus"]["meters"] = [METER | {"profile": "odd"}]
    table["b_bus"]["output_modules"][0]["outputs"][0]["group"] = "Heat"
    schedule = {"days": "12345", "from": "22:00", "to": "06:30"}
    table["b_bus"]["automations"].append({"output": "Heat", "schedule": schedule})
    profile = json.loads((FIRMWARE / "b_bus" / "profiles" / "SDM120.json").read_text())
    profile["registers"] = profile["registers"][:3]
    profiles, taken, tables = run("wrong_sites", [table, profile], bits, tmp_path)
    assert int(profiles) > 100 and taken == "True" and int(tables) > 500
