"""How the program has ended: kept in memory that a reset leaves (hardware.keep_end), so that the
next start reports it to the cloud, and rests where starts fail again and again."""

import json
import sys

from micropython import const

_MAX_REASON = const(120)  # characters of a reason
_QUICK = const(3)  # starts that ended soon, after which one is left out
_REST_S = const(30)
_DOUBLED = const(4)  # times at most: a rest is no steady run (system/watchdog.py)


class Ends:
    """`reason`: of the end before this start, one line, None where nothing went wrong; `count`:
    such ends since power-up.

    hardware: reset_cause, end_kept() and keep_end(data)."""

    def __init__(self, hardware: KeepsEnds):
        self._hardware = hardware
        self.reason, self.count = None, 0
        self._noted = None  # why this run ends
        self._quick = 0  # starts that followed each other soon
        self._rested = False
        self._counted = False  # this run's end
        try:
            self.reason, self.count, self._noted, self._quick, self._rested = json.loads(
                hardware.end_kept()
            )
        except (ValueError, TypeError):
            pass  # after power-up there is nothing

    def begin(self) -> int:
        """The program starts. How many s it is to rest first, as a gateway without an
        installation: 0 unless the starts before ended soon, one after another."""
        if self._noted is None and self._hardware.reset_cause == "watchdog":
            self._noted = "watchdog: the program stood still"
            self.count += 1
        self.reason, self._noted = self._noted, None
        self._quick += 1
        over = self._quick - _QUICK
        self._rested = over > 0 and not self._rested
        if self._rested:
            self._noted = self.reason  # one that rests has no cloud: the next start reports it
        self._keep()
        return _REST_S << min(over // 2, _DOUBLED) if self._rested else 0

    def note(self, reason: BaseException | str) -> None:
        """The program ends: an exception, or a text. Never fails."""
        try:
            if not isinstance(reason, str):
                sys.print_exception(reason)
                text, reason = str(reason), type(reason).__name__
                if text:
                    reason += ": " + text
            self._noted = reason.replace("\n", " ")[:_MAX_REASON]
            if not self._counted:
                self._counted = True
                self.count += 1
            self._keep()
        except Exception:
            pass  # no memory: the new start is what matters

    def forgive(self) -> None:
        """What was noted is not how the program ends."""
        self._noted = self.reason if self._rested else None
        if self._counted:
            self._counted = False
            self.count -= 1
        self._keep()

    def steady(self) -> None:
        """The program has run for long: whatever ends it now, the next start does not rest."""
        self._quick = 0
        self._keep()

    def describe(self) -> Table:
        """For people: why the program ended before this start, what the chip says of its reset,
        and how often it has ended so."""
        return {
            "reason": self.reason,
            "reset": self._hardware.reset_cause,
            "count": self.count,
        }

    def _keep(self):
        kept = (self.reason, self.count, self._noted, self._quick, self._rested)
        self._hardware.keep_end(json.dumps(kept).encode())
