"""The watch over the tasks: feeds the hardware watchdog once a second, after it has looked at
every task. A task that stands still is counted and named, and the chip starts anew."""

import asyncio

from micropython import const

WATCHDOG_MS = const(30000)  # the chip's, while the program runs: a TLS handshake takes two seconds
_UNJUDGED = const(-1)
_STEADY_S = const(600)
_LONG_S = const(21600)  # whatever it could measure, no start has failed
_MARK_S = const(60)


def unwatched() -> None:
    """In the place of a beat, where nobody watches."""


class Watch:
    """counters; feed: a function, feeds the watchdog; ends: ends.Ends, which keeps over the
    restart who stood still, and what the log said; well: a function, whether the gateway does what
    it is there for."""

    def __init__(
        self,
        counters: Counters,
        feed: Callable[[], None],
        ends: Ends,
        well: Callable[[], object] = lambda: True,
    ):
        self._counters = counters
        self._feed = feed
        self._ends = ends
        self._well = well
        self._names = []
        self._limits = []
        self._quiet = []  # seconds since each has moved
        self._stuck = 0  # tasks, when it was last looked

    def beat_of(self, name: str, limit_s: int) -> Moves:
        """The function by which the task of that name shows that it moves, every `limit_s` at
        least; it allocates nothing. A task is judged from its first beat on; with False from the
        next one on."""
        quiet, i = self._quiet, len(self._quiet)
        quiet.append(_UNJUDGED)
        self._names.append(name)
        self._limits.append(limit_s)

        def beat(moves=True):
            quiet[i] = 0 if moves else _UNJUDGED

        return beat

    async def run(self) -> Never:
        """Look once a second; without end."""
        seconds, steady, log = 0, False, self._counters.log
        while True:
            self.look()
            await asyncio.sleep(1)
            seconds += 1
            lasted = seconds >= _LONG_S or seconds >= _STEADY_S and self._well()
            if lasted and not steady:
                steady = True
                self._ends.steady()
            if seconds % _MARK_S == 0 or log and log.fresh:
                self._mark(log)

    def _mark(self, log):
        """Where memory is too short for it, it is done at another time."""
        try:
            self._ends.mark(log.recent if log else [])
            if log:
                log.are_kept()
        except MemoryError:
            pass

    def look(self) -> None:
        """A second has passed: feed the watchdog unless a task stands still. Allocates only when
        one begins to."""
        quiet, limits = self._quiet, self._limits
        stuck = 0
        for i in range(len(quiet)):
            if quiet[i] == _UNJUDGED:
                continue
            quiet[i] += 1
            if quiet[i] > limits[i]:
                stuck += 1
                if quiet[i] == limits[i] + 1:
                    self._report(self._names[i])
        if not stuck:
            self._feed()
            if self._stuck:
                self._ends.forgive()
        self._stuck = stuck

    def _report(self, name):
        self._counters.count("watch." + name)
        print("error: task %s stands still: restarting" % name)
        self._ends.note("watchdog: task %s stands still" % name)
