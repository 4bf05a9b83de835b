"""What the hotspot's page says of a network that was joined and leads nowhere, through the portal,
the simulated world and its internet; and that it is well once the internet is there."""

from __future__ import annotations

import html
import tomllib

import pytest
from gateway_host.portal_pages import SOURCE
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from installer_scenario import BLUE, GREEN, NAME, PASSWORD, RED, Installer
from phone import until

from hotspot import HOST

MESSAGES = tomllib.loads((SOURCE / "text.toml").read_text(encoding="utf-8"))["en"]["messages"]
NOWHERE = "cloud.invalid"  # RFC 6761: no name server knows it
# How the world is -> what is said.
RESULTS = {
    "no_cloud": {"cloud": False},
    "captive": {"internet": "captive"},
    "no_internet": {"internet": "off"},
}
PLAN = load_house(DEFAULT_HOUSE).site_json()


def give(installer: Installer, result: str) -> None:
    """Give the network: the page and the LED show this result."""
    world, lamp = installer.world, installer.lamp
    begun = world.now / 1e6
    installer.join(NAME, PASSWORD)
    text = html.escape(MESSAGES[result].replace("%s", NAME), quote=False)
    until(lambda: text in installer.page(), text, installer.page)
    blue = lamp.first(BLUE, begun)  # while it is tried
    until(lambda: lamp.first(RED, blue), "red", lambda: lamp.seen[-5:])
    assert world.joined().ssid == NAME


@pytest.mark.parametrize(
    "plan, results", [(None, RESULTS), (PLAN, ["captive"])], ids=["new", "28 points"]
)
def test_a_network_that_leads_nowhere_until_it_does(plan, results, tmp_path, broker):
    """Before there is an installation, and beside one, in the device's heap."""
    with Installer(tmp_path / "gateway", plan, cloud=(HOST, broker.port)) as installer:
        world, lamp = installer.world, installer.lamp
        for result in results:
            for field, value in RESULTS[result].items():
                setattr(world, field, value)
            give(installer, result)
        world.internet = "on"
        world.cloud = True
        begun = world.now / 1e6
        until(lambda: lamp.first(GREEN, begun), "green", lambda: lamp.seen[-5:], 60)
        assert lamp.first(GREEN, begun) - begun < 30
        until(lambda: "Connected" in installer.page(), "the result", installer.page)
        until(lambda: not world.hotspot, "the hotspot's end")
        assert "Traceback" not in installer.session.log.read_text()


def test_a_network_without_names(tmp_path, broker):
    with Installer(tmp_path / "gateway", None, cloud=(NOWHERE, broker.port)) as installer:
        give(installer, "no_dns")
