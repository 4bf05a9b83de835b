"""What was answered to the commands that had an id (docs/cloud.md, Answers), so that the same one
again changes nothing and gets the same answer, also after a restart.

Owns the files `commands.0` and `commands.1`.
"""

import json

from micropython import const

from system.durable import Durable
from system.refused import Refused

_MAX = const(32)
_BEGUN = "interrupted"
_INTERRUPTED = (
    "the gateway began anew before this command was done: look what is so, then give it with "
    "another id"
)


class Answer:
    """`id`; `expires`: epoch s; `check`: CRC-32 of the command; `error`: its name, "" when it was
    carried out, None before that; `text`: for people; `lasting`: whether a restart keeps it."""

    def __init__(
        self,
        id: str,
        expires: int,
        check: int,
        lasting: bool,
        error: str | None = None,
        text: str = "",
    ):
        self.id = id
        self.expires = expires
        self.check = check
        self.lasting = lasting
        self.error = error
        self.text = text


class Answers:
    """count: counts an error by name."""

    def __init__(self, count: Count):
        self._count = count
        self._answers: list[Answer] = []  # the oldest first
        self._store = Durable("commands")
        try:
            for id, expires, check, error, text in json.loads(self._store.value or b"[]"):
                self._answers.append(Answer(id, expires, check, True, error, text))
        except (ValueError, TypeError):
            count("order.forgotten")  # of another version

    def of(self, id: str) -> Answer | None:
        """The answer to the command of that id, None where it is new."""
        for answer in self._answers:
            if answer.id == id:
                return answer
        return None

    def begin(self, id: str, expires: int, check: int, lasting: bool, now_s: int) -> Answer:
        """The answer to a new command, which is still to be carried out. Refused when there are
        too many that have not expired."""
        if len(self._answers) >= _MAX:
            for answer in self._answers:
                if answer.expires < now_s and answer.error is not None:
                    self._answers.remove(answer)
                    break
            else:
                text = "%d commands have not expired yet: give them less time" % _MAX
                raise Refused(text, "busy")
        answer = Answer(id, expires, check, lasting)
        self._answers.append(answer)
        return answer

    def forget(self, answer: Answer) -> None:
        """The command was not taken after all."""
        self._answers.remove(answer)

    def keep(self) -> None:
        """Keep those that last; blocks for as long as the flash takes. A power cut before it is
        finished leaves what was kept last."""
        rows = []
        for one in self._answers:
            if one.lasting:
                error, text = one.error, one.text
                if error is None:
                    error, text = _BEGUN, _INTERRUPTED
                rows.append((one.id, one.expires, one.check, error, text))
        try:
            self._store.write(json.dumps(rows).encode())
        except (OSError, MemoryError):
            self._count("order.unkept")
