"""Plans that chance has made: each is refused with its reasons, or its documents are taken by the
firmware, its limits are kept, and every load is measured once."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from gateway_host.configure import documents, reading, wiring
from gateway_host.configure.design import Result, design
from gateway_host.configure.problems import PlanError
from gateway_host.configure.words import Words, languages
from in_interpreter import succeed

COUNT = 200
# How many CTs the manual asks for: of each scheme what may be connected, and its CTs.
STAR = {"L1": 1, "L2": 1, "L3": 1, "L1+L2": 2, "L2+L3": 2, "L1+L2+L3": 3}
CTS = {
    "1x230": {"L1": 1},
    "3x400+N": STAR,
    "3x230": {"L1-L3": 1, "L2-L3": 1, "L1-L2": 1, "L1+L2+L3": 2},
    "2x120/240": {"L1": 1, "L2": 1, "L1-L2": 1, "L1+L2": 2},
    "3x120/208": STAR,
    "3x277/480": STAR,
    "3x347/600": STAR,
}
KINDS = ["auto", "Genius", "Genius Flex", "Connect", "Wi-Fi Connect", "4G Connect"]


def a_plan(dice: random.Random) -> dict[str, Any]:
    scheme = dice.choice(list(CTS))
    boards = [
        {
            "name": f"Board {k}",
            "distance": round(dice.choice([0, 0.3, 1, 5, 30, 120]) * dice.random(), 1),
            "cts": dice.choice(["split-core", "solid-core"]),
            "short_leads": dice.random() < 0.2,
        }
        for k in range(dice.randint(1, 6))
    ]
    loads = [
        {
            "name": f"Load {k}",
            "role": dice.choice(["circuit"] * 6 + ["solar", "battery"]),
            "phases": dice.choice(list(CTS[scheme])),
            dice.choice(["breaker", "power"]): dice.choice([1, 6, 16, 32, 63, 80, 200, 900]),
            "cable": dice.choice(["", 1.5, 4, 16, 95, 240, "busbar"]),
            "board": dice.choice(boards)["name"],
            "ct": dice.choice(["auto"] * 90 + ["rogowski", "split-core", "AC-CT-100A"]),
        }
        for k in range(dice.choice([1, 4, 9, 20, 40]))
    ]
    if dice.random() < 0.8:
        loads.insert(dice.randrange(len(loads)), {"name": "Grid", "role": "grid"})
    return {
        "name": "Plan",
        "scheme": scheme,
        "breaker": dice.choice([25, 63, 400]),
        "gateway": {
            "kind": dice.choice(KINDS[:1] * 20 + KINDS),
            "internet": dice.choice(["ethernet", "wifi", "lte"]),
            "distance": dice.choice([0.2, 1, 12, 80]),
            "power_box": dice.choice(["a-bus"] * 5 + ["modbus"]),
        },
        "board": boards,
        "load": loads,
        "input": [{"name": f"In {k}"} for k in range(dice.choice([0, 0, 0, 5]))],
        "output": [{"name": f"Out {k}", "amperes": 16} for k in range(dice.choice([0, 0, 1]))],
    }


def check(plan: dict[str, Any], result: Result) -> None:
    counted = Counter(row.load for row in wiring.rows(result))
    for load in plan["load"]:
        widest = list(CTS[plan["scheme"]])[-1]
        assert counted[load["name"]] == CTS[plan["scheme"]][load.get("phases", widest)]
    inputs = Counter((row.device, row.input) for row in wiring.rows(result))
    assert set(inputs.values()) == {1}
    sensors = Counter(row.ct for row in wiring.rows(result))
    bought = {item.article: item.quantity for item in result.items}
    for article, count in sensors.items():
        assert article == "SOLID-CORE" or bought[article] == count
    for bus in wiring.buses(result):
        assert bus.metres < {"A-bus": 100, "B-bus": 500}[bus.name]
    for unit in result.units:
        assert sum(4 if device.kind == "CT Hub" else 3 for device in unit.group.devices) <= 28


def test_random_plans():
    dice, found, refused = random.Random(16), [], Counter()
    for _ in range(COUNT):
        plan = a_plan(dice)
        try:
            result = design(reading.read(plan))
        except PlanError as error:
            for problem in error.problems:
                refused[problem.key] += 1
                for language in languages():
                    assert Words(language).problem(problem)
            continue
        check(plan, result)
        for language in languages():
            assert all(Words(language).note(note) for note in result.notes)
        found += [documents.site(result.plan, unit, result.units) for unit in result.units]
    judged = succeed("judge_sites", given=found, heap="8M").splitlines()
    assert judged == ["taken"] * len(found)
    assert len(found) > COUNT and len(refused) >= 4, (len(found), refused)
