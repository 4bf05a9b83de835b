"""The gateway's hotspot: opens it while its window is open, and shows on the LED that it is, and
what becomes of credentials. Owns the task of what is open."""

import asyncio
import sys

from micropython import const

from hotspot.own_key import OwnKey
from wifi_provision import Provisioning, hotspot_name

_REOPEN_MS = const(15000)  # from when it has failed
_SHOWN_MS = const(5000)  # on the LED, that credentials did not work


class HotspotService:
    """`key`: own_key.OwnKey. hardware: the board's; window: hotspot_window.HotspotWindow;
    trial: trial.Trial; set_event: Housekeeping.set_event; wrong, service: as Connection's."""

    def __init__(
        self,
        hardware: BoardHardware,
        counters: Counters,
        window: HotspotWindow,
        trial: Trial,
        set_event: SetEvent,
        wrong: Callable[[], list[str]],
        service: ServicePage | None,
    ):
        self.key = OwnKey(hotspot_name(hardware.serial), hardware.serial, counters.count)
        self._hardware = hardware
        self._counters = counters
        self._window = window
        self._trial = trial
        self._set_event = set_event
        self._wrong = wrong
        self._service = service
        self._task = None
        self._open_ms = 0  # from then on it may be opened
        self._failure_until_ms = 0  # the LED shows that credentials did not work
        trial.on_change(self._show_trial)

    def is_open(self) -> bool:
        """Whether it is open, or being opened."""
        return self._task is not None

    def tend(self, may_open: bool) -> None:
        """Open it where that is due; to be called twice a second. It closes by itself."""
        now = self._hardware.uptime_ms()
        if self._failure_until_ms and now >= self._failure_until_ms:
            self._failure_until_ms = 0
            self._set_event("hotspot", self.is_open())
        if may_open and self._window.is_open() and now >= self._open_ms and not self._task:
            self._task = asyncio.create_task(self._serve())

    def close(self) -> None:
        """Close it now."""
        if self._task:
            self._task.cancel()
            self._task = None

    async def _serve(self):
        """From its opening to its end."""
        try:
            shown = self.key, self._wrong, self._service
            portal = Provisioning(
                self._hardware, self._counters, self._window, self._trial, *shown
            )
            self._set_event("hotspot", True)
            await portal.run()
        except Exception as error:
            self._counters.count("task.portal")
            sys.print_exception(error)
            self._open_ms = self._hardware.uptime_ms() + _REOPEN_MS
        finally:
            self._task = None
            self._set_event("hotspot", False)

    def _show_trial(self):
        """The LED shows what becomes of credentials: for some seconds, or for good."""
        trial, radio = self._trial, self._hardware.radio
        if trial.state == "trying":
            self._failure_until_ms = 0
            self._set_event("hotspot", True)
        elif trial.result and radio and radio.connected():
            self._set_event("hotspot", False)
        elif trial.result:
            self._set_event("hotspot", "failed")
            self._failure_until_ms = self._hardware.uptime_ms() + _SHOWN_MS
