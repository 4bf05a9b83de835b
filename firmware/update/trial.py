"""Whether the program that runs stays: one that came as an update is on trial at first. Owns how
long all has been well."""

import asyncio

from micropython import const

from system.version import SECURITY

_WELL_REPORTS = const(10)  # that must have been measured, while the A-bus is not behind
_STEADY_S = const(30)  # that all must be well
_TRIAL_S = const(600)  # then the program before has its turn


class Trial:
    """hardware: its uptime_ms(), security_kept() and keep_security(); slots: slots.Slots; count:
    see counters; is_calm: whether the buses can wait; reports: how many were measured; in_cloud:
    whether the cloud has accepted us; begin_anew: a function, after which a clean end and a new
    start come soon."""

    def __init__(
        self,
        hardware: BoardHardware,
        slots: Slots,
        count: Callable[[str], object],
        is_calm: Callable[[], bool],
        reports: Callable[[], int],
        in_cloud: Callable[[], bool],
        begin_anew: Callable[[], object],
    ):
        self._hardware = hardware
        self._slots = slots
        self._count = count
        self._is_calm = is_calm
        self._reports = reports
        self._in_cloud = in_cloud
        self._begin_anew = begin_anew

    async def settle(self, verifies: Callable[[], object], beat: Beat) -> None:
        """Returns once the program stays, at once where none is on trial; does not return where
        it does not. verifies: whether it can take the next update, too."""
        well = 0
        while self._slots.trial:
            beat()
            await asyncio.sleep(1)
            measures = self._is_calm() and self._reports() >= _WELL_REPORTS
            well = well + 1 if measures and self._in_cloud() else 0
            if well >= _STEADY_S:
                well = 0
                if verifies():
                    self._slots.confirm()
            elif self._hardware.uptime_ms() > 1000 * _TRIAL_S:
                self._count("update.unwell")
                await self.end(beat)
        self._raise_security()

    async def end(self, beat: Beat) -> Never:
        """Begin anew, with whatever program has its turn then."""
        self._begin_anew()
        while True:
            beat()
            await asyncio.sleep(1)

    def _raise_security(self):
        """What is less secure than a program that stays does not come back by an update, even
        where all else is erased."""
        if SECURITY > self._hardware.security_kept():
            try:
                self._hardware.keep_security(SECURITY)
            except OSError:
                self._count("update.unkept")
