"""Named counters of what went wrong: every error is counted here under `<module>.<what>` and shown
in the `gateway` topic."""


class Counters:
    """`counts`: name -> how often since start. Only what has occurred is listed. `log`: log.Log,
    which gets each name, or None."""

    def __init__(self, log: Log | None = None):
        self.counts = {}
        self.log = log

    def count(self, name: str, error: Exception | None = None) -> None:
        """error: why, for the log. Never fails: where there is no memory left for it, nothing is
        counted."""
        try:
            self.counts[name] = self.counts.get(name, 0) + 1
            if self.log:
                self.log.error(name)
                if error:
                    self.log.note("%s: %s" % (type(error).__name__, error))
        except MemoryError:
            pass
