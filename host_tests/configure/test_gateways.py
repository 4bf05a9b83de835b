"""How many gateways a site needs, at the manual's limits: 28 points, hubs of 4, Solid Cores of 3,
an A-bus under 100 m; and what is behind what, for whom."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from gateway_host.configure import documents, reading
from gateway_host.configure.design import Result, design
from gateway_host.configure.problems import PlanError
from gateway_host.site_document import schema
from in_interpreter import succeed


def plan(count: int, phases: str = "L1", **more: Any) -> dict[str, Any]:
    loads = [{"name": f"L{k}", "phases": phases, "breaker": 16} for k in range(count)]
    return {"name": "S", "scheme": "3x400+N", "breaker": 63, "load": loads} | more


def made(tables: dict[str, Any]) -> Result:
    return design(reading.read(tables))


def sites(result: Result) -> list[dict[str, Any]]:
    return [documents.site(result.plan, unit, result.units) for unit in result.units]


SOLID = [{"name": "B", "cts": "solid-core"}]
FULL = [
    (plan(28), 1),
    (plan(29), 2),
    (plan(56), 2),
    (plan(57), 3),
    (plan(9, "L1+L2+L3"), 1),  # 27 points on 7 hubs
    (plan(10, "L1+L2+L3"), 2),
    (plan(14, "L1+L2"), 1),
    (plan(15, "L1+L2"), 2),
    (plan(9, "L1+L2+L3", board=SOLID), 1),  # 9 devices
    (plan(10, "L1+L2+L3", board=SOLID), 2),
]


@pytest.mark.parametrize("tables, count", FULL, ids=lambda value: str(value)[-60:])
def test_points_ask_for_gateways(tables, count):
    result = made(tables)
    assert len(result.units) == count
    assert result.units[0].kind == ("Genius" if count > 1 else "Connect")
    assert {unit.kind for unit in result.units[1:]} <= {"Connect"}


@pytest.mark.parametrize("distance, count", [(99.1, 1), (99.2, 2)])
def test_an_a_bus_is_under_100_metres(distance, count):
    """0.4 m to the Power Box, 0.4 m to the first hub, and the way to the other board."""
    tables = plan(2, board=[{"name": "A"}, {"name": "B", "distance": distance}])
    tables["load"][1]["board"] = "B"
    result = made(tables)
    assert len(result.units) == count
    assert result.units[0].group.metres == pytest.approx(99.9 if count == 1 else 0.8)


def test_boards_are_filled_up_where_that_saves_a_gateway():
    """Three boards of 15 points: each by itself 4 hubs, together 12 of the 14 of two gateways."""
    boards = [{"name": f"B{k}", "distance": 5} for k in range(3)]
    tables = plan(45, board=boards)
    for k, load in enumerate(tables["load"]):
        load["board"] = f"B{k // 15}"
    assert len(made(tables).units) == 2


def test_a_genius_flex_has_connects_with_power_boxes():
    result = made(plan(29, gateway={"kind": "Genius Flex"}))
    bought = {item.article: item.quantity for item in result.items}
    assert bought["I1-GW-6"] == bought["GF-CBL-3F-200"] == 1
    assert bought["I1-GW-3"] == bought["I1-VAC-1"] == 1
    first, second = sites(result)
    assert first["head"].startswith("5020") and second["head"].startswith("5400")


def test_the_grid_is_on_the_first_gateway():
    tables = plan(29)
    tables["load"].append({"name": "Grid", "role": "grid"})
    tables["board"] = [{"name": "A"}, {"name": "B", "distance": 150}]
    tables["load"][-1]["board"] = "B"
    first, *others = sites(made(tables))
    assert {one["load"] for one in first["points"] if "gateway" not in one} == {"Grid"}
    assert not any(load["role"] == "grid" for one in others for load in one["loads"])


def test_a_document_names_its_gateway_and_parents():
    tables = plan(3, serials={"Connect 1": "5130000077"})
    tables["load"][1]["parent"] = "L0"
    tables["load"][2] |= {"role": "solar", "parent": "L1"}
    (document,) = sites(made(tables))
    assert document["gateway"] == "5130000077"
    assert [load.get("parent") for load in document["loads"]] == [None, "L0", "L1"]
    del document["gateway"]  # the judge is another gateway
    assert succeed("judge_sites", given=[document]) == "taken\n"


def test_a_parent_that_another_gateway_measures():
    """The one that gathers knows it; the other one does not have that load."""
    tables = plan(2, board=[{"name": "A"}, {"name": "B", "distance": 150}])
    tables["load"][1] |= {"board": "B", "parent": "L0"}
    result = made(tables)
    first, other = sites(result)
    assert [load.get("parent") for load in first["loads"]] == [None, "L0"]
    assert other["loads"] == [{"name": "L1", "role": "circuit"}]
    assert "parent_elsewhere" not in [note.key for note in result.notes]


def test_the_first_gateway_gathers_what_the_others_measure():
    result = made(plan(60, serials={"Genius 1": "5010000042", "Connect 2": "5130000077"}))
    first, *others = sites(result)
    assert first["gathers"] == [unit.serial for unit in result.units[1:]]
    assert first["gathers"][1] == "5130000077" and len(first["points"]) == 60
    assert [one["feeds"] for one in others] == ["5010000042"] * 2
    for serial, other in zip(first["gathers"], others, strict=True):
        fed = [dict(point) for point in first["points"] if point.get("gateway") == serial]
        for point in fed:
            del point["gateway"]
        assert fed == other["points"]
    assert "gathered" in [note.key for note in result.notes]
    for document in (first, *others):
        jsonschema.validate(document, schema())
        document.pop("gateway", None)  # the judge is another gateway
        assert succeed("judge_sites", given=[document]) == "taken\n"


def test_more_than_a_message_holds_is_gathered_by_nobody():
    tables = plan(22, "L1+L2+L3")  # 66 points
    tables["load"][21]["parent"] = "L0"
    result = made(tables)
    assert not any({"gathers", "feeds"} & one.keys() for one in sites(result))
    keys = [note.key for note in result.notes]
    assert "not_gathered" in keys and "gathered" not in keys and "parent_elsewhere" in keys


def test_a_parent_is_a_circuit():
    tables = plan(2)
    tables["load"] += [
        {"name": "Grid", "role": "grid", "parent": "L0"},
        {"name": "Solar", "role": "solar", "breaker": 16},
    ]
    tables["load"][0]["parent"] = "Solar"
    tables["load"][1]["parent"] = "Grid"
    with pytest.raises(PlanError) as caught:
        made(tables)
    assert [(one.path, one.key) for one in caught.value.problems] == [
        ("load[0].parent", "parent_no_circuit"),
        ("load[1].parent", "parent_no_circuit"),
        ("load[2].parent", "parent_of_grid"),
    ]


@pytest.mark.parametrize("serial", [None, "5010000042"])
def test_documents_keep_the_schema(serial):
    tables = plan(
        29,
        input=[{"name": "Water", "mode": "pulse", "unit": "m3", "per_pulse": 0.01}],
        output=[{"name": "Boiler"}],
        serials={"Genius 1": serial} if serial else {},
    )
    for document in sites(made(tables)):
        jsonschema.validate(document, schema())
