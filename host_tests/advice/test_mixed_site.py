"""Points on the A-bus, on meters and on a Power Box in one site: all is measured and published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from running_gateway import Listener, mqtt_at

HOUSES = ROOT / "tools" / "houses"


def house(scheme: str, phases: list[str], meters: list[str], grid: bool = True) -> str:
    text = f'scheme = "{scheme}"\n[head]\nserial = "5020000001"\n[[node]]\nserial = "5500000190"\n'
    points = ", ".join(
        f'{{ node = "5500000190", input = "{letter}", ct = "AC-CT-50A", phase = "{phase}" }}'
        for letter, phase in zip("ABC", phases, strict=False)
        if not (scheme == "3x230" and phase == "L3")
    )
    name, role = ("Grid", "grid") if grid else ("Oven", "circuit")
    power = "" if grid else "power = 1200\n"
    text += f'[[load]]\nname = "{name}"\nrole = "{role}"\n{power}points = [{points}]\n'
    for k, profile in enumerate(meters):
        own = phases if profile in ("SDM630", "EM340") else phases[:1]
        text += (
            f'[[meter]]\nname = "Meter {k}"\nunit = {21 + k}\nprofile = "{profile}"\n'
            f'load = "Load {k}"\npower = 900\nphases = {json.dumps(own)}\n'
        )
    return text


METERS = "".join(
    f'[[meter]]\nname = "{name}"\nunit = {unit}\nprofile = "{name}"\nload = "{name} load"\n'
    f"power = 900\nphases = {json.dumps(phases)}\n"
    for name, unit, phases in (("SDM630", 5, ["L1", "L2", "L3"]), ("SDM120", 6, ["L2"]))
)
THREE = ["L1", "L2", "L3"]
SITES = {
    "one phase": house("1x230", ["L1"], ["SDM120"]),
    "one phase, no grid": house("1x230", ["L1"], ["SDM230", "ET112"], grid=False),
    "star": house("3x400+N", THREE, ["EM340", "SDM120"]),
    "delta": house("3x230", ["L1", "L2"], ["SDM120"]),
    "split phase": house("2x120/240", ["L1", "L2"], ["SDM120"]),
    "only meters": '[head]\nserial = "5020000001"\n' + METERS,
    "a Power Box": (HOUSES / "power_box.toml").read_text(),
}


@pytest.mark.parametrize("name", SITES)
def test_everything_is_measured_and_published(name, broker, tmp_path: Path):
    path = tmp_path / "house.toml"
    path.write_text(SITES[name])
    built = load_house(path)
    plan = built.site_json()
    with Listener(plan, broker.port) as listener:
        with Session(Installation(built), plan, mqtt=mqtt_at(broker.port)) as session:
            metered = [i for i, point in enumerate(plan["points"]) if "meter" in point]

            def all_there(value):
                channels = value["channelPowers"]
                return len(channels) == len(plan["points"]) and all(
                    abs(channels[i]["power"] or 0) > 100 for i in metered
                )

            def find(items):
                return next(
                    (one for one in items if one.topic == "realtime" and all_there(one.value)),
                    None,
                )

            assert metered and listener.messages.until(find, "every meter's power")
            state = listener.wait("gateway", len(listener.of("gateway")) + 2)[-1]
            assert not state["errors"], (state["errors"], session.tail())
            wrong = {one["name"] for one in state["advice"]}
            assert not wrong & {"missing", "not_in_site", "no_ct", "open_ct", "no_room"}
            for topic in ("site", "quality", "totals", "bBus", "channelConfigV2", "config"):
                assert listener.wait(topic)


def test_meters_are_reported_without_a_head(broker, tmp_path: Path):
    """It has no supply after a power cut: what hangs on the A-bus is unknown, not the meters. When
    it is back all is measured."""
    path = tmp_path / "house.toml"
    path.write_text(SITES["star"].replace("[[node]]", "absent = true\n[[node]]", 1))
    built = load_house(path)
    plan, installation = built.site_json(), Installation(built)
    metered = ["meter" in point for point in plan["points"]]

    def measured(wanted):
        """Whether just these points had a power in the last `site`."""
        return lambda items: any(
            [point["power"] is not None for point in one.value["points"]] == wanted
            for one in [one for one in items if one.topic == "site"][-1:]
        )

    def advised(items):
        texts = [one["text"] for item in items if item.topic == "gateway"
                 for one in item.value["advice"] if one["name"] == "no_head"]  # fmt: skip
        return texts and built.head.serial in texts[0]

    rates = {"site": 1, "gateway": 1}
    with (
        Listener(plan, broker.port) as listener,
        Session(installation, plan, mqtt=mqtt_at(broker.port), publish=rates),
    ):
        listener.messages.until(measured(metered), "the meters")
        listener.messages.until(advised, "the missing head")
        installation.plug(built.head.serial)
        listener.messages.until(measured([True] * len(metered)), "all of it")
        state = listener.wait("gateway", len(listener.of("gateway")) + 1)[-1]
        assert state["aBus"]["restarts"] == 0
