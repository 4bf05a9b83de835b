"""Named counters of what went wrong: every error is counted here under `<module>.<what>` and shown
in the `gateway` topic."""


class Counters:
    """`counts`: name -> how often since start. Only what has occurred is listed. noted: called
    with each name."""

    def __init__(self, noted: Count | None = None):
        self.counts = {}
        self._noted = noted

    def count(self, name: str) -> None:
        """Never fails: where there is no memory left for it, nothing is counted."""
        try:
            self.counts[name] = self.counts.get(name, 0) + 1
            if self._noted:
                self._noted(name)
        except MemoryError:
            pass
