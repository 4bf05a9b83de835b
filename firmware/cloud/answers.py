"""What was answered to the commands that had an id (docs/cloud.md, Answers), so that the same one
again changes nothing and gets the same answer, also after a restart; and how many more may last,
because each of these wears the flash.

Owns the files `commands.0` and `commands.1`.
"""

import json
from binascii import crc32

from micropython import const

from system.durable import Durable
from system.refused import Refused
from cloud.command_schema import MAX_AHEAD_S

_MAX = const(32)
_MAX_WRITES = const(60)  # at once; then one more each minute
_WRITE_S = const(60)
_TOO_OFTEN = "too many commands that last, which wear the flash: give it again in %d s"
_BEGUN = "interrupted"
_INTERRUPTED = (
    "the gateway began anew before this command was done: look what is so, then give it with "
    "another id"
)


_DEEP = "%s: its values are nested too deeply to be looked at"


def check_of(name: str, fields: Table) -> int:
    """CRC-32 of a command. Refused where its values lie in each other more deeply than the stack
    allows."""
    try:
        return crc32(json.dumps([name, fields]).encode())
    except RuntimeError:
        raise Refused(_DEEP % name, "malformed")


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

    def end(self, error: str, text: str) -> None:
        """It was carried out, or has failed so."""
        self.error = error
        self.text = text


class Answers:
    """count: counts an error by name."""

    def __init__(self, count: Count):
        self._count = count
        self._answers: list[Answer] = []  # the oldest first
        self._writes = _MAX_WRITES  # that may still be made, as of `_since_s`
        self._since_s = 0  # epoch
        self._store = Durable("commands")
        try:
            kept = json.loads(self._store.value or b"{}")
            if kept:
                for id, expires, check, error, text in kept["answers"]:
                    self._answers.append(Answer(id, expires, check, True, error, text))
                self._writes, self._since_s = int(kept["writes"]), int(kept["since"])
        except (ValueError, TypeError, KeyError):
            count("order.forgotten")  # of another version

    def of(self, id: str) -> Answer | None:
        """The answer to the command of that id, None where it is new."""
        for answer in self._answers:
            if answer.id == id:
                return answer
        return None

    def begin(self, id: str, expires: int, check: int, writes: int, now_s: int) -> Answer:
        """The answer to a new command, which is still to be carried out. writes: of the flash; 0:
        it does not last. Refused when there are too many that have not expired, or that last."""
        if len(self._answers) >= _MAX:
            for answer in self._answers:
                # One that is further ahead than any may be is of a clock that was set back.
                waits = now_s <= answer.expires <= now_s + MAX_AHEAD_S
                if not waits and answer.error is not None:
                    self._answers.remove(answer)
                    break
            else:
                text = "%d commands have not expired yet: give them less time" % _MAX
                raise Refused(text, "busy")
        self._spend(writes, now_s)
        answer = Answer(id, expires, check, writes > 0)
        self._answers.append(answer)
        return answer

    def spend(self, writes: int, now_s: int) -> None:
        """Another one than a command writes so often, in the same limit, which is kept. now_s:
        epoch s, or s since start while the time is unknown."""
        self._spend(writes, now_s)
        self.keep()

    def _spend(self, writes, now_s):
        minutes = (now_s - self._since_s) // _WRITE_S
        if minutes > 0:
            self._writes = min(_MAX_WRITES, self._writes + minutes)
        if minutes > 0 and self._writes < _MAX_WRITES:
            self._since_s += minutes * _WRITE_S
        elif minutes:  # all may be made, or the clock was set back
            self._since_s = now_s
        lacking = writes - self._writes
        if writes and lacking > 0:
            wait_s = lacking * _WRITE_S - (now_s - self._since_s)
            raise Refused(_TOO_OFTEN % wait_s, "too_often")
        self._writes -= writes

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
            kept = {"writes": self._writes, "since": self._since_s, "answers": rows}
            self._store.write(json.dumps(kept).encode())
        except (OSError, MemoryError):
            self._count("order.unkept")
