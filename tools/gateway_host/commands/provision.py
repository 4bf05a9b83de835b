"""Power up a gateway that knows no network, to be given one in a browser on this machine."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator

from gateway_host.broker import Broker
from gateway_host.number_option import number
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.radio import Network, World
from gateway_host.world import surround

# Every kind of network that an installer meets.
NETWORKS = (
    Network("Woning_5", "Geheim!123", rssi=-48, channel=11),
    Network("telenet-8F2A1", "Appel-Taart_7", rssi=-63, channel=1),
    Network("Huis Peeters", "Geheim!123", rssi=-58),
    Network("Camping", "", "open", rssi=-74),
    Network("Kelder", "Geheim!123", "wep", rssi=-80),
    Network("Nieuwbouw", "Geheim!123", "wpa3", rssi=-70),
    Network("Verborgen", "Geheim!123", hidden=True, rssi=-66),
)
_LOOK_S = 0.1
_MORE = """\
In another terminal the world is changed: make world CMD="internet captive", or "internet on",
"cloud off", "dhcp never", "cable in", 'wifi "Huis Peeters" gone', "button 0.3" (it opens the
hotspot again when its time is over); CMD=help lists all."""
_COLOURS = ("off", "blue", "green", "cyan", "red", "purple", "yellow", "white")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `provision`."""
    parser.add_argument("--seconds", type=number(0.1, 1e9), default=1e9, help="end after so long")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 once the gateway has joined a network and closed its hotspot, 1 when it has not
    within the time; Ctrl-C ends."""
    world = World(list(NETWORKS), cable=False)
    colours: list[str] = []

    def on_led(_ticks: int, red: int, green: int, blue: int) -> None:
        colour = _COLOURS[(red > 0) << 2 | (green > 0) << 1 | (blue > 0)]
        if colour != "off" and colours[-1:] != [colour]:
            colours.append(colour)

    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Broker())
        port, page, options = surround(world, broker.port, stack)
        options["mqtt"] = {"host": "127.0.0.1", "port": port, "home_broker": True}
        session = stack.enter_context(
            Session(Installation(load_house(DEFAULT_HOUSE)), None, on_led=on_led, **options)
        )
        known = ", ".join(f"{one.ssid} ({one.password})" for one in NETWORKS[:2])
        print("A gateway that knows no network is powered up. Ctrl-C ends.")
        print(f"Networks to give it: {known}; any other shows why it cannot be used.")
        print(_MORE, flush=True)
        for text in _changes(session, world, colours, page, arguments.seconds):
            print(f"{world.now / 1e6:7.1f} s  {text}", flush=True)
        return 0 if world.joined() else 1


def _changes(
    session: Session, world: World, colours: list[str], page: str, seconds: float
) -> Iterator[str]:
    """What happens, until a network is joined and the hotspot closed."""
    shown = 0
    hotspot = joined = None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        while shown < len(colours):
            yield f"LED {colours[shown]}"
            shown += 1
        if world.hotspot != hotspot:
            hotspot = world.hotspot
            yield f"hotspot {hotspot[0]}: open {page} in a browser" if hotspot else "hotspot off"
            if not hotspot and world.joined():
                return
        if world.joined() != joined:
            joined = world.joined()
            yield f"joined {joined.ssid}" if joined else "no network"
        session.check()
        time.sleep(_LOOK_S)
