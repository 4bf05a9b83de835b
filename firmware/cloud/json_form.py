"""Forms of JSON: constant pieces, and between them the places of numbers in arrays of integers. A
Form is made once, and filled in by a json_text.Text."""

import json
from array import array

from micropython import const

from cloud.json_text import LONG, kind_of

_MAX_PIECE = const(256)  # bytes: with a number less than json_text.ROOM


def quoted(text: str) -> bytes:
    """A text as JSON has it, bytes."""
    return json.dumps(text).encode()


class Form:
    """A text with places for numbers. `words`: of 32 bits, that the numbers take. It keeps the
    arrays, not what is in them."""

    def __init__(self) -> None:
        self.sources = []
        self.text = bytearray()
        self.ops = array("H")
        self.count = self.words = 0
        self._piece = bytearray()

    def put(self, piece: bytes) -> None:
        """Go on with constant bytes."""
        self._piece.extend(piece)
        while len(self._piece) > _MAX_PIECE:
            rest = self._piece[_MAX_PIECE:]
            self._piece = self._piece[:_MAX_PIECE]
            self._add(0, None, 0)
            self._piece = rest

    def number(
        self,
        source: Words,
        index: int,
        decimals: int = 0,
        away: int = 0,
        truncated: bool = False,
        zero: bool = False,
    ) -> None:
        """Go on with item `index` of `source`, an array of 32 bits, in units of 10^-(decimals +
        away). `away`: digits that are left away, rounded or, where that is wanted, truncated
        toward zero. Unknown is null or, where that is wanted, 0."""
        self._add(kind_of(decimals, away, truncated, zero), source, index)
        self.words += 1

    def whole(self, source: Words, index: int) -> None:
        """Go on with item `index` of `source`, an array of 64 bits."""
        self._add(LONG, source, index)
        self.words += 2

    def close(self) -> None:
        """The form is complete."""
        if self._piece:
            self._add(0, None, 0)

    def _add(self, what, source, index):
        k = 0
        if what:
            for k in range(len(self.sources)):
                if self.sources[k] is source:
                    break
            else:
                k = len(self.sources)
                self.sources.append(source)
        piece = bytes(self._piece)
        at = self.text.find(piece) if piece else 0
        if at < 0:  # else it stands there already
            at = len(self.text)
            self.text.extend(piece)
        for word in (at, len(piece), what, k, index):  # an op, see json_text
            self.ops.append(word)
        self.count += 1
        self._piece = bytearray()
