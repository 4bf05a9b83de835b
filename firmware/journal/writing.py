"""Writes the registers, and the records behind them.

Owns when a write has failed, and what is kept before sequences that do not follow are given.
"""

from micropython import const

_FAILED_MS = const(60000)  # until a write is tried again
_FILES = const(4)  # of another site's, removed behind a report


class Writing:
    """`failing`: the last write has failed; `size`: bytes of the last one.

    kept: energy.record.Record; state: state.State, which has gone on; owner: owner.Owner;
    since: see journal.Journal."""

    def __init__(
        self,
        kept: RegistersRecord,
        state: State,
        owner: Owner,
        since: int | None,
        count: Count,
        uptime_ms: UptimeMs,
    ):
        self.size = 0
        self._kept = kept
        self._state = state
        self._owner = owner
        self._since = since
        self._count = count
        self._uptime_ms = uptime_ms
        self._failed_ms: int | None = None
        self._apart = state.apart
        # Where sequences were left out: what is kept before a record behind them is. So both slots
        # have it when a reader gets that record, and the one without the record does not give its
        # sequence again.
        self._base: bytes | None = None
        self._registers: bytes | None = None  # of that
        if state.apart:
            for _ in kept.fill():
                pass
            self._registers = kept.taken()

    @property
    def failing(self) -> bool:
        return self._failed_ms is not None

    def use(self, kept: RegistersRecord) -> None:
        """The registers are another site's from now on."""
        self._kept = kept

    def may_write(self) -> bool:
        """Whether it may be tried, or tried again."""
        return self._failed_ms is None or self._uptime_ms() - self._failed_ms >= _FAILED_MS

    def own(self, most: int = _FILES) -> bool:
        """Whether the journal is this site's, and may be written. Of another's so many files are
        removed at most."""
        try:
            return self._owner.take(self._state, most)
        except OSError:
            self._count("journal.unwritten")
            self._failed_ms = self._uptime_ms()
            return False

    def begin(self, now: int | None) -> None:
        """A record is going to be made. now: when it ends, epoch s or None."""
        if not self._apart:
            return
        if self._state.new and now is not None and self._since is not None:
            self._state.begin_behind(now - self._since)
        self._base = self._state.record()
        self._apart = False

    def write(self) -> bool:
        """Write the registers that were taken, and the state; whether it could be."""
        try:
            if self._base is not None:
                self._kept.write(self._base, self._registers)
                self._base = self._registers = None
            rest = self._state.record()
            self._kept.write(rest)
        except (OSError, MemoryError):
            self._count("registers.unwritten")
            self._failed_ms = self._uptime_ms()
            return False
        self._failed_ms = None
        self.size = self._kept.size + len(rest)
        return True
