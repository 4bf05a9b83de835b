"""Texts that wait to be sent, oldest first. Owns their rooms, which are made when they are needed
and, but for one, given up when none waits."""

from micropython import const

from cloud.json_text import Text

MAX_WAITING = const(16)


class Waiting:
    """At most MAX_WAITING texts of `words`, see json_text.Text."""

    def __init__(self, words: int):
        self._words = words
        self._texts = []
        self._spare = [Text(words)]
        self._sending = False

    def resize(self, words: int) -> None:
        """The next ones may be of another length; those that wait stay."""
        self._words = words
        self._spare = [Text(words)]

    def room(self) -> Text:
        """A Text to write the next one in, for add(). Allocates one where none is spare."""
        return self._spare.pop() if self._spare else Text(self._words)

    def add(self, text: Text) -> int:
        """It is written. Returns how many older ones had to go: 0 or 1."""
        self._texts.append(text)
        if len(self._texts) <= MAX_WAITING:
            return 0
        self._free(self._texts.pop(1 if self._sending else 0))
        return 1

    def first(self) -> Text | None:
        """The oldest, to be sent, or None. It stays as it is until done()."""
        if not self._texts:
            return None
        self._sending = True
        return self._texts[0]

    def done(self, sent: bool) -> None:
        """The first was sent, or it goes on waiting."""
        self._sending = False
        if not sent:
            return
        self._free(self._texts.pop(0))
        if not self._texts:
            self._spare = self._spare[:1]

    def _free(self, text):
        if text.words == self._words:  # those before a resize() are of no use any more
            self._spare.append(text)
