"""How the program has ended, and what it said before: kept in memory that a reset leaves
(hardware.keep_end), so that the next start reports it. Starts that fail one after another lead to
safe mode."""

import io
import json
import sys

from micropython import const

_MAX_REASON = const(120)  # characters of a reason
_MAX_LINE = const(64)  # of a line
_LINES_BYTES = const(700)
_MAX_BYTES = const(1900)  # of the 2048 of the RTC's memory
_FAILED = const(3)  # starts in a row, after which safe mode is due
_SAFE_S = const(120)
_DOUBLED = const(3)  # times at most
_TRACE = const(3)  # lines of a traceback


class Ends:
    """`reason`: of the end before this start, one line, None where nothing went wrong; `count`:
    such ends since power-up; `ran_s`: how long the run before has lasted, None where that is not
    known; `before`: the last lines of its log; `failed`: starts that have failed in a row;
    `ordered`: whether the program ends as it is to.

    hardware: what is said of KeepsEnds; keeps: False where nothing is written, as an engineer ends
    the program."""

    def __init__(self, hardware: KeepsEnds, keeps: bool = True):
        self._hardware = hardware
        self._keeps = keeps
        self.reason, self.count, self.failed = None, 0, 0
        self.ran_s, self.before, self.ordered = None, [], False
        self._noted = None  # why this run ends
        self._steady = False  # this run has lasted
        self._safe = False  # it is safe mode
        self._program = ""
        self._s = None  # this run has lasted so long
        self._unwritten = 0  # failed starts, where the flash could not be written
        self._lines = []  # what it has said last
        self._counted = False  # this run's end
        try:
            kept = json.loads(hardware.end_kept())
            self.reason, self.count, self.failed, self.ran_s, self.before = kept[:5]
            (
                self._noted,
                self._steady,
                self._safe,
                self.ordered,
                self._program,
                self._s,
                self._unwritten,
                self._lines,
            ) = kept[5:]
        except (ValueError, TypeError):
            pass  # after power-up there is nothing

    def begin(self, program: str) -> int:
        """The program of that name starts. How many s of safe mode are due first: 0 unless three
        starts have failed, one after another."""
        from system import failed_starts

        if self._noted is None:
            self._noted = self._unsaid()
            self.count += self._noted is not None
        was, why = failed_starts.read(program)
        if self._program == program:
            was = max(was, self._unwritten)
        self.failed = was
        if self._noted is None and self.ordered and not self._safe:
            self.failed = 0
        elif self._noted is not None and not self._steady and self._program in ("", program):
            self.failed, why = was + 1, self._noted
        if self.failed != was:
            written = failed_starts.write(program, self.failed, why)
            self._unwritten = 0 if written else self.failed
        over = self.failed - _FAILED
        # One that ends in order, as safe mode does, has nothing to report but why it was.
        last = self.reason if self._safe else None
        self.reason = last if self._noted is None else self._noted
        self._safe = over >= 0 and not self._safe
        if self._safe and self.reason is None:
            self.reason = why  # there was a power cut
        self.ran_s, self.before = self._s, self._lines
        self._noted, self._steady, self.ordered, self._program = None, False, False, program
        self._s, self._lines = 0, []
        self._keep()
        return _SAFE_S << min(over, _DOUBLED) if self._safe else 0

    def note(self, reason: BaseException | str) -> None:
        """The program ends: an exception, or a text. Never fails."""
        error = None
        try:
            if not isinstance(reason, str):
                sys.print_exception(reason)
                error = reason
                text, reason = str(reason), type(reason).__name__
                if text:
                    reason += ": " + text
            self._noted = reason.replace("\n", " ")[:_MAX_REASON]
            if not self._counted:
                self._counted = True
                self.count += 1
            self._s = self._hardware.uptime_ms() // 1000
            self._keep()
            if error:
                self._trace(error)
                self._keep()
        except Exception:
            pass  # no memory: the new start is what matters

    def in_order(self) -> None:
        """The program ends as it is to."""
        self.ordered = True
        self._s = self._hardware.uptime_ms() // 1000
        self._keep()

    def forgive(self) -> None:
        """What was noted is not how the program ends."""
        self._noted = None
        if self._counted:
            self._counted = False
            self.count -= 1
        self._keep()

    def mark(self, lines: list[tuple[int, str]]) -> None:
        """The program runs, and has said these last: (s since start, text), the oldest first."""
        self._s = self._hardware.uptime_ms() // 1000
        self._lines, size = [], 0
        for at, text in reversed(lines):
            text = text[:_MAX_LINE]
            size += len(json.dumps(text)) + 10
            if size > _LINES_BYTES:
                break
            self._lines.insert(0, (at, text))
        self._keep()

    def steady(self) -> None:
        """The program has measured and run for long: no start has failed. Not in safe mode."""
        if not self._safe:
            self._steady = True
            self.clear()

    def clear(self) -> None:
        """Somebody has changed something: the next start is tried as the first."""
        if self.failed and self._keeps:
            from system import failed_starts

            if failed_starts.write(self._program, 0, None):
                self.failed = self._unwritten = 0
        self._keep()

    def forget(self) -> None:
        """Nothing is known of what was before: the gateway is as new."""
        self.reason, self.count, self.ran_s, self.before, self._lines = None, 0, None, [], []
        self._keep()

    def describe(self) -> Table:
        """For people: why the program ended before this start, what the chip says of its reset,
        how often it has ended so, how long it had run, how many starts have failed in a row."""
        return {
            "reason": self.reason,
            "reset": self._hardware.reset_cause,
            "count": self.count,
            "ran": self.ran_s,
            "failed": self.failed,
        }

    def _unsaid(self):
        """How the run before has ended, where it could not say it."""
        cause = self._hardware.reset_cause
        if self._s is None:
            return None  # nothing is known of it: it was a power cut, or power that came badly
        if cause == "watchdog":
            return "watchdog: the program stood still"
        if cause == "software" and not self.ordered:
            return "crash: MicroPython itself has failed"
        return None

    def _trace(self, error):
        """Where it was raised is the last that was said."""
        text: Any = io.StringIO()
        sys.print_exception(error, text)
        at = self._hardware.uptime_ms() // 1000
        for line in text.getvalue().strip().split("\n")[1:-1][-_TRACE:]:
            self._lines.append((at, line.strip()[-_MAX_LINE:]))

    def _keep(self):
        if not self._keeps:
            return
        mine = [self._noted, self._steady, self._safe, self.ordered, self._program, self._s]
        mine.append(self._unwritten)
        data = b""
        for before, lines in ((self.before, self._lines), ([], self._lines), ([], [])):
            kept = [self.reason, self.count, self.failed, self.ran_s, before] + mine + [lines]
            data = json.dumps(kept).encode()
            if len(data) <= _MAX_BYTES:
                break
        self._hardware.keep_end(data)
