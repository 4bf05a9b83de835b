"""A CT of another type than is configured: what the phone says of it, and one tap that lets the
gateway take it for what it is, and one that takes that back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gateway_host.service_page import texts
from gateway_host.sim.house_file import load_house
from measured_site import Site
from phone import Phone, until

DECIDED_S = 125  # of simulated time: four judgements
HEATER = ("5500000190", "A")
TRUE, CONFIGURED = "AC-CT-50A", "AC-CT-100A"
WORDS = texts()
# The grid's CTs are built in: what disagrees with them is the other one.
HOUSE = """
name = "Heated"
scheme = "3x400+N"
frequency = 50
[mains]
voltages = [231, 228, 234]
angles = [0, -120, 120]
[head]
serial = "5020000001"
[[node]]
serial = "5600000301"
[[node]]
serial = "5500000190"
[[load]]
name = "Grid"
role = "grid"
points = [
  { node = "5600000301", input = "A", phase = "L1" },
  { node = "5600000301", input = "B", phase = "L2" },
  { node = "5600000301", input = "C", phase = "L3" },
]
[[load]]
name = "Heater"
power = { steps = [[5, 1800], [6, 300], [4, 900]] }
points = [{ node = "5500000190", input = "A", ct = "AC-CT-50A", phase = "L1" }]
[[load]]
name = "Oven"
power = { steps = [[7, 2100], [9, 40]] }
points = [{ node = "5500000190", input = "B", ct = "AC-CT-50A", phase = "L2" }]
"""


def article(site: Site) -> str:
    """The heater's in the stored site.json."""
    text = (site.installer.session.directory / "site.json").read_text(encoding="utf-8")
    points = json.loads(text)["points"]
    return next(p["ct"] for p in points if (p.get("node"), p["input"]) == HEATER)


def finding(site: Site) -> list[Any]:
    points = site.again("site")["points"]
    found = site.again("findings")["findings"]
    return next(one for one in found if tuple(points[one[0]][:2]) == HEATER)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("type")
    path = directory / "heated.toml"
    path.write_text(HOUSE, encoding="utf-8")
    house = load_house(path)
    plan = house.site_json()
    for point in plan["points"]:
        if (point.get("node"), point["input"]) == HEATER:
            assert point["ct"] == TRUE
            point["ct"] = CONFIGURED
    with Site(directory, house, plan=plan, paced_from_s=DECIDED_S) as started:
        yield started


def test_one_tap_and_one_back(site, tmp_path):
    until(
        lambda: finding(site)[1:2] + finding(site)[3:4] == ["wrong", "wrong_type"],
        "it",
        lambda: finding(site),
        120,
    )
    k, _, confidence, _, phase, turned, reason, ct = finding(site)
    assert (phase, turned, ct) == ("L1", False, TRUE)
    assert 0.99 < confidence < 1
    assert "shows 2 times what other CTs show of its steps: it is one of 50 A" in reason
    with Phone(tmp_path / "b", site.installer.port, size=(360, 780)) as phone:
        for language in ("nl", "fr", "de", "en"):
            phone.speak(language)
            phone.open(f"http://{site.installer.origin()}/wiring")
            phone.tap("#to-findings")
            words = WORDS[language]
            where = words["ct"].replace("%1", "A").replace("%2", HEATER[0])
            phone.wait(
                words["wrong_type"].replace("%1", where).replace("%2", TRUE).replace("%3", "100")
            )
            assert phone.look("document.documentElement.scrollWidth") <= 360
            phone.shot(f"wiring-type-{language}")
        assert phone.look("document.querySelectorAll('.wrong').length") == 1
        phone.tap(".apply")
        phone.wait(words["state_done"])
        assert article(site) == TRUE
        [change] = site.again("findings")["changes"]
        assert change["points"] == [
            [*HEATER, "L1", False, "L1", False, [CONFIGURED, 100], [TRUE, 50]]
        ]
        phone.wait(f"{HEATER[0]} A: {CONFIGURED} → {TRUE}")
        phone.tap(".quiet")
        phone.wait(words["was_undo"])
        until(lambda: article(site) == CONFIGURED, "the way back")
        phone.wait(f"{HEATER[0]} A: {TRUE} → {CONFIGURED}")
        until(lambda: site.again("findings")["job"][1] == "done", "its end")
        assert [one["what"] for one in site.again("findings")["changes"]] == ["apply", "undo"]
    assert "Traceback" not in site.installer.session.log.read_text()
