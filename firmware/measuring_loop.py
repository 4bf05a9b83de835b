"""Drives the measuring path with asyncio: its steps as they are due, each report worked through
before the next one ends, and a collection of garbage while the nodes answer.

Owns when garbage is collected on the measuring path.
"""

import asyncio
import gc
from time import ticks_diff

from micropython import const

_LOOK_S = const(2)  # longer than a report takes: each is looked at once
_AT_ONCE = const(2)  # steps of measuring without a wait between them
_TURN_US = const(3000)  # of work, until the others have theirs
_COLLECT_US = const(5000)  # of a wait in which garbage is collected, at least
_OVERDUE_US = const(1000000)  # a collection does not wait longer, where one block follows another
_TURNS = const(64)  # of work that leave so much behind that a collection is due


class MeasuringLoop:
    """hardware: its clock and sleep; measuring: pipeline.Measuring; reports: the asyncio.Event
    that says that a report waits; on_report: a generator function of the time at which a report
    ended, epoch ms or None, which may use what was measured until it ends; look: a generator
    function, called behind each report, or every 2 s where there is none; count: counts an error
    by name."""

    def __init__(
        self,
        hardware: BoardHardware,
        measuring: Measuring,
        reports: asyncio.Event,
        on_report: Callable[[int | None], Iterable[object]],
        look: Callable[[], Iterable[object]],
        count: Count,
    ):
        self._hardware = hardware
        self._measuring = measuring
        self._reports = reports
        self._on_report = on_report
        self._look = look
        self._count = count
        self._late = 0  # reports put off, of those counted
        self._untidy = False  # a collection is due
        self._untidy_us = 0  # since when
        self._turns = 0  # since a collection was due

    async def measure(self, beat: Beat) -> Never:
        """Measure, without end, and collect garbage while the answers to a POLL are on their
        way."""
        self._measuring.restart()
        step = self._measuring.step
        sleep_us, ticks_us = self._hardware.sleep_us, self._hardware.ticks_us
        at_once = 0  # steps
        while True:
            beat()
            wait = step()
            if self._untidy and (wait >= _COLLECT_US or self._is_overdue()):
                self._untidy = False
                began = ticks_us()
                gc.collect()
                wait = max(0, wait - ticks_diff(ticks_us(), began))
            at_once += 1
            if wait:
                at_once = 0
                await sleep_us(wait)
            elif at_once == _AT_ONCE:  # it is behind; the others have their turn all the same
                at_once = 0
                await asyncio.sleep_ms(0)

    async def work(self, beat: Beat) -> Never:
        """Work each report through, without end."""
        measuring = self._measuring
        while True:
            beat()
            try:
                await asyncio.wait_for(self._reports.wait(), _LOOK_S)
            except asyncio.TimeoutError:
                pass  # no report, but what is wrong is looked at all the same
            self._reports.clear()
            if measuring.pending:
                await self._in_turns(measuring.work())
                # At once: the next report may end, and has another date.
                await self._in_turns(self._on_report(measuring.ended_ms))
            while self._late != measuring.postponed:
                self._late += 1
                self._count("measuring.late")
            await self._in_turns(self._look())
            self._set_untidy()

    def _set_untidy(self):
        self._turns = 0
        if not self._untidy:
            self._untidy, self._untidy_us = True, self._hardware.ticks_us()

    def _is_overdue(self):
        return ticks_diff(self._hardware.ticks_us(), self._untidy_us) >= _OVERDUE_US

    async def _in_turns(self, slices: Iterable[object]) -> None:
        """Do these slices of work, and let the others have their turn each few ms: a turn costs
        about 0.5 ms on a chip, so not after each slice."""
        ticks_us = self._hardware.ticks_us
        began = ticks_us()
        for _ in slices:
            if ticks_diff(ticks_us(), began) >= _TURN_US:
                self._turns += 1
                if self._turns >= _TURNS:
                    self._set_untidy()
                await asyncio.sleep_ms(0)
                began = ticks_us()
