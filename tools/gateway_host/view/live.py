"""The running gateway, watched: in a live view, or in lines where there is no terminal."""

from __future__ import annotations

import contextlib
import sys
import termios
import time
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live

from gateway_host.broker import Broker
from gateway_host.errors import UserError
from gateway_host.session import Session
from gateway_host.sim.installation import Installation
from gateway_host.sim.radio import World
from gateway_host.view.collector import Collector, Snapshot
from gateway_host.view.screen import render, status_line

_FRAME_S = 0.2
_STATUS_S = 5.0
_LATE_S = 4.0  # without a message, while one a second is due
_PATIENCE_S = 30.0  # without any measurement


class Watch:
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


def show(watch: Watch, seconds: float | None) -> None:
    """The live view, or status lines where there is no terminal, until the time is over."""
    console = Console()
    if not console.is_terminal or console.is_dumb_terminal:
        for snapshot in _snapshots(watch, seconds, _STATUS_S):
            print(watch.status(snapshot), flush=True)
        return
    with _without_echo(), Live(console=console, screen=True, auto_refresh=False) as live:
        for snapshot in _snapshots(watch, seconds, _FRAME_S):
            live.update(render(snapshot, *console.size), refresh=True)


def _snapshots(watch: Watch, seconds: float | None, every_s: float) -> Iterator[Snapshot]:
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
