"""What a gateway has before it has an installation: LED and button, the links, the serial line,
the time, the watch over the tasks, and the way back to how it left the factory. Owns the LED and
the button."""

import asyncio
import sys
import time

from micropython import const

from system.ends import Ends
from system.tasks import run_all
from system.version import VERSION
from system.watchdog import WATCHDOG_MS, Watch
from site.validity import Validity
from net.connection import Connection
from net.hotspot_window import SERVICE_S
from net.time_floor import TimeFloor
from led import Led
from panel.animation import Animation
from panel.button import LET_GO, RESET, SHORT, Button
from panel.console import Console

_FRAME_MS = const(20)
_NTP = const(123)  # the port
_NO_TIME_AFTER = const(4)  # tries, in the first minute
_RESET_MS = const(180000)  # an erase of the whole storage stops everything
_NO_SITE = "site.json cannot be used, nothing is measured: put a good one on the gateway"
_SETTINGS = (
    "settings.json cannot be used, what was kept before is: put a good one on the gateway; the "
    "console says at the start what is wrong"
)
_KEY_UNKEPT = (
    "the hotspot's password cannot be kept, as the flash cannot be written: it is another one "
    "after the next start; the console has this one"
)
_NETWORK_UNKEPT = (
    "the Wi-Fi network that was given cannot be kept, as the flash cannot be written: give it "
    "again after the next start, and have the gateway replaced if that does not help"
)


class Housekeeping:
    """`led`: its state; `connection`; `counters`; `watch`; `ends`: ends.Ends. hardware, board:
    the board's; settings: settings.Settings; changed: a function, called when the LED's state has
    changed; cloud: a function, whether the cloud has accepted us; improv: improv.Improv or
    None; service: the commissioning page (installer.service_page), None without a site; let_go: a
    function, called when a held button was let go before the reset."""

    def __init__(
        self,
        hardware: BoardHardware,
        board: Board,
        settings: Settings,
        counters: Counters,
        changed: Callable[[], object],
        cloud: Callable[[], bool],
        improv: Improv | None = None,
        service: ServicePage | None = None,
        let_go: Callable[[], object] = lambda: None,
    ):
        self.hardware = hardware
        self.counters = counters
        self.led = Led(board.LED, board.MAX_STATE_S)
        self._button = Button(board.RESET)
        self._changed = changed
        self._cloud = cloud
        self._has_lte = "lte" in board.LINKS
        self._alone = service is None
        self._measures = False  # since the start
        self._let_go = let_go
        self._console = console = Console()
        self.connection = Connection(
            hardware,
            board,
            settings,
            counters,
            self.set_event,
            cloud,
            lambda: console.said,
            service,
        )
        self._time_servers = [(host, _NTP) for host in settings.time_servers]
        self._time_servers = self._time_servers or hardware.time_servers
        own, ca = [Validity(settings.mqtt, field) for field in ("certificate", "ca")]
        self._certificates = own, ca
        self._floor = TimeFloor(own.begins_s, counters.count)
        self.ends = Ends(hardware, not hardware.debug)
        if counters.log:
            counters.log.take_before(self.ends.before)
        if self.ends.reason:
            counters.count("end." + self.ends.reason.split(":")[0])
        self.watch = Watch(
            counters, hardware.feed, self.ends, lambda: self._alone or self._measures
        )
        self.whole: Any = self  # of which this is a part, for who looks at it
        self._service_until_ms = 0
        self._engineer = None
        self._improv = improv
        if improv:
            improv.typed = self._typed
            improv.serve(self.connection.trial)

    def set_event(self, event: str, value: LedFact) -> None:
        """Something has happened: see led.Led.set_event."""
        self._measures = self._measures or event == "measuring"
        if self.led.set_event(event, value, self.hardware.uptime_ms() // 1000):
            self._changed()

    def tasks(self, texts: Callable[[], list[AdviceText]] | None = None) -> list[WatchedTask]:
        """What is to run without end, each with the seconds within which it must show that it
        moves. texts: all that is wrong, in place of our own."""
        console, texts = self._console, texts or self.texts
        tasks = [
            ("housekeeping", 30, self._run_panel),
            ("connection", 300, self.connection.run),
            ("console", 60, lambda beat: console.run(texts, beat)),
        ]
        if self._time_servers:
            tasks.append(("time", 7200, self._keep_time))
        if self._improv:
            tasks.append(("improv", 120, self._improv.run))
        return tasks

    def state_parts(self) -> tuple[StatePart, ...]:
        """What of the message `gateway` there is before there is a site, see cloud.state.State."""
        hardware, led, connection = self.hardware, self.led, self.connection
        return (
            ("time", lambda: (ms := hardware.now_ms()) and ms // 1000, None),
            ("uptime", lambda: hardware.uptime_ms() // 1000, None),
            ("serial", lambda: hardware.serial, None),
            ("firmwareVersion", lambda: VERSION, None),
            ("heapFree", hardware.heap_free, None),
            ("internalHeap", hardware.internal_heap, None),
            ("lastEnd", self.ends.describe, None),
            ("led", led.describe, lambda: (led.state, led.overdue)),
            ("connection", connection.describe, connection.glance),
        )

    async def run(self) -> None:
        """Run the tasks, without end."""
        await run_all(self.counters, self.tasks(), self.watch)

    def _in_service(self):
        """Whether somebody has pressed the button in the last 15 minutes."""
        return self.hardware.uptime_ms() < self._service_until_ms

    def _typed(self, byte):
        """A byte on the console: an engineer's, whose part is loaded in service mode."""
        if self._engineer is None:
            if not self._in_service():
                return False
            from panel.engineer import Engineer

            improv: Any = self._improv
            way = self._in_service, self._make_lock, self._names
            self._engineer = Engineer(improv.write_text, *way)
        return self._engineer.take(byte)

    def _make_lock(self):
        from panel.lock import Lock

        return Lock(self.connection.hotspot.key.get, self.hardware.uptime_ms)

    def _names(self):
        from panel.look import Look

        return {"gw": Look(self.whole), "gateway": self.whole}

    def restart(self) -> None:
        """A new start, in order."""
        self.ends.in_order()
        self.hardware.restart()

    def set_chip_clock(self) -> bool:
        """Set the clock by which TLS judges certificates: while the time is unknown to the
        earliest that it can be. Whether it is known. Certificates may be new ones."""
        for certificate in self._certificates:
            certificate.look()
        now_ms = self.hardware.now_ms()
        self.hardware.set_chip_clock(self._floor.earliest_ms() if now_ms is None else now_ms)
        return now_ms is not None

    def keep(self) -> None:
        """As Gateway.keep(), before an end: there is nothing to be kept."""

    async def close(self) -> None:
        """As Gateway.close(): there is no broker to say good-bye to."""

    def texts(self, named: bool = False) -> list[AdviceText]:
        """What is wrong: (name, a text for the installer). named: whether the uplink says why the
        cloud has not accepted us."""
        led, connection = self.led, self.connection
        wrong = connection.wrong()
        failed = self.counters.counts.get("sntp.failed", 0)
        now_ms = self.hardware.now_ms()
        timeless = failed >= _NO_TIME_AFTER and now_ms is None
        found = self._of_files()
        for certificate in self._certificates:
            found += certificate.texts(now_ms and now_ms // 1000)
        if not led.overdue and wrong is None and not timeless:
            return found
        from net.advice import NO_TIME, texts

        found += texts(led, wrong, self._has_lte, self._cloud(), named)
        return found + [("time", NO_TIME)] if timeless else found

    def _of_files(self):
        """Which files were not usable at the start, and what cannot be kept. That another site is
        measured in place of the one that was not, the gateway says itself."""
        counts, found = self.counters.counts, []
        if self._alone and "start.site.json" in counts:
            found.append(("site", _NO_SITE))
        if "start.settings.json" in counts:
            found.append(("settings", _SETTINGS))
        if self.connection.hotspot.key.unkept:
            found.append(("provision", _KEY_UNKEPT))
        if self.connection.networks.unkept:
            found.append(("provision", _NETWORK_UNKEPT))
        return found

    async def _run_panel(self, beat):
        """Animate the LED, watch the button."""
        hardware, button, led = self.hardware, self._button, self.led
        animation = Animation(hardware.set_led, hardware.ticks_us)
        last = hardware.ticks_us()
        frames = 0
        shown = None
        while True:
            beat()
            now = hardware.ticks_us()
            pressed = button.poll(hardware.pressed(), time.ticks_diff(now, last) // 1000)
            last = now
            if button.shown != shown:
                shown = button.shown
                self.set_event("reset", shown)
            animation.show(led.colour, led.pattern)
            animation.frame()
            if pressed == SHORT:
                self._service_until_ms = hardware.uptime_ms() + 1000 * SERVICE_S
                self.connection.open_hotspot()
            elif pressed == RESET:
                self._reset()
            elif pressed == LET_GO:
                self._let_go()
            frames += 1
            if frames == 1000 // _FRAME_MS:
                frames = 0
                if led.becomes_overdue(hardware.uptime_ms() // 1000):
                    self._changed()
            await asyncio.sleep_ms(_FRAME_MS)

    def give_back(self, now_s: int | None) -> None:
        """From the next start on the gateway is as new, for another site. OSError, and all stays,
        where the label cannot be kept."""
        from panel.factory_reset import begin

        begin(self.hardware, now_s)

    def _reset(self):
        """The factory reset, then a new start, which finishes a reset that has failed half-way.
        One that has failed before anything was erased is shown by the LED, and all goes on."""
        from panel.factory_reset import reset

        self.hardware.watchdog(_RESET_MS)
        try:
            reset(self.hardware)
        except Exception as error:
            self.counters.count("reset.failed")
            sys.print_exception(error)
            if self.hardware.kept() is None:
                self.hardware.watchdog(WATCHDOG_MS)
                self._button.refuse()
                return
        self.ends.forget()
        self.restart()

    async def _keep_time(self, beat):
        from net import sntp

        await sntp.keep(
            self._time_servers, self.hardware, self.connection, self._floor, self.counters, beat
        )
