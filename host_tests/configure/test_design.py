"""From a plan to parts, places and documents, for every wiring scheme: what is expected is written
by hand, with the manual's articles and limits as data."""

from __future__ import annotations

import copy
import csv
import io
import json
import tomllib

import pytest
from gateway_host.configure import documents, files, reading, sheets, wiring
from gateway_host.configure.bill import NUMBERLESS
from gateway_host.configure.design import Result, design
from gateway_host.configure.problems import PlanError
from gateway_host.configure.words import Words
from gateway_host.interpreter import ROOT
from gateway_host.sim.house_file import load_house
from in_interpreter import succeed
from measuring_run import Measured

PLANS = ROOT / "tools" / "plans"
SCHEMES = ["single_phase", "villa", "delta", "split_phase", "star_208", "star_480", "star_600"]
ALL = [*SCHEMES, "offices"]

# The manual's table of parts.
ARTICLES = set(
    """I1-GW-1 I1-GW-2 I1-GW-3 I1-GW-4 I1-GW-6 I1-VAC-1 I1-VAC-1-US I1-IAC-1 I1-IAC-2 AC-CT-50A
    AC-CT-S-50A AC-CT-100A AC-CT-200A AC-CT-400A AC-RSCT-4CM AC-RSCT-12CM AC-RSCT-19CM
    AC-RSCT-30CM I1-INP-1 I1-OUT-1 AC-IMPW-8 AC-IMPD-4 AC-IBC40 AC-IBC150 AC-IBCS-100m
    AC-IBC-RS485 AC-SP-LU2 GF-CBL-3F-200 GF-CBL-1F-200""".split()
)
INPUTS = {"5500": 4, "5600": 3}  # of a CT Hub, of a Solid Core
POINTS, NODES, MODULES, A_BUS, B_BUS = 28, 9, 10, 100, 500

# Device, input: load, line that the sensor is around, phase that is configured, sensor.
PLACES = {
    "single_phase": """
        CT Hub 1 A Grid L1 L1 AC-CT-50A
        CT Hub 1 B Balcony panels L1 L1 AC-CT-50A
        CT Hub 1 C Kitchen L1 L1 AC-CT-50A
        CT Hub 1 D Boiler L1 L1 AC-CT-50A
        CT Hub 2 A Sockets L1 L1 AC-CT-50A""",
    "villa": """
        Solid Core 1 A Grid L1 L1 SOLID-CORE
        Solid Core 1 B Grid L2 L2 SOLID-CORE
        Solid Core 1 C Grid L3 L3 SOLID-CORE
        Solid Core 2 A Solar L1 L1 SOLID-CORE
        Solid Core 2 B Solar L2 L2 SOLID-CORE
        Solid Core 2 C Solar L3 L3 SOLID-CORE
        Solid Core 3 A Battery L1 L1 SOLID-CORE
        Solid Core 3 B Battery L2 L2 SOLID-CORE
        Solid Core 3 C Battery L3 L3 SOLID-CORE
        Solid Core 4 A Heat pump L1 L1 SOLID-CORE
        Solid Core 4 B Heat pump L2 L2 SOLID-CORE
        Solid Core 4 C Heat pump L3 L3 SOLID-CORE
        CT Hub 1 A Hob L2 L2 AC-CT-50A
        CT Hub 1 B Hob L3 L3 AC-CT-50A
        CT Hub 1 C Oven L1 L1 AC-CT-50A
        CT Hub 1 D Washing machine L3 L3 AC-CT-50A
        CT Hub 2 A Sockets L2 L2 AC-CT-50A
        CT Hub 3 A EV charger L1 L1 AC-CT-50A
        CT Hub 3 B EV charger L2 L2 AC-CT-50A
        CT Hub 3 C EV charger L3 L3 AC-CT-50A
        CT Hub 3 D Workshop L1 L1 AC-CT-50A""",
    # The manual: three-phase loads on L1 and L2 only; L1 to L3 is L1, L2 to L3 is L2, L1 to L2 is
    # L3 with the CT on L1.
    "delta": """
        CT Hub 1 A Grid L1 L1 AC-CT-50A
        CT Hub 1 B Grid L2 L2 AC-CT-50A
        CT Hub 1 C Solar L1 L1 AC-CT-50A
        CT Hub 1 D Solar L2 L2 AC-CT-50A
        CT Hub 2 A Oven L1 L1 AC-CT-50A
        CT Hub 2 B Washing machine L2 L2 AC-CT-50A
        CT Hub 2 C Living room L1 L3 AC-CT-50A""",
    "split_phase": """
        CT Hub 1 A Grid L1 L1 AC-CT-200A
        CT Hub 1 B Grid L2 L2 AC-CT-200A
        CT Hub 1 C Solar L1 L1 AC-CT-50A
        CT Hub 1 D Solar L2 L2 AC-CT-50A
        CT Hub 2 A Dryer L1 L1-L2 AC-CT-50A
        CT Hub 2 B Kitchen L1 L1 AC-CT-50A
        CT Hub 2 C Air conditioner L2 L2 AC-CT-50A""",
}
# 150 A and 70 mm2 (15 mm) want 200 A; 80 A and 25 mm2 (9.8 mm) 100 A, as do 60 A and 16 mm2.
PLACES |= dict.fromkeys(
    ["star_208", "star_480", "star_600"],
    """
        CT Hub 1 A Grid L1 L1 AC-RSCT-4CM
        CT Hub 1 B Grid L2 L2 AC-RSCT-4CM
        CT Hub 1 C Grid L3 L3 AC-RSCT-4CM
        CT Hub 1 D Heater L1 L1 AC-CT-100A
        CT Hub 2 A Rooftop unit L1 L1 AC-CT-200A
        CT Hub 2 B Rooftop unit L2 L2 AC-CT-200A
        CT Hub 2 C Rooftop unit L3 L3 AC-CT-200A
        CT Hub 3 A Compressor L1 L1 AC-CT-100A
        CT Hub 3 B Compressor L2 L2 AC-CT-100A
        CT Hub 3 C Compressor L3 L3 AC-CT-100A
        CT Hub 2 D Heater L2 L2 AC-CT-100A
        CT Hub 3 D Lighting L3 L3 AC-CT-50A""",
)

_STAR = "I1-GW-3 1, I1-VAC-1-US 1, I1-IAC-1 3, AC-RSCT-4CM 3, AC-CT-200A 3, AC-CT-100A 5, "
_STAR += "AC-CT-50A 1, AC-IBC40 4, terminator 1, AC-IMPD-4 2"
QUANTITIES = {
    "single_phase": "I1-GW-2 1, I1-VAC-1 1, I1-IAC-1 2, AC-CT-50A 5, AC-IBC40 3, terminator 1, "
    "AC-IMPD-4 1",
    # A-bus: 1.2 m, six devices beside each other, 22 m. B-bus: 1.2 m, one beside it, 22 m.
    "villa": "I1-GW-1 1, I1-VAC-1 1, I1-IAC-1 3, I1-IAC-2 4, AC-CT-50A 9, I1-INP-1 2, I1-OUT-1 1, "
    "contactor 1, AC-IBC40 7, AC-IBC150 2, AC-IBCS-100m 1, terminator 1, AC-IMPD-4 2",
    "delta": "I1-GW-3 1, I1-VAC-1 1, I1-IAC-1 2, AC-CT-50A 7, AC-IBC40 3, terminator 1, "
    "AC-IMPD-4 1",
    "split_phase": "I1-GW-6 1, GF-CBL-3F-200 1, I1-IAC-1 2, AC-CT-200A 2, AC-CT-50A 5, "
    "AC-IBC40 2, terminator 1, AC-IMPD-4 1",
    "star_208": _STAR,
    "star_480": _STAR,
    "star_600": _STAR + ", transformer 3",
}


def tables(name: str) -> dict:
    return tomllib.loads((PLANS / f"{name}.toml").read_text())


def made(name: str) -> Result:
    return design(reading.read(tables(name)))


def site_documents(result: Result) -> list[dict]:
    return [documents.site(result.plan, unit, result.units) for unit in result.units]


@pytest.mark.parametrize("name", SCHEMES)
def test_each_sensor_has_its_place(name):
    expected = sorted(" ".join(line.split()) for line in PLACES[name].strip().splitlines())
    found = [
        f"{row.device} {row.input} {row.load} {row.line} {row.phase} {row.ct}"
        for row in wiring.rows(made(name))
    ]
    assert sorted(found) == expected


@pytest.mark.parametrize("name", SCHEMES)
def test_the_bill_of_materials(name):
    found = {f"{item.article} {item.quantity}" for item in made(name).items}
    assert found == set(QUANTITIES[name].split(", "))


@pytest.mark.parametrize("name", ALL)
def test_the_manuals_articles_and_limits_are_kept(name):
    result = made(name)
    for item in result.items:
        named = {item.article, *(one for one in item.alternatives if one.startswith(("I1", "AC")))}
        assert named <= ARTICLES | set(NUMBERLESS)
    for document in site_documents(result):
        # What another gateway measures and sends is not on this one's bus.
        nodes = {point["node"] for point in document["points"] if "gateway" not in point}
        assert sum(INPUTS[node[:4]] for node in nodes) <= POINTS and len(nodes) <= NODES
        modules = document.get("b_bus", {})
        assert (
            sum(len(modules.get(key, [])) for key in ("input_modules", "output_modules"))
            <= MODULES
        )
    for bus in wiring.buses(result):
        assert sum(one.metres for one in bus.segments) == pytest.approx(bus.metres)
        assert bus.metres < {"A-bus": A_BUS, "B-bus": B_BUS}[bus.name] == bus.limit


@pytest.mark.parametrize("name", ALL)
def test_the_bill_as_csv_says_what_the_bill_says(name):
    result = made(name)
    head, *rows = csv.reader(io.StringIO(sheets.bill(result, Words("en"))))
    assert head == ["Article", "Description", "Quantity", "Alternatives"]
    assert [row[0] for row in rows] == [
        "" if item.article in NUMBERLESS else item.article for item in result.items
    ]
    assert [int(row[2]) for row in rows] == [item.quantity for item in result.items]
    assert all(row[1] for row in rows)


def test_the_firmware_takes_every_document(bits):
    found = [document for name in ALL for document in site_documents(made(name))]
    judged = succeed("judge_sites", given=found, bits=bits).splitlines()
    assert judged == ["taken"] * len(found)
    assert len(found) > len(ALL)


@pytest.mark.parametrize("name", ALL)
def test_the_house_is_that_of_the_documents(name, tmp_path):
    result = made(name)
    for number, (unit, document) in enumerate(
        zip(result.units, site_documents(result), strict=True)
    ):
        path = tmp_path / f"{number}.toml"
        path.write_text(documents.house(result.plan, unit, result.units))
        site = load_house(path).site_json()
        own = {point["load"] for point in document["points"] if "gateway" not in point}
        document["loads"] = [load for load in document["loads"] if load["name"] in own]
        document["points"] = [one for one in document["points"] if "gateway" not in one]
        for table in (site, document):
            for name in ("utc_offset", "gathers", "feeds"):  # a house has one gateway
                table.pop(name, None)
            table["points"].sort(key=lambda point: (point["node"], point["input"]))
        assert site == document


@pytest.mark.parametrize("name", ALL)
def test_the_gateway_measures_what_was_planned(name, tmp_path):
    """The whole chain: house, nodes, A-bus, firmware; each load takes what its file says."""
    result = made(name)
    path = tmp_path / "house.toml"
    path.write_text(documents.house(result.plan, result.units[0], result.units))
    loads = tomllib.loads(path.read_text())["load"]
    measured = Measured(load_house(path))
    *_, report = measured.reports(3)
    planned = {load["name"]: load["power"] for load in loads if load["role"] != "grid"}
    assert len(set(planned.values())) == len(planned)
    planned |= {load["name"]: sum(planned.values()) for load in loads if load["role"] == "grid"}
    for load in result.units[0].group.loads:
        one = result.plan.loads[load]
        watts = sum(point["P"] for point in report["points"] if point["name"] == one.name)
        assert watts == pytest.approx(planned[one.name], rel=0.001, abs=2), one.name
        assert (watts < 0) == (one.role == "solar") or one.role == "grid"


def test_three_gateways_where_points_and_cables_ask_for_them():
    """34 points; the annex is 140 m away: more than an A-bus has."""
    result = made("offices")
    assert [unit.kind for unit in result.units] == ["Genius", "Connect", "Connect"]
    assert [unit.group.points for unit in result.units] == [12, 18, 4]
    found = site_documents(result)
    names = [load["name"] for load in found[0]["loads"]]  # which gathers
    assert sorted(names) == sorted(load.name for load in result.plan.loads)
    assert len(found[0]["points"]) == 34
    found[0]["points"] = [point for point in found[0]["points"] if "gateway" not in point]
    assert len({document["uuid"] for document in found}) == 3
    assert len({document["head"] for document in found}) == 3
    nodes = [{point["node"] for point in document["points"]} for document in found]
    assert not nodes[0] & nodes[1] and not (nodes[0] | nodes[1]) & nodes[2]


def test_the_same_plan_gives_the_same_files():
    plan = tables("villa")
    once, again = (files.contents(design(reading.read(plan)), plan, Words()) for _ in range(2))
    assert once == again


def test_delta_asks_for_sixty_percent_of_the_main_breaker():
    result = made("delta")
    assert result.plan.maximum_current == 24  # of 40 A
    assert any(note.values.get("share") == "24.0" for note in result.notes)
    assert made("villa").plan.maximum_current == 63


# What a load's current and wire ask for. 10, 16, 24, 36 mm is what split cores go around.
SENSORS = [
    ({"breaker": 50, "cable": 10}, "AC-CT-50A"),
    ({"breaker": 51, "cable": 10}, "AC-CT-100A"),
    ({"breaker": 32, "cable": 35}, "AC-CT-100A"),
    ({"breaker": 100, "cable": 70}, "AC-CT-100A"),
    ({"breaker": 100, "cable": 95}, "AC-CT-200A"),
    ({"breaker": 200, "cable": 120}, "AC-CT-200A"),
    ({"breaker": 400, "cable": 240}, "AC-CT-400A"),
    ({"breaker": 401, "cable": 240}, "AC-RSCT-12CM"),
    ({"breaker": 1600, "cable": "busbar"}, "AC-RSCT-12CM"),
    ({"breaker": 1601, "cable": "busbar"}, "AC-RSCT-19CM"),
    ({"breaker": 10000, "cable": "busbar"}, "AC-RSCT-30CM"),
    ({"breaker": 16, "cable": "busbar"}, "AC-RSCT-4CM"),
    ({"power": 11.5}, "AC-CT-50A"),  # kW in one phase of 230 V: 50 A
    ({"power": 11.6}, "AC-CT-100A"),
    ({"breaker": 16, "ct": "rogowski"}, "AC-RSCT-4CM"),
    ({"breaker": 16, "ct": "AC-CT-200A"}, "AC-CT-200A"),
    ({"breaker": 80, "cable": 25, "ct": "solid-core"}, "SOLID-CORE"),
]


@pytest.mark.parametrize("load, article", SENSORS, ids=lambda value: str(value))
def test_the_sensor_fits_current_and_wire(load, article):
    plan = tables("villa")
    plan["board"] = [{"name": "Board"}]
    plan["load"] = [{"name": "Load", "phases": "L1"} | load]
    plan["breaker"] = 10000
    plan["input"] = plan["output"] = []
    (row,) = wiring.rows(design(reading.read(plan)))
    assert row.ct == article


def test_short_leads_where_the_hub_is_near():
    plan = tables("single_phase") | {"board": [{"name": "Box", "short_leads": True}]}
    assert {row.ct for row in wiring.rows(design(reading.read(plan)))} == {"AC-CT-S-50A"}


# The manual's section 3: which link a gateway has by itself.
LINKED = {
    "Genius": {"ethernet", "wifi"},
    "Genius Flex": {"ethernet", "wifi"},
    "Connect": {"ethernet", "wifi"},
    "Wi-Fi Connect": {"wifi"},
    "4G Connect": {"lte"},
}


@pytest.mark.parametrize("link", ["ethernet", "wifi", "lte"])
@pytest.mark.parametrize("kind", LINKED)
def test_a_gateway_has_the_link(kind, link):
    plan = tables("single_phase") | {"gateway": {"kind": kind, "internet": link}}
    routed = link == "lte" and kind in ("Genius", "Connect")  # by the 3G/4G router
    if link not in LINKED[kind] and not routed:
        with pytest.raises(PlanError) as caught:
            design(reading.read(plan))
        assert [one.path for one in caught.value.problems] == ["gateway.internet"]
        return
    result = design(reading.read(plan))
    assert result.units[0].kind == kind
    assert ("AC-SP-LU2" in {item.article for item in result.items}) == routed


def test_a_power_box_on_the_b_bus(tmp_path):
    plan = copy.deepcopy(tables("villa"))
    plan["gateway"]["power_box"] = "modbus"
    result = design(reading.read(plan))
    (document,) = site_documents(result)
    assert document["b_bus"]["power_box"] is True
    assert succeed("judge_sites", given=[document]) == "taken\n"
    buses = {bus.name: bus for bus in wiring.buses(result)}
    assert (buses["A-bus"].segments[0].start, buses["B-bus"].segments[0].end) == (
        "Power Box 1",
        "Power Box 1",
    )


def test_serial_numbers_of_the_plan_are_those_of_the_documents():
    plan = tables("delta")
    plan["serials"] = {
        "Power Box 1": "5400012345",
        "CT Hub 1": "5520000777",
        "CT Hub 2": "5500000001",
    }
    result = design(reading.read(plan))
    (document,) = site_documents(result)
    assert document["head"] == "5400012345"
    assert {point["node"] for point in document["points"]} == {"5520000777", "5500000001"}
    assert result.standing_in == ["Connect 1"]


def test_hybrid_inverters_are_batteries():
    plan = tables("single_phase")
    plan["load"][1]["inverter"] = "hybrid"
    (document,) = site_documents(design(reading.read(plan)))
    assert [load["role"] for load in document["loads"]][:2] == ["grid", "battery"]


def test_json_is_as_good_as_toml(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(tables("villa")))
    assert reading.read(reading.read_file(path)) == reading.read(tables("villa"))
