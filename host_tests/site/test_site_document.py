"""The site document's schema and the gateway's check are two descriptions of the same: what the
one refuses the other does not take, over thousands of documents that chance has made. What only
the check can know, since it is about several fields, is listed here, and nothing else."""

from __future__ import annotations

import copy
import json
import random
import re
from functools import cache
from typing import Any

import jsonschema
import pytest
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.site_document import fingerprint, schema
from in_interpreter import succeed

COUNT = 700
SEED = 16

# Refusals about more than one field, or about what a schema has no words for.
ACROSS = [
    r"tz: .* is not the rule of a time zone",
    r"(points|loads|b_bus\.\w+)\[\d+\].*is (used|there) twice",
    r"b_bus\..*: \w+ is (used|there) twice",
    r"points\[\d+\]\.load: .* is not one of loads",
    r"points\[\d+\]\.meter: .* is not known",
    r"points\[\d+\]\.gateway: .* is not one of gathers",
    r"gathers.*is (no Genius|this gateway itself)",
    r"feeds: .* (is this gateway itself|is in no home network)",
    r"points\[\d+\]\.input: .* is not known",  # of a meter with fewer phases
    r"points\[\d+\]\.phase: in 3x230 the grid",
    r"points: \d+, but an A-bus carries at most",
    r"loads: .* (has CTs on|has no CT on)",
    r"loads\[\d+\]\.parent: ",
    r"synthesised\.L\d\.from: must be one phase that is connected",
    r".*name: must have 1 to 40 characters",  # 80 bytes
    r"b_bus: \d+ Input and Output modules",
    r"b_bus\.meters\[\d+\]\.profile: ",
    r"b_bus\.automations\[\d+\]\.output: .* is no output and no group",
    r"b_bus\.automations\[\d+\]\.schedule\.(to: must differ|(from|to): .* is not a time)",
    r"b_bus\.automations\[\d+\]\.rule\.below: must not be more",
    r".*: must be a whole number",  # 50.0 is one to a schema
]
# A place, then what is wrong; the rest is the remedy.
LINE = re.compile(r"[a-z_]+(\[\d+\])?([.][A-Za-z0-9_-]+(\[\d+\])?)*(: | is missing: | must )")


@cache
def documents() -> list[dict[str, Any]]:
    """Good ones, of all kinds."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    plan["points"] = plan["points"][::3]
    used = {point["load"] for point in plan["points"]}
    plan["loads"] = [load for load in plan["loads"] if load["name"] in used]
    circuits = [load for load in plan["loads"] if load["role"] == "circuit"]
    behind = copy.deepcopy(plan) | {"gateway": "5020000042"}
    behind["loads"].append({"name": "Sub", "role": "circuit", "parent": circuits[0]["name"]})
    with_b = copy.deepcopy(plan)
    with_b["b_bus"] = {
        "input_modules": [
            {
                "serial": "5700000011",
                "inputs": [
                    {"input": "A", "name": "Water", "mode": "pulse", "unit": "l",
                     "per_pulse": 0.25},
                    {"input": "B", "name": "Door", "mode": "state", "debounce": 20,
                     "active": "open"},
                ],
            }
        ],
        "output_modules": [
            {
                "serial": "5710000012",
                "outputs": [
                    {"output": "A", "name": "Boiler", "contact": "NO", "fail_safe": "off",
                     "min_on": 60, "min_off": 120, "group": "Heat"}
                ],
            }
        ],
        "meters": [{"name": "Pump meter", "unit": 2, "profile": "SDM120"}],
        "automations": [
            {"output": "Boiler", "rule": {"value": "surplus", "above": 2000, "for": 300,
                                          "below": 0, "off_for": 60}},
            {"output": "Heat", "schedule": {"days": "12345", "from": "22:00", "to": "06:30"}},
        ],
    }  # fmt: skip
    with_b["points"].append(
        {"meter": "Pump meter", "input": "A", "phase": "L2", "load": circuits[0]["name"]}
    )
    corrected = copy.deepcopy(plan) | {
        "voltage_ratio": 2.891,
        "synthesised": {"L2": {"from": "L1", "degrees": -120}},
    }
    hub = next(point for point in corrected["points"] if point["ct"] != "SOLID-CORE")
    hub |= {"ratio": 120, "phase_shift": -0.75, "power_offset": 3.5, "harmonics": True}
    hub["correction"] = {
        "ratio": 1.0123, "degrees": -0.35, "date": "2026-11-30", "error_before": 2.31,
        "error_after": 0.12, "reference": "Analyser, class 0.2",
    }  # fmt: skip
    boxed = copy.deepcopy(plan) | {"head": "5400000077", "b_bus": {"power_box": True}}
    without = copy.deepcopy(plan)
    without["points"][4]["phase"] = "unknown"
    split = copy.deepcopy(plan) | {"scheme": "2x120/240", "frequency": 60}
    for point in split["points"]:
        point["phase"] = "L1-L2" if point["phase"] == "L3" else point["phase"]
    single = copy.deepcopy(plan) | {"scheme": "1x230"}
    for point in single["points"]:
        point["phase"] = "L1"
    gathers = copy.deepcopy(behind) | {"gathers": ["5130000007", "5100000008"]}
    fed = {"gateway": "5130000007", "node": "5500000999", "input": "A", "ct": "AC-CT-100A"}
    gathers["points"].append(fed | {"phase": "L1", "load": circuits[0]["name"]})
    feeds = copy.deepcopy(plan) | {"feeds": "5020000043"}
    return [plan, behind, with_b, corrected, boxed, without, split, single, gathers, feeds]


ODD = [
    None, True, False, 0, 1, -1, 2, 7, 50.0, 1e9, 0.5, "", "A", "E", "L3", "L4", "x" * 41, "5",
    "5500000190", "5600000301", "5130000007", "1x230", "3x230", "AC-CT-100A", "SOLID-CORE",
    "Grid", "grid", "battery", [], {}, [1], {"a": 1},
]  # fmt: skip


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """All paths in a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        inside = list(value.items())
    else:
        inside = list(enumerate(value)) if isinstance(value, list) else []
    for key, one in inside:
        found += places(one, (*path, key))
    return found


def mutate(document: Any, chance: random.Random) -> None:
    """Change something, somewhere."""
    *way, last = chance.choice(places(document))
    holder = document
    for step in way:
        holder = holder[step]
    what = chance.random()
    if what < 0.2:
        del holder[last]
    elif what < 0.3 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[last]))
    elif what < 0.4 and isinstance(holder, dict):
        holder[chance.choice(["colour", "parent", "reversed", "meter", "gateway", "ratio"])] = (
            chance.choice(ODD)
        )
    elif what < 0.6 and isinstance(holder[last], (int, float)):
        holder[last] = chance.choice([holder[last] * 10, -holder[last], holder[last] + 1, 0])
    else:
        holder[last] = copy.deepcopy(chance.choice(ODD))


def change_gently(document: dict[str, Any], chance: random.Random) -> None:
    """Mostly to what may be."""
    point = chance.choice(document["points"])
    load = chance.choice(document["loads"])
    circuits = [one["name"] for one in document["loads"] if one["role"] == "circuit"]
    field, value = chance.choice(
        [
            ("reversed", chance.choice([True, False])),
            ("phase", chance.choice(["L1", "L2", "L3", "L1-L2", "unknown"])),
            ("ct", chance.choice(["AC-CT-100A", "AC-RSCT-4CM", "SOLID-CORE"])),
            ("ratio", chance.choice([1, 2.5, 0.001, 10000, 10001])),
            ("load", chance.choice(document["loads"])["name"]),
        ]
    )
    what = chance.random()
    if what < 0.5:
        point[field] = value
    elif what < 0.7:
        load["parent"] = chance.choice(circuits)
    elif what < 0.8:
        load["role"] = chance.choice(["grid", "solar", "battery", "circuit"])
    elif what < 0.9:
        document["frequency"] = chance.choice([50, 60])
        document["location"] = chance.randrange(-5, 2**31)
    else:
        document["voltage_ratio"] = chance.choice([0.01, 1, 1.5, 999.99, 1000, 1000.1])


def judged(tables: list[Any], gateway: str | None, tmp_path) -> list[str]:
    said = succeed(
        "judge_documents", given=[gateway, tables], heap="16M", cwd=tmp_path, timeout=600
    )
    return said.splitlines()


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    jsonschema.Draft7Validator.check_schema(schema())
    return jsonschema.Draft7Validator(schema())


def test_good_documents(validator, tmp_path):
    """Both take them; the fingerprint is the same on the gateway and here."""
    good = documents()
    for document in good:
        assert [error.message for error in validator.iter_errors(document)] == []
    assert judged(good, None, tmp_path) == [f"taken {fingerprint(one)}" for one in good]
    assert len({fingerprint(one) for one in good}) == len(good)


def test_schema_and_check_refuse_the_same(validator, tmp_path):
    chance = random.Random(SEED)
    tables = []
    for _ in range(COUNT):
        document = copy.deepcopy(chance.choice(documents()))
        change = chance.choice([mutate, change_gently])
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            change(document, chance)
        tables.append(document)
    verdicts = judged(tables, None, tmp_path)
    assert len(verdicts) == COUNT
    refused = 0
    for document, verdict in zip(tables, verdicts, strict=True):
        found = validator.iter_errors(document)
        errors = [f"{error.json_path}: {error.message}" for error in found]
        text = json.dumps(document, ensure_ascii=False)
        if verdict.startswith("taken"):
            assert not errors, (errors, text)
            assert verdict == f"taken {fingerprint(document)}", text
        else:
            refused += 1
            assert LINE.match(verdict), verdict
            assert errors or any(re.match(line, verdict) for line in ACROSS), (verdict, text)
    assert COUNT / 5 < refused < COUNT * 4 / 5  # chance has made both


BAD = [
    ({"gateway": "5020000043"}, "gateway: it is for 5020000043, and this is 5020000042: send it"),
    ({"version": 2}, "version: must be 1, this firmware knows no other: write it as version"),
]


@pytest.mark.parametrize(("change", "line"), BAD)
def test_a_document_for_another(tmp_path, change, line):
    """Another gateway, another firmware: refused, with the remedy."""
    (said,) = judged([documents()[0] | change], "5020000042", tmp_path)
    assert said.startswith(line)
    (said,) = judged([documents()[0] | {"gateway": "5020000042"}], "5020000042", tmp_path)
    assert said.startswith("taken")


@pytest.mark.parametrize(
    ("own", "table", "line"),
    [
        ("5130000007", {"gathers": ["5100000008"]}, "gathers: 5130000007 is no Genius"),
        ("5020000042", {"gathers": ["5020000042"]}, "gathers[0]: 5020000042 is this gateway"),
        ("5020000042", {"gathers": ["5140000001"]}, "gathers[0]: must be ten digits"),
        ("5020000042", {"gathers": []}, "gathers: 0 gateways, but there are 1 to 8"),
        ("5020000042", {"gathers": ["5100000008"] * 2}, "gathers[1]: 5100000008 is there twice"),
        ("5020000042", {"feeds": "5020000042"}, "feeds: 5020000042 is this gateway itself"),
        ("5140000001", {"feeds": "5020000042"}, "feeds: a 4G Connect is in no home network"),
        ("5130000007", {"feeds": "5130000008"}, 'feeds: "5130000008" is not ten digits that'),
        (
            "5020000042",
            {"feeds": "5020000043", "gathers": ["5100000008"]},
            "feeds: not together with gathers: remove one of them",
        ),
    ],
)
def test_what_several_gateways_cannot_be(own, table, line, tmp_path):
    [said] = judged([load_house(DEFAULT_HOUSE).site_json() | table], own, tmp_path)
    assert said.startswith(line)
