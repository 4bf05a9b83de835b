"""What is published, number by number: readings in, JSON out, against docs/cloud.md and the
original's units. Whole messages of a running gateway are in test_uplink.py."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from in_interpreter import succeed


def site_of(
    points: list[tuple[str, str]], roles: dict[str, str], scheme: str = "3x400+N"
) -> dict[str, Any]:
    """A site.json; a point is (phase, load)."""
    return {
        "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
        "utc_offset": 0, "scheme": scheme, "frequency": 50, "head": "5020000001",
        "points": [
            {"node": f"55000000{i // 4:02}", "input": "ABCD"[i % 4], "ct": "AC-CT-50A",
             "phase": phase, "load": load}
            for i, (phase, load) in enumerate(points)
        ],
        "loads": [{"name": name, "role": role} for name, role in roles.items()],
    }  # fmt: skip


def reading(power: float, reactive: float, factor: float | None = None) -> dict[str, float]:
    apparent = math.hypot(power, reactive)
    if factor is None:
        factor = power / apparent
    return {"power": power, "reactive": reactive, "apparent": apparent, "factor": factor,
            "current": apparent / 230, "voltage": 230.0}  # fmt: skip


NOTHING = dict.fromkeys(("power", "reactive", "apparent", "factor", "current", "voltage"))


def payloads(
    bits: int, site: dict, readings: list[dict], program: str = "publish_topics", **change: Any
) -> list[bytes]:
    """`realtime`, `site`, `channelConfigV2`, `quality`, `totals` as bytes."""
    task = {
        "site": site,
        "readings": readings,
        "voltages": [230.1, 229.8, 231.0],
        "points": [[0, 0, 0, 0]] * len(site["points"]),
        "loads": [[0, 0, 0, 0]] * len(site["loads"]),
        "reactive": [],
        "events": [],
        "lines": [None] * 3,
        "clipped": [],
        "unbalance": None,
        "microhertz": 50012345,
        "samples": 3200,
        "now": 1764000001000,
        "checked": True,
    } | change
    return succeed(program, given=task, bits=bits, heap="1M").encode().splitlines()


def published(bits: int, *arguments: Any, **change: Any) -> list[Any]:
    return [json.loads(text) for text in payloads(bits, *arguments, **change)]


ROLES = {"Grid": "grid", "Sun": "solar", "Cells": "battery", "Oven": "circuit"}
POINTS = [("L1", "Grid"), ("L2", "Grid"), ("L3", "Grid"), ("L1", "Sun"), ("L2", "Cells"),
          ("L3", "Oven")]  # fmt: skip
READINGS = [
    reading(1234.5678, 56.789),
    reading(-2000.4, -300.5),
    reading(100.7, 10.6),
    reading(-3400.21, 12.3),
    reading(500.25, 1.0),
    reading(700.1, 20.0),
]


def test_units_of_the_original(bits):
    realtime, *_ = published(bits, site_of(POINTS, ROLES), READINGS)
    assert realtime["utcTimeStamp"] == 1764000001000
    assert realtime["measuredFrequency"] == 50012345
    assert realtime["totalPower"] == round(1234.5678 - 2000.4 + 100.7)
    assert realtime["totalReactivePower"] == round(56.789 - 300.5 + 10.6)
    first = realtime["channelPowers"][0]
    assert first == {
        "publishIndex": 0, "ctInput": 0, "formula": "$5500000000/0$",
        "power": 1235, "apparentPower": 1236,
        "reactivePower": 57, "cosPhi": 99, "current": 54, "importEnergy": 0, "exportEnergy": 0,
        "phaseId": 0,
    }  # fmt: skip
    assert [channel["phaseId"] for channel in realtime["channelPowers"]] == [0, 1, 2, 0, 1, 2]
    assert realtime["voltages"] == [
        {"voltage": 230, "phaseId": 0},
        {"voltage": 230, "phaseId": 1},
        {"voltage": 231, "phaseId": 2},
    ]


# Power factor as measured, cosPhi: percent, truncated toward zero.
FACTORS = [(1.0, 100), (0.999, 99), (0.995, 99), (0.5049, 50), (0.009, 0), (0.0, 0), (-0.009, 0),
           (-0.5049, -50), (-0.995, -99), (-0.9999, -99), (-1.0, -100), (None, 0)]  # fmt: skip


def test_power_factor_is_truncated_toward_zero(bits):
    points = [(f"L{1 + i % 3}", "Oven") for i in range(len(FACTORS))]
    readings = [{**reading(100, 1), "factor": factor} for factor, _ in FACTORS]
    realtime, site, *_ = published(bits, site_of(points, {"Oven": "circuit"}), readings)
    shown = [channel["cosPhi"] for channel in realtime["channelPowers"]]
    assert shown == [percent for _, percent in FACTORS]
    assert [p["factor"] for p in site["points"]] == [factor for factor, _ in FACTORS]


def test_the_flow_and_place_of_each_point(bits):
    """The sun is production at the grid, where the original's clients look for it."""
    *_, config, _, _ = published(bits, site_of(POINTS, ROLES), READINGS)
    measurements = config["dataProcessingSpecification"]["measurements"]
    found = {m["name"]: (m["flow"], m["connectionType"]) for m in measurements}
    expected = {
        "grid": ("CONSUMPTION", "GRID"), "solar": ("PRODUCTION", "GRID"),
        "battery": ("CONSUMPTION", "SUBMETER"), "circuit": ("CONSUMPTION", "SUBMETER"),
    }  # fmt: skip
    assert found == {name: expected[role] for name, role in ROLES.items()}


def test_what_was_not_measured_is_null_in_the_originals_too(bits):
    readings = [READINGS[0], NOTHING, *READINGS[2:]]
    change = {"voltages": [230.1, None, 231.0], "microhertz": 0}
    realtime, site, *_ = published(bits, site_of(POINTS, ROLES), readings, **change)
    assert len(realtime["channelPowers"]) == 6
    lost = realtime["channelPowers"][1]
    assert lost == {
        "publishIndex": 1, "ctInput": 1, "formula": "$5500000000/1$",
        "power": None, "apparentPower": None,
        "reactivePower": None, "cosPhi": 0, "current": None, "importEnergy": 0, "exportEnergy": 0,
        "phaseId": 1,
    }  # fmt: skip
    assert [voltage["voltage"] for voltage in realtime["voltages"]] == [230, None, 231]
    assert realtime["measuredFrequency"] is None
    assert realtime["totalPower"] is None and realtime["totalReactivePower"] is None
    assert {name: site["points"][1][name] for name in NOTHING} == NOTHING
    assert site["voltages"] == [230.1, None, 231.0]
    assert site["frequency"] is None
    assert site["loads"][0]["power"] is None  # the sum of two phases is not that of three
    assert site["totals"]["grid"] is None and site["totals"]["house"] is None
    assert site["totals"]["solar"] == -3400.21


def test_site_in_si_units(bits):
    _, site, *_ = published(bits, site_of(POINTS, ROLES), READINGS, samples=3120)
    assert (site["time"], site["frequency"], site["seconds"]) == (1764000001, 50.0123, 0.975)
    assert site["points"][0] == {
        "power": 1234.57, "reactive": 56.79, "apparent": 1235.87, "factor": 0.9989,
        "current": 5.373, "voltage": 230.0, "import": 0, "export": 0, "missing": 0,
        "estimated": 0,
    }  # fmt: skip
    assert [load["name"] for load in site["loads"]] == list(ROLES)
    assert [load["role"] for load in site["loads"]] == list(ROLES.values())
    grid = 1234.5678 - 2000.4 + 100.7
    assert site["loads"][0]["power"] == pytest.approx(grid, abs=0.0051)
    totals = site["totals"]
    assert totals["grid"] == pytest.approx(grid, abs=0.0051)
    assert (totals["solar"], totals["battery"]) == (-3400.21, 500.25)
    # grid - solar - battery, docs/cloud.md
    assert totals["house"] == pytest.approx(grid + 3400.21 - 500.25, abs=0.0051)


def test_energies_of_the_day(bits):
    """[imported, exported, and both at midnight] of grid, solar, battery and a circuit."""
    loads = [[9000, 800, 2000, 300], [5, 70000, 2, 30000], [650, 400, 50, 100], [10**15, 1, 0, 0]]
    points = [[10**15 + i, 10 * i, 0, 0] for i in range(6)]
    change = {"loads": loads, "points": points}
    realtime, site, *_ = published(bits, site_of(POINTS, ROLES), READINGS, **change)
    assert site["totals"]["today"] == {
        "gridImport": 7000,
        "gridExport": 500,
        "solar": 40000,
        "batteryCharge": 600,
        "batteryDischarge": 300,
        "house": 7000 - 500 + 40000 - 3 + 300 - 600,  # 3: what the inverter took
        "circuits": 10**15 - 1,
    }
    _, sun, _, oven = site["loads"]
    assert (sun["import"], sun["export"], sun["todayImport"], sun["todayExport"]) == (
        5, 70000, 3, 40000,
    )  # fmt: skip
    assert oven["import"] == 10**15  # beyond what a float or a word holds on the device
    assert [p["import"] for p in site["points"]] == [10**15 + i for i in range(6)]
    assert realtime["totalImportEnergy"] == 6 * 10**15 + 15
    assert realtime["totalExportEnergy"] == 150
    assert [c["exportEnergy"] for c in realtime["channelPowers"]] == [10 * i for i in range(6)]


# Scheme, the original's name for it, phases.
SCHEMES = [("1x230", "SINGLE", 1), ("3x400+N", "THREE_STAR", 3), ("3x230", "THREE_DELTA", 3),
           ("2x120/240", "DUAL", 2), ("3x347/600", "THREE_STAR", 3)]  # fmt: skip


@pytest.mark.parametrize("scheme, name, phases", SCHEMES)
def test_phases_of_the_schemes(scheme, name, phases):
    site = site_of([("L1", "Oven")], {"Oven": "circuit"}, scheme)
    realtime, own, config, *_ = published(32, site, [READINGS[0]])
    assert config["dataProcessingSpecification"]["phaseType"] == name
    assert [voltage["phaseId"] for voltage in realtime["voltages"]] == list(range(phases))
    assert len(own["voltages"]) == phases


def test_synthesised_voltages_are_named():
    site = site_of([("L1", "Oven")], {"Oven": "circuit"})
    _, own, *_ = published(32, site, [READINGS[0]])
    assert "synthesised" not in own
    site["synthesised"] = {
        "L3": {"from": "L1", "degrees": 120},
        "L2": {"from": "L1", "degrees": -120},
    }
    _, own, *_ = published(32, site, [READINGS[0]])
    assert own["synthesised"] == ["L2", "L3"]


def test_without_time_and_without_roles(bits):
    site = site_of([("L1", "Oven")], {"Oven": "circuit"})
    realtime, own, config, _, rest = published(bits, site, [READINGS[0]], now=None)
    assert (
        realtime["utcTimeStamp"] == config["utcTimeStamp"] == 0
    )  # the original has no other word
    assert own["time"] is None
    assert realtime["totalPower"] is None
    today = own["totals"]["today"]
    assert {name for name in today if today[name] is None} == set(today) - {"house", "circuits"}
    assert rest["today"] == {"selfConsumption": None, "rest": None}
    assert [rest["demand"][name] for name in ("energy", "forecast", "month")] == [None] * 3
    totals = own["totals"]
    assert [totals[name] for name in ("grid", "solar", "battery")] == [None] * 3
    assert totals["house"] == own["loads"][0]["power"]  # what its circuits take


# Names as long as they may be, 40 characters and 80 bytes, but for a number.
NAMES = ["e" * 38, "ж" * 38, "湿" * 26, "😀" * 19, '"' * 38, "\\" * 38, "\n" * 38, "\x01" * 13]


@pytest.mark.parametrize("name", NAMES)
def test_the_longest_messages(name):
    """28 points of 28 loads with the longest names and numbers, in any script."""
    roles = {name + f"{i:02}": "circuit" for i in range(28)}
    points = [(f"L{1 + i % 3}", name) for i, name in enumerate(roles)]
    readings = [reading(-1234567.891, -1234567.891)] * 28
    registers = [[10**14, 10**14, 1, 1]] * 28
    change = {"points": registers, "loads": registers, "reactive": [10**14] * 4 * 28}
    change["events"] = [[2, 16000, 0x3FFFFFFF, 0x3FFFFFF, 7]] * 1000
    messages = payloads(32, site_of(points, roles), readings, **change)
    _, own, config, *_ = map(json.loads, messages)
    assert [load["name"] for load in own["loads"]] == list(roles)
    assert len(config["dataProcessingSpecification"]["measurements"]) == 28


def test_more_points_than_the_a_bus_has():
    """28 on the A-bus and 42 of meters on the B-bus, with the longest numbers."""
    points = [(f"L{1 + i % 3}", f"Load {i // 3}") for i in range(70)]
    table = site_of(points, {f"Load {k}": "circuit" for k in range(24)})
    for i in range(28, 70):
        table["points"][i] |= {"meter": f"Meter {i // 3}"}
    most = 21474836.47
    longest = {"angle": -179.96, "apparent": most, "current": 21474.83}
    readings = [reading(-most, -most) | longest for _ in points]
    largest = [[10**16, 10**16, 1, 1]]
    change = {"points": largest * 70, "loads": largest * 24, "reactive": [10**18] * 4 * 70}
    change["checked"] = False
    realtime, own, _, quality, _ = published(32, table, readings, **change)
    assert [len(realtime["channelPowers"]), len(own["points"]), len(own["loads"])] == [70, 70, 24]
    assert {point["power"] for point in own["points"]} == {-21474836.47}
    assert {tuple(q) for q in quality["reactive"]} == {(10**18,) * 4}


def test_quality(bits):
    angles = (12.34, None, -170.06, 0, 1, 2)
    readings = [one | {"angle": angle} for one, angle in zip(READINGS, angles, strict=True)]
    readings[2]["saturated"] = 1
    change = {"reactive": list(range(10**14, 10**14 + 24)), "lines": [399.123, None, 400.0]}
    square = (1.15 * 230 / 0.015) ** 2 / 128
    change["events"] = [[0, 0, 1, 1, 1], [1, 4000, 320, round(square), 5]]
    change["events"] += [[2, 16000, 10240, 0, 2]] * 7
    change |= {"unbalance": 0.934, "clipped": [0, 2]}
    *_, quality, _ = published(bits, site_of(POINTS, ROLES), readings, **change)
    assert quality == {
        "time": 1764000001,
        "lineVoltages": [399.12, None, 400.0],
        "unbalance": 0.93,
        "angles": [12.3, None, -170.1, 0, 1, 2],
        "reactive": [[10**14 + 4 * i + q for q in range(4)] for i in range(6)],
        "saturated": [2],
        "clippedVoltages": ["L1", "L3"],
        "events": {
            "ended": 9,
            "active": ["dip"],
            "last": [
                {
                    "kind": "swell",
                    "phases": ["L1", "L3"],
                    "start": 1763999992,
                    "seconds": 0.1,
                    "percent": 115.0,
                }
            ]
            + [
                {
                    "kind": "interruption",
                    "phases": ["L2"],
                    "start": 1763999996,
                    "seconds": 3.2,
                    "percent": 0.0,
                }
            ]
            * 7,
        },
    }


def test_totals_and_aggregated(bits):
    """Of two voltages, one interval and one quarter, number by number."""
    interval = [90000, 300, 0, 60, 30, 30, 5, 120005, 0, 600, 900, 0]
    interval += [90000, 360, 5, 120005, 0, 600, 900, 0]  # the loads: grid, sun, cells, oven
    loads = [[9000, 800, 2000, 300], [5, 70000, 2, 30000], [650, 400, 50, 100], [500, 0, 100, 0]]
    change = {"loads": loads, "interval": interval}
    *_, totals, aggregated = published(
        bits, site_of(POINTS, ROLES), READINGS, "publish_interval", **change
    )
    grid = 1234.5678 - 2000.4 + 100.7
    house = grid + 3400.21 - 500.25
    assert totals == {
        "time": 1764000001,
        "house": pytest.approx(house, abs=0.0051),
        "selfConsumption": pytest.approx(3400.21 + grid, abs=0.0051),  # grid: exporting
        "rest": pytest.approx(house - 700.1, abs=0.0051),
        "alwaysOn": 145,
        "today": {
            "selfConsumption": 40000 - 500,
            "rest": 7000 - 500 + 40000 - 3 + 300 - 600 - 400,
        },
        "demand": {
            "start": None,
            "seconds": 0,
            "energy": 9000,
            "forecast": (9000 + 900 * 1000) / 900,
            "month": {"power": 100, "start": 1763990100},
        },
    }
    assert aggregated["utcTimeStamp"] == 1764000000000
    assert (aggregated["seconds"], aggregated["regular"]) == (300, True)
    assert aggregated["estimatedEnergy"] == 7
    assert aggregated["measuredFrequency"] == pytest.approx(50012345, abs=10)  # single precision
    names = ("totalPower", "minimumPower", "maximumPower")
    assert [aggregated[name] for name in names] == [0, -300, 300]
    assert aggregated["totalImportEnergy"] == 90000 + 30 + 5 + 900
    assert aggregated["totalExportEnergy"] == 300 + 60 + 30 + 120005 + 600
    (data,) = aggregated["intervalDatas"]
    channels = data.pop("channelIntervalDatas")
    assert data == {
        "utcEndtime": 1764000300000, "averageRMSVoltages": [2300, 2298, 2310],
        "alwaysOn": 145000, "version": 2,
    }  # fmt: skip
    assert [channel["ctInput"] for channel in channels] == list(range(6))
    # The means of READINGS, which both reports of the interval have.
    assert channels[1] == {
        "ctInput": 1,
        "averageRMSCurrent": pytest.approx(READINGS[1]["current"] * 1000, abs=0.51),
        "averageImportRMSActivePower": 0, "averageExportRMSActivePower": 200,
        "averageRMSApparentPower": pytest.approx(READINGS[1]["apparent"] * 1000, abs=5.1),
        "averageRMSReactivePower": pytest.approx(READINGS[1]["reactive"] * 1000, abs=5.1),
        "averagePowerfactor": 0, "importEnergy": 0, "exportEnergy": 60, "missing": 64,
    }  # fmt: skip
    assert channels[0]["averageImportRMSActivePower"] == 90000 * 1000 // 300
    assert channels[0]["averageExportRMSActivePower"] == 1000
    assert aggregated["voltages"][0] == {
        "voltage": 230, "minimum": 228.5, "maximum": 231.5, "phaseId": 0,
    }  # fmt: skip
    assert len(aggregated["voltages"]) == 3
    assert aggregated["totals"] == {
        "gridImport": 90000, "gridExport": 360, "solar": 120005, "batteryCharge": 0,
        "batteryDischarge": 600, "circuits": 900, "house": 90000 - 360 + 120005 - 5 + 600,
    }  # fmt: skip


def test_a_power_factor_is_not_beyond_1():
    """Of little energy, whose joules are whole ones: the mean apparent power has more digits."""
    interval = [0] * 20
    interval[3] = round(READINGS[1]["apparent"] * 300 * 1.012)
    *_, aggregated = published(
        32, site_of(POINTS, ROLES), READINGS, "publish_interval", interval=interval
    )
    (data,) = aggregated["intervalDatas"]
    assert data["channelIntervalDatas"][1]["averagePowerfactor"] == -100


def test_what_an_interval_has_not_is_null():
    """A grid phase of which the energy is not known, and no voltage, frequency or power."""
    *_, totals, aggregated = published(
        32, site_of(POINTS, ROLES), [NOTHING, *READINGS[1:]], "publish_unknown"
    )
    assert totals["demand"]["forecast"] is None and totals["demand"]["month"] is None
    for name in ("totalPower", "minimumPower", "maximumPower", "measuredFrequency"):
        assert aggregated[name] is None
    assert [v["voltage"] for v in aggregated["voltages"]] == [None] * 3
    (data,) = aggregated["intervalDatas"]
    assert data["averageRMSVoltages"] == [None] * 3 and data["alwaysOn"] is None
    channels = data["channelIntervalDatas"]
    powers = [channel["averageImportRMSActivePower"] for channel in channels]
    assert [power is None for power in powers] == [False, False, True, False, False, False]
    assert all(channel["averageRMSCurrent"] is None for channel in channels)
    totals = aggregated["totals"]
    assert {name for name in totals if totals[name] is None} == {
        "gridImport", "gridExport", "house",
    }  # fmt: skip
    assert totals["solar"] == 15 and totals["circuits"] == 18 - 19


@pytest.mark.parametrize("channel, phase, point", [(1, "L2", None), (3, None, 0), (30, None, 27)])
def test_harmonics(channel, phase, point):
    assert json.loads(succeed("publish_harmonics", str(channel))) == {
        "time": 1764000001, "phase": phase, "point": point, "distortion": 12.35,
        "percent": [round(order / 3, 2) for order in range(2, 16)],
    }  # fmt: skip
