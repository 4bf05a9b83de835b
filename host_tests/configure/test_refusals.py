"""Plans that cannot be built: each thing wrong has its path and its remedy, in one line each."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest
from gateway_host.__main__ import main
from gateway_host.configure import reading
from gateway_host.configure.design import design
from gateway_host.configure.problems import PlanError
from gateway_host.configure.words import Words
from gateway_host.interpreter import ROOT

VILLA = ROOT / "tools" / "plans" / "villa.toml"


def villa() -> dict[str, Any]:
    return tomllib.loads(VILLA.read_text())


def loads(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"name": f"L{k}", "phases": "L1", "breaker": 16} | fields for k in range(count)]


# What is changed in the plan, and of each problem its path and words of what is wrong and to do.
WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"name": ""}, {"name": "missing: add it"}),
    ({"name": "x" * 41}, {"name": "at most 40 characters"}),
    ({"name": "ü" * 39 + "😀" * 2}, {"name": "at most 40 characters"}),
    ({"scheme": "3x380"}, {"scheme": "3x400+N"}),
    ({"breaker": "many"}, {"breaker": "number from 1 to 10000, not many"}),
    ({"breaker": -63}, {"breaker": "from 1"}),
    ({"breaker": float("nan")}, {"breaker": "from 1"}),
    ({"frequency": 55}, {"frequency": "50, 60"}),
    ({"timezone": "Europe/Atlantis"}, {"timezone": "Europe/Brussels"}),
    ({"uuid": "villa"}, {"uuid": "not a UUID"}),
    ({"roof": True}, {"roof": "not known"}),
    ({"load": []}, {"load": "add a load"}),
    ({"load": "all"}, {"load": "list of tables", }),
    ({"load": loads(65)}, {"load": "at most 64"}),
    ({"load": [{"name": "A", "phases": "L4", "breaker": 16}]}, {"load[0].phases": "L1+L2+L3"}),
    ({"load": [{"name": "A", "phases": "L1-L2", "breaker": 16}]}, {"load[0].phases": "L1+L2"}),
    ({"load": [{"name": "A", "phases": "L1"}]}, {"load[0].breaker": "breaker (A) or power (kW)"}),
    ({"load": [{"name": "A", "breaker": 1, "power": 1}]}, {"load[0].power": "not both"}),
    ({"load": [{"name": "A", "breaker": 16, "cable": 3}]}, {"load[0].cable": "2.5, 4"}),
    ({"load": [{"name": "A", "breaker": 16, "board": "Attic"}]}, {"load[0].board": "Garage"}),
    ({"load": [{"name": "A", "breaker": 16, "role": "pool"}]}, {"load[0].role": "circuit"}),
    ({"load": [{"name": "A", "breaker": 16, "ct": "AC-CT-60A"}]}, {"load[0].ct": "AC-CT-50A"}),
    ({"load": loads(2, name="Same")}, {"load[1].name": "Same is there twice"}),
    ({"load": [{"name": "G", "role": "grid", "phases": "L1"}]}, {"load[0].phases": "all of it"}),
    ({"load": [{"name": "G", "role": "grid"}, {"name": "H", "role": "grid"}]},
     {"load[1].role": "a grid already"}),
    ({"load": loads(1, parent="Sub-board")}, {"load[0].parent": "no load Sub-board"}),
    ({"load": loads(1, parent="L0")}, {"load[0].parent": "behind itself"}),
    ({"load": loads(1, colour="red")}, {"load[0].colour": "not known"}),
    ({"load": loads(1, breaker=100, ct="AC-CT-50A")}, {"load[0].ct": "AC-CT-100A"}),
    ({"load": loads(1, cable=50, ct="solid-core")}, {"load[0].ct": "one of"}),
    ({"load": [3]}, {"load[0]": "table of fields", "load[0].name": "missing",
                     "load[0].breaker": "breaker"}),
    ({"board": [{"name": "A"}, {"name": "A"}]},
     {"board[1].name": "another name", "load[8].board": "A", "load[9].board": "A",
      "input[1].board": "A"}),
    ({"gateway": {"kind": "Wi-Fi Connect"}},
     {"gateway.kind": "take a Genius"}),
    ({"gateway": {"kind": "Genius", "internet": "fax"}}, {"gateway.internet": "lte"}),
    ({"gateway": {"kind": "Genius Flex", "power_box": "modbus"}},
     {"gateway.power_box": "take a-bus"}),
    ({"gateway": {"distance": 99}}, {"gateway.distance": "from 0 to 95"}),
    ({"gateway": {"distance": 499, "power_box": "modbus"}}, {"board": "nearer to the gateway"}),
    ({"load": loads(29), "input": [], "output": [], "gateway": {"kind": "Connect"}},
     {"gateway.kind": "2 gateways are needed"}),
    ({"input": [{"name": f"I{k}"} for k in range(44)]}, {"input": "12 Input and Output modules"}),
    ({"input": [{"name": "A", "mode": "pulse"}]},
     {"input[0].unit": "missing", "input[0].per_pulse": "missing"}),
    ({"output": [{"name": "Water"}]}, {"output[0].name": "twice"}),
    ({"output": [{"name": "B", "contact": "open"}]}, {"output[0].contact": "NO, NC"}),
    ({"serials": {"Power Box 1": "540001"}}, {"serials.Power Box 1": "ten digits"}),
    ({"serials": {"Power Box 1": "5500000001"}}, {"serials.Power Box 1": "begins with 5400"}),
    ({"serials": {"Power Box 2": "5400000001"}}, {"serials.Power Box 2": "no such device"}),
    ({"serials": {"CT Hub 1": "5500000009", "CT Hub 2": "5500000009"}},
     {"serials.CT Hub 2": "that of CT Hub 1"}),
]  # fmt: skip


@pytest.mark.parametrize("change, expected", WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_has_path_and_remedy(change, expected):
    plan = copy.deepcopy(villa()) | change
    with pytest.raises(PlanError) as caught:
        design(reading.read(plan))
    found = {one.path: Words("en").problem(one) for one in caught.value.problems}
    assert set(found) == set(expected)
    for path, words in expected.items():
        assert words in found[path] and "\n" not in found[path]


@pytest.mark.parametrize("tables", [None, 3, [], "plan", {"load": {"name": "x"}}])
def test_what_is_no_plan_at_all(tables):
    with pytest.raises(PlanError):
        reading.read(tables)


def test_the_command_says_each_in_a_line(tmp_path, capsys):
    path = tmp_path / "plan.toml"
    path.write_text(
        'name = "A"\nscheme = "1x230"\nbreaker = 25\n[[load]]\nname = "B"\nrole = "x"\n'
    )
    out = tmp_path / "out"
    assert main(["configure", "--plan", str(path), "--out", str(out)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and not out.exists()
    first, second = printed.err.splitlines()
    assert first.startswith(f"error: {path}: load[0].role: x is not known")
    assert second.startswith(f"error: {path}: load[0].breaker: say how much")


FILES = [
    (b"name = ", "not TOML"),
    (b"\xff", "not UTF-8"),
]


@pytest.mark.parametrize("content, words", FILES)
def test_a_file_that_is_not_one(tmp_path, capsys, content, words):
    path = tmp_path / "plan.toml"
    path.write_bytes(content)
    assert main(["configure", "--plan", str(path), "--out", str(tmp_path / "out")]) == 2
    assert f"error: {path}: {words}" in capsys.readouterr().err
    assert main(["configure", "--plan", str(tmp_path / "none"), "--out", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
