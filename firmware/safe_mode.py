"""Safe mode, after three starts in a row that failed (system/ends.py): LED, button, links, hotspot
and console as before there is a site, and the cloud (safe_cloud.py). No bus is touched, nothing is
measured or switched. Owns when it ends."""

import asyncio
import json
import sys

from micropython import const

from system.counters import Counters
from system.log import Log
from system.tasks import run_all
from site import site_file
from panel.housekeeping import Housekeeping

_LOOK_S = const(1)
_INSTALL_S = const(1800)
_TEXT = (
    "safe mode: nothing is measured, as the program failed at %d starts in a row (%s): it is "
    "tried again in %d min; at once by holding the button for 1 s; install an update if that "
    "comes again"
)


class SafeMode:
    """hardware, board, settings, improv: as Gateway's; seconds: how long it is to last."""

    def __init__(
        self,
        hardware: BoardHardware,
        board: Board,
        settings: Settings,
        improv: Improv | None,
        seconds: int,
    ):
        self.left_s = seconds
        self._ends_now = False
        log = Log(hardware.uptime_ms)
        self.counters = counters = Counters(log)
        self.housekeeping = panel = Housekeeping(
            hardware,
            board,
            settings,
            counters,
            lambda: None,
            self._in_cloud,
            improv,
            let_go=self._leave,
        )
        self.led, self.connection, self.ends = panel.led, panel.connection, panel.ends
        panel.connection.open_hotspot(0)  # not by itself: that would be no use to anybody
        panel.set_event("safe", True)
        log.note("safe mode")
        self._cloud = None
        uuid = _uuid()
        if settings.mqtt and uuid:
            try:
                from safe_cloud import SafeCloud

                way = panel, hardware, settings, uuid, "b" in board.BUSES
                end = self.close, self.restart
                self._cloud = SafeCloud(*way, lambda: self.left_s, self.texts, *end)
            except Exception as error:  # it may be what the program fails with
                counters.count("safe.cloud")
                sys.print_exception(error)

    async def run(self) -> None:
        """Until its time is over and nobody uses it; then a clean end."""
        tasks = self.housekeeping.tasks(self.texts) + (self._cloud.tasks() if self._cloud else [])
        running = asyncio.create_task(run_all(self.counters, tasks, self.housekeeping.watch))
        try:
            while not self._ends_now and (self.left_s > 0 or self._is_used()):
                await asyncio.sleep(_LOOK_S)
                self.left_s -= _LOOK_S
        finally:
            running.cancel()
            await self.close()

    def keep(self) -> None:
        """As Gateway.keep(), before an end: there is nothing to be kept."""

    async def close(self) -> None:
        """A clean end: the cloud gets a good-bye."""
        if self._cloud:
            await self._cloud.uplink.close()

    def restart(self) -> None:
        """Somebody has changed something: the next start, at once, is tried as the first."""
        self.ends.clear()
        self.housekeeping.restart()

    def texts(self) -> list[AdviceText]:
        """What is wrong: (name, a text for the installer)."""
        ends, uplink = self.ends, self._cloud.uplink.advice() if self._cloud else []
        minutes = max(1, (self.left_s + 59) // 60)
        said = _TEXT % (ends.failed, ends.reason or "?", minutes)
        return [("safe", said)] + self.housekeeping.texts(bool(uplink)) + uplink

    def _is_used(self):
        """Whether the hotspot is open, or an update is being installed, for half an hour at most:
        a server can be as slow as it likes."""
        installs = self._cloud and self._cloud.installs and self.left_s > -_INSTALL_S
        return self.connection.hotspot.is_open() or installs

    def _leave(self):
        """The button: as restart()."""
        self.ends.clear()
        self._ends_now = True

    def _in_cloud(self):
        return self._cloud is not None and self._cloud.uplink.connected


def _uuid():
    """Of the site, as far as its file says it: the rest of it may be what the program fails
    with."""
    try:
        uuid = json.loads(site_file.read() or "{}")["uuid"]
        return uuid if uuid and not [letter for letter in "/+#" if letter in uuid] else None
    except Exception:
        return None
