"""The terminal view and its collector, against messages written by hand from docs/cloud.md."""

import json
import re

import pytest
from gateway_host.view import units
from gateway_host.view.collector import Collector
from gateway_host.view.screen import missing, render, save_picture, status_line
from rich.console import Console

LOADS = [
    ("Grid", "grid", 3),
    ("Solar", "solar", 3),
    ("Battery", "battery", 3),
    ("Heat pump", "circuit", 3),
    ("EV charger", "circuit", 3),
    ("Oven", "circuit", 2),
    *[(f"Sockets {n}", "circuit", 1) for n in range(1, 12)],
]
WATTS = [812.4, -3400.2, 0.0, 3703.5, 11040.0, 1990.0, *[100.0 + 10 * n for n in range(1, 12)]]


def plan():
    points = []
    for name, _, count in LOADS:
        for phase in ("L1", "L2", "L3")[:count]:
            node, channel = divmod(len(points), 4)
            points.append(
                {
                    "node": f"55000001{node:02}",
                    "input": "ABCD"[channel],
                    "ct": "AC-CT-50A",
                    "phase": phase,
                    "load": name,
                }
            )
    return {
        "name": "Default house",
        "uuid": "u-1",
        "scheme": "3x400+N",
        "points": points,
        "loads": [{"name": name, "role": role} for name, role, _ in LOADS],
    }


def site(second, factor=1.0):
    points, loads = [], []
    for (name, role, count), watt in zip(LOADS, WATTS, strict=True):
        each = watt * factor / count
        for _ in range(count):
            points.append(
                {
                    "power": each,
                    "reactive": 0.0,
                    "apparent": abs(each) / 0.8,
                    "factor": 0.8,
                    "voltage": 230.0,
                }
                | {"current": abs(each) / 0.8 / 230, "import": 10, "export": 0, "missing": 0}
            )
        loads.append(
            {"name": name, "role": role, "power": watt * factor, "import": 7200, "export": 0}
        )
        loads[-1] |= {"todayImport": 7200, "todayExport": 0}
    today = {
        "gridImport": 3_600_000,
        "gridExport": 0,
        "solar": 1800,
        "batteryCharge": 0,
        "batteryDischarge": 0,
    }
    totals = {
        "grid": 812.4,
        "solar": -3400.2,
        "battery": 0.0,
        "house": 4212.6,
        "today": today | {"house": 7},
    }
    return {
        "time": 1764000000 + second,
        "frequency": 50.0123,
        "voltages": [230.1, 229.8, 231.0],
        "seconds": 1,
        "points": points,
        "loads": loads,
        "totals": totals,
    }


def gateway(second, **node):
    nodes = [
        {
            "serial": f"55000001{n:02}",
            "address": n + 2,
            "state": "well",
            "answers": 600,
            "timeouts": 0,
        }
        | {"damaged": 0, "repairs": 0, "gaps": 0}
        for n in range(8)
    ]
    nodes[3] |= node
    return {
        "time": 1764000000 + second,
        "uptime": second,
        "heapFree": 61440,
        "led": {"state": "well", "colour": "green", "pattern": "breathing"},
        "aBus": {"baud": 3000000, "points": 28, "capacity": 28, "utilisation": 71.8, "blocks": 600}
        | {"skipped": 0, "restarts": 0, "noise": 0, "nodes": nodes},
        "mqtt": {"connects": 1, "published": 36, "dropped": 0, "lastError": None},
        "errors": {},
    }


def collector(seconds=3, house=None, **node):
    result = Collector(house or plan())
    for second in range(seconds):
        send(result, "realtime", {"utcTimeStamp": 1764000000000 + 1000 * second})
        send(result, "site", site(second, 1 + second / 10))
        send(result, "gateway", gateway(second, **node))
    return result


def send(to, topic, message):
    to.handle("servicelocation/u-1/" + topic, json.dumps(message).encode())


def drawn(snapshot, width, height):
    console = Console(
        width=width, height=height, record=True, file=open("/dev/null", "w"), color_system=None
    )
    with console.capture() as capture:
        console.print(render(snapshot, width, height))
    return capture.get().rstrip("\n").split("\n")


@pytest.mark.parametrize(
    "width, height", [(80, 24), (60, 12), (100, 30), (120, 40), (160, 50), (200, 60), (40, 8)]
)
@pytest.mark.parametrize("seconds", [0, 1, 130])
def test_fits_every_terminal(width, height, seconds):
    lines = drawn(collector(seconds).snapshot(), width, height)
    assert len(lines) <= height
    assert max(len(line) for line in lines) <= width


def test_80x24_shows_what_an_installer_asks_first():
    text = "\n".join(drawn(collector().snapshot(), 80, 24))
    for line, expected in enumerate(
        (
            ["Default house", "all is well", "green breathing", "up 0:02"],
            ["L1 230.1 V", "L2 229.8 V", "L3 231.0 V", "50.012 Hz"],
            ["Grid 812 W", "Solar -3.40 kW", "House 4.21 kW"],
            ["grid 1.00 kWh", "solar 0.50 Wh"],
        )
    ):
        for part in expected:
            assert part in text.split("\n")[line]
    assert "realtime 3 of 3" in text
    for name, _, _ in LOADS:
        assert re.search(rf"^{name} ", text, re.MULTILINE), name


def test_a_circuit_has_power_current_factor_and_energy():
    (line,) = (
        line for line in drawn(collector(1).snapshot(), 80, 24) if line.startswith("Heat pump")
    )
    # 3703.5 W over three phases at PF 0.8 and 230 V: 6.71 A in each
    assert line.split()[2:9] == ["3.70", "kW", "6.71", "A", "0.800", "2.00", "Wh"]
    assert line.rstrip().endswith("█")


def test_wide_terminal_shows_each_phase_and_each_node():
    lines = drawn(collector(1, repairs=5).snapshot(), 160, 50)
    (pump,) = (line for line in lines if line.startswith("Heat pump"))
    assert pump.count("1.23 kW 6.71 A") == 3
    (node,) = (line for line in lines if line.startswith("5500000103"))
    assert node.split() == ["5500000103", "5", "well", "600", "0", "0", "5", "0"]


TOTALS = {
    "rest": 210.4, "alwaysOn": 145, "selfConsumption": 3400.2, "house": 4212.0,
    "demand": {"forecast": 812.0, "month": {"power": 4120, "start": 1763913600}},
}  # fmt: skip


def test_the_whole_where_there_is_room():
    house = collector()
    send(house, "totals", TOTALS)
    line = "rest 210 W  always on 145 W  own use 3.40 kW  demand 812 W  month 4.12 kW"
    assert drawn(house.snapshot(), 120, 40)[4] == line
    assert line not in drawn(house.snapshot(), 80, 24)  # every circuit comes first
    early = TOTALS | {"alwaysOn": None, "demand": {"forecast": 3.0, "month": None}}
    send(house, "totals", early)
    assert drawn(house.snapshot(), 120, 40)[4] == "rest 210 W  own use 3.40 kW  demand 3 W"


def test_voltages_are_called_what_they_are():
    for scheme, names in (
        ("3x230", "L1-L3 230.1 V  L2-L3 229.8 V  L1-L2 231.0 V"),
        ("2x120/240", "L1 230.1 V  L2 229.8 V"),
    ):
        house = plan() | {"scheme": scheme}
        lines = drawn(collector(1, house).snapshot(), 160, 50)
        assert lines[1].startswith(names)


def test_too_small_a_terminal_keeps_the_largest_circuits():
    text = "\n".join(drawn(collector(1).snapshot(), 80, 13))
    assert "EV charger" in text and "Heat pump" in text and "Grid" in text
    assert "Sockets 1 " not in text


def test_a_lost_node_is_named():
    text = "\n".join(drawn(collector(1, state="lost").snapshot(), 80, 24))
    assert "5500000103 lost" in text


def test_missing_samples_are_summed_over_points():
    source = collector(1)
    message = site(1)
    message["points"][2]["missing"] = 64
    message["points"][9]["missing"] = 3
    send(source, "site", message)
    assert missing(source.snapshot()) == 67


def test_what_was_not_measured_is_drawn_as_nothing():
    source = collector(1)
    message = site(1)
    for key in ("power", "reactive", "apparent", "factor", "current"):
        message["points"][0][key] = None
    message["loads"][0]["power"] = None
    message["totals"]["grid"] = None
    message["voltages"][1] = None
    send(source, "site", message)
    text = "\n".join(drawn(source.snapshot(), 160, 50))
    assert f"L2 {units.NOTHING} V" in text
    assert f"Grid {units.NOTHING}" in text


def test_collector_counts_missed_seconds():
    source = Collector(plan())
    for second in (0, 1, 2, 5, 6, 6):
        send(source, "realtime", {"utcTimeStamp": 1764000000000 + 1000 * second})
    snapshot = source.snapshot()
    assert (snapshot.missed, snapshot.disordered, snapshot.expected) == (2, 1, 7)
    assert snapshot.received["realtime"] == 6


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"{}", b"\xff", b'{"utcTimeStamp": null}'])
def test_collector_survives_malformed_messages(payload):
    source = collector(1)
    source.handle("servicelocation/u-1/realtime", payload)
    assert source.snapshot().malformed == 1
    assert source.snapshot().realtime == {"utcTimeStamp": 1764000000000}


def test_collector_ignores_other_gateways():
    source = Collector(plan())
    source.handle("servicelocation/u-2/realtime", b"{}")
    assert source.snapshot().received == {}


def test_collector_keeps_samples_and_grid_power_of_each_report():
    assert collector(2).snapshot().reports == ((3200, 812.4), (3200, 812.4))


def test_history_keeps_two_minutes():
    series = collector(130).snapshot().load_power[0]
    assert len(series) == 120
    assert series[-1] == pytest.approx(812.4 * (1 + 129 / 10))


def test_status_line_is_one_plain_line():
    line = status_line(collector(3).snapshot())
    assert "\n" not in line and "\x1b" not in line
    assert "230.1 229.8 231.0 V" in line and "grid 812 W" in line and "LED green breathing" in line


def test_picture_is_an_svg_with_the_circuits(tmp_path):
    path = tmp_path / "view.svg"
    save_picture(collector(60).snapshot(), path, "A house")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<svg") and "EV&#160;charger" in text
    assert (
        "@font-face" not in text and re.findall(r"https?://(?!www.w3.org|www.textual)", text) == []
    )


@pytest.mark.parametrize(
    "colour, dot", [((0, 255, 0), "●"), ((0, 2, 0), "●"), ((0, 0, 0), "○"), (None, "○")]
)
def test_led_is_a_dot_in_its_own_colour(colour, dot):
    source = Collector(plan())
    snapshot = source.snapshot().with_simulation(colour, None, "")
    console = Console(width=80, force_terminal=True, color_system="truecolor")
    with console.capture() as capture:
        console.print(render(snapshot, 80, 24))
    first = capture.get().split("\n")[0]
    assert dot in first
    if colour:
        shown = re.match(r"\x1b\[38;2;(\d+);(\d+);(\d+)m●", first)
        assert (shown is not None) == (dot == "●")
        # a screen's brightness is the root 2.2 of its light
        if shown:
            light = [round(255 * (int(level) / 255) ** 2.2) for level in shown.groups()]
            assert light == pytest.approx(colour, abs=1)


@pytest.mark.parametrize(
    "function, value, text",
    [
        (units.power, 0.4, "0 W"),
        (units.power, -0.4, "0 W"),
        (units.power, 999.4, "999 W"),
        (units.power, 999.6, "1.00 kW"),
        (units.power, -3400.2, "-3.40 kW"),
        (units.power, 22080, "22.1 kW"),
        (units.power, 123456, "123 kW"),
        (units.power, None, units.NOTHING),
        (units.energy, 812, "0.23 Wh"),
        (units.energy, 3_600_000, "1.00 kWh"),
        (units.current, 5.39, "5.39 A"),
        (units.factor, -1.0, "-1.000"),
        (units.duration, 59.9, "0:59"),
        (units.duration, 3723, "1:02:03"),
        (units.duration, 273_900, "3 d 04:05"),
    ],
)
def test_units(function, value, text):
    assert function(value) == text


def test_bars_scale_to_the_largest_magnitude():
    assert units.bars([None, 0, -4, 8], 5) == [
        (" ", False),
        (" ", False),
        ("▁", False),
        ("▅", True),
        ("█", False),
    ]
