"""Run the gateway against the simulated house, with a live view in the terminal."""

from __future__ import annotations

import argparse
import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway_host import certificates
from gateway_host.broker import Broker
from gateway_host.faults.script import Faults
from gateway_host.firmware_says import check_site, version
from gateway_host.number_option import number
from gateway_host.session import REPL_FILE, Session, has_repl
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.power_box import PowerBox
from gateway_host.sim.radio import World
from gateway_host.view.collector import Collector
from gateway_host.view.live import Watch, show
from gateway_host.view.screen import save_picture
from gateway_host.view.summary import losses, summary
from gateway_host.view.truth import Truth
from gateway_host.world import command, parts, surround

_RATES = {"gateway": 1, "bBus": 1}  # s: somebody watches
_FAREWELL_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `run`."""
    parser.add_argument("--seconds", type=number(0.1, 1e9), help="measure so long, then end")
    parser.add_argument("--house", type=Path, default=DEFAULT_HOUSE, help="the house (TOML)")
    parser.add_argument(
        "--site", type=Path, help="site.json for the gateway instead of the house's own"
    )
    parser.add_argument("--bits", type=int, choices=(32, 64), default=32, help="the interpreter")
    parser.add_argument(
        "--port", type=number(0, 65535, int), default=0, help="the broker's port (a free one)"
    )
    parser.add_argument("--tls", action="store_true", help="between gateway and broker")
    parser.add_argument("--broker", choices=("mosquitto", "amqtt"), help="the kind of broker")
    parser.add_argument(
        "--baud", type=number(9600, 12_000_000, int), default=3_000_000, help="of the A-bus"
    )
    parser.add_argument(
        "--rxbuf", type=number(16, 65535, int), default=5120, help="the receive buffer in bytes"
    )
    parser.add_argument(
        "--faults", default="", help="what goes wrong: 'ber=1e-5; unplug 5500000191 at 10 for 5'"
    )
    parser.add_argument(
        "--world", help="a world to be changed by `make world`: 'show', or 'cable out; wifi a'"
    )
    parser.add_argument("--state", type=Path, help="keep the gateway's files in this directory")
    parser.add_argument("--picture", type=Path, help="at the end, write the view as SVG")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 when all was measured or on Ctrl-C; 1 when anything was lost."""
    faults = Faults.parse(arguments.faults)
    house = load_house(arguments.house)
    plan = check_site(arguments.site, arguments.bits) if arguments.site else house.site_json()
    truth = Truth(house.site_json())
    installation = Installation(
        house, arguments.baud, arguments.rxbuf, tap=truth.tap, faults=faults
    )
    for slave in installation.b_line.slaves:
        if isinstance(slave, PowerBox):
            slave.on_read = truth.answered
    interrupted = False
    with contextlib.ExitStack() as stack:
        world = _world(arguments.world) if arguments.world else None
        watch = Watch(installation, world)
        broker = stack.enter_context(
            Broker(
                port=arguments.port,
                kind=arguments.broker,
                tls=certificates.make() if arguments.tls else None,
            )
        )
        collector = stack.enter_context(Collector(plan))
        collector.connect("127.0.0.1", broker.port)
        mqtt, page, around = broker.mqtt(), None, {}
        if world:
            mqtt["port"], page, around = surround(world, mqtt["port"], stack)
        session = stack.enter_context(
            Session(
                installation,
                plan,
                mqtt=mqtt,
                publish=_RATES,
                **around,
                bits=arguments.bits,
                baud=arguments.baud,
                rxbuf=arguments.rxbuf,
                directory=arguments.state,
                repl_file=REPL_FILE,
                on_led=watch.on_led,
            )
        )
        started = time.monotonic()
        note = _opening(broker, plan, session, arguments.bits, page)
        print(note, flush=True)
        if arguments.faults:
            print(f"Faults: {arguments.faults}", flush=True)
        watch.attach(collector, session, broker, note)
        try:
            show(watch, arguments.seconds)
        except KeyboardInterrupt:
            interrupted = True
        with _undisturbed():
            took = time.monotonic() - started
            last = watch.snapshot()
            session.stop()
            _await_farewell(collector)
            if arguments.picture:
                save_picture(last, arguments.picture, plan["name"])
    comparable = arguments.site is None and not losses(last)
    energy = truth.energy(last.reports) if comparable else None
    print(summary(last, took, energy), flush=True)
    return 0 if interrupted or not losses(last) else 1


def _world(commands: str) -> World:
    world = World()
    for text in parts(commands, ";"):
        command(world, text)
    return world


def _opening(
    broker: Broker, plan: dict[str, Any], session: Session, bits: int, page: str | None
) -> str:
    nodes = len({point.get("node", point.get("meter")) for point in plan["points"]})
    return (
        f"MicroPython {version(bits)} runs firmware/; "
        + (f"the hotspot's page is {page}; " if page else "")
        + f"{broker.kind} on 127.0.0.1:{broker.port}"
        + (f" (for the gateway TLS on {broker.tls_port})" if broker.tls_port else "")
        + f"; {plan['name']}: {len(plan['points'])} points on {nodes} nodes; "
        + (f"REPL on {session.repl}" if has_repl() else "no REPL (aiorepl is not installed)")
    )


def _await_farewell(collector: Collector) -> None:
    end = time.monotonic() + _FAREWELL_S
    while collector.snapshot().present is not False and time.monotonic() < end:
        time.sleep(0.02)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ends in order, however often somebody presses Ctrl-C."""
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(kind, signal.SIG_IGN) for kind in kinds]
    try:
        yield
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)
