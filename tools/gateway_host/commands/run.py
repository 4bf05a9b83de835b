"""Run the gateway against the simulated house, with a live view in the terminal."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from gateway_host import certificates
from gateway_host.broker import Broker
from gateway_host.errors import UserError
from gateway_host.faults.script import Faults
from gateway_host.firmware_says import check_site, version
from gateway_host.number_option import number
from gateway_host.session import REPL_FILE, Session, has_repl
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.power_box import PowerBox
from gateway_host.sim.radio import World
from gateway_host.view.collector import Collector, Snapshot
from gateway_host.view.screen import render, save_picture, status_line
from gateway_host.view.summary import losses, summary
from gateway_host.view.truth import Truth
from gateway_host.world import command, parts, surround

_RATES = {"gateway": 1, "bBus": 1}  # s: somebody watches
_FRAME_S = 0.2
_STATUS_S = 5.0
_LATE_S = 4.0  # without a message, while one a second is due
_PATIENCE_S = 30.0  # without any measurement
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
        watch = _Watch(installation, world)
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
            _show(watch, arguments.seconds)
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


class _Watch:
    """Joins what the collector heard with what the simulation knows."""

    def __init__(self, installation: Installation, world: World | None):
        self._installation = installation
        self._world = world
        self._led: tuple[int, int, int] | None = None

    def attach(self, collector: Collector, session: Session, broker: Broker, note: str) -> None:
        self._collector = collector
        self._session = session
        self._broker = broker
        self._note = note
        self._since = time.monotonic()

    def on_led(self, _ticks: int, red: int, green: int, blue: int) -> None:
        self._led = (red, green, blue)

    def snapshot(self) -> Snapshot:
        counters = self._installation.counters
        line = {"overflow": counters.overflowed_bytes, "collisions": counters.collisions}
        return self._collector.snapshot().with_simulation(self._led, line, self._note)

    def check(self, snapshot: Snapshot) -> None:
        """UserError when there is nothing more to wait for."""
        self._session.check()
        self._broker.check()
        if self._world:
            return  # silence is what people make there
        quiet = snapshot.age_s
        if quiet is None:
            quiet = time.monotonic() - self._since
        if quiet > _PATIENCE_S:
            raise UserError(
                f"nothing was heard from the gateway for {quiet:.0f} s; it last said: "
                f"{self._session.last_words()}"
            )

    def status(self, snapshot: Snapshot) -> str:
        """The state in one line."""
        if self._world and not (self._world.cloud and self._world.passes()):
            return (
                "no way from the gateway to the broker: `make world CMD=show` shows how things are"
            )
        if snapshot.age_s is not None and snapshot.age_s > _LATE_S:
            return (
                f"nothing was heard from the gateway for {snapshot.age_s:.0f} s; it last said: "
                f"{self._session.last_words()}"
            )
        return status_line(snapshot)


def _show(watch: _Watch, seconds: float | None) -> None:
    """The live view, or status lines where there is no terminal, until the time is over."""
    console = Console()
    if not console.is_terminal or console.is_dumb_terminal:
        for snapshot in _snapshots(watch, seconds, _STATUS_S):
            print(watch.status(snapshot), flush=True)
        return
    with _without_echo(), Live(console=console, screen=True, auto_refresh=False) as live:
        for snapshot in _snapshots(watch, seconds, _FRAME_S):
            live.update(render(snapshot, *console.size), refresh=True)


def _snapshots(watch: _Watch, seconds: float | None, every_s: float) -> Iterator[Snapshot]:
    due = time.monotonic() + every_s
    while True:
        snapshot = watch.snapshot()
        watch.check(snapshot)
        if seconds is not None and round(snapshot.measured_s, 1) >= seconds:
            return
        if time.monotonic() >= due:
            due += every_s
            yield snapshot
        time.sleep(min(_FRAME_S, max(0.0, due - time.monotonic())))


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
def _without_echo() -> Iterator[None]:
    """What is typed does not appear in the middle of the view."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    silent = termios.tcgetattr(sys.stdin)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)


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
