"""How far a reader has got."""


class Cursor:
    """`sequence`: of the last record that the reader has acknowledged, 0 where there is none. It
    is kept with the next record: what was acknowledged since is sent again after a power cut.

    cursors: of all readers, by name."""

    def __init__(self, name: str, cursors: dict[str, int]):
        self._name = name
        self._cursors = cursors

    @property
    def sequence(self) -> int:
        return self._cursors[self._name]

    def acknowledge(self, sequence: int) -> None:
        """The reader has all up to this one."""
        if sequence > self.sequence:
            self._cursors[self._name] = sequence
