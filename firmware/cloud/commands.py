"""Commands that come by MQTT (docs/cloud.md): who carries out what, when, and what is answered.

Owns what waits to be carried out, and the answers that wait to be published.
"""

import asyncio
import json
import sys

from micropython import const

from system.refused import Refused
from cloud.answers import Answer, Answers, check_of
from cloud.command_schema import MAX_AHEAD_S, checked, shown, taken

ANSWERS = "gateway/answer"
_MAX_BYTES = const(24576)  # of a site with 64 points and all of a B-bus there are 18,000
_MAX_OTHER_BYTES = const(512)
_MAX_WAITING = const(8)
_PIECE = const(512)
_LOOK_S = const(60)
_LOOK_MS, _LOOKS = const(20), const(250)  # until the flash is written whether it suits or not
_LATE = "expires: %d is over, it is %d now"
_EARLY = "expires: must be at most %d s ahead, not %d s"
_NO_TIME = "the gateway does not know the time yet: it cannot tell whether the command is late"
_NO_MEMORY = "memory is too short for it"
_NO_SUCH = "no such command: %s; there are: %s"
_ANOTHER = "id: %s was given to another command"


class _Job:
    """A command with an id that waits; `begun`: its answers.Answer."""

    def __init__(self, name: str, fields: Table, begun: Answer):
        self.name = name
        self.fields = fields
        self.begun = begun


class Commands:
    """`refusal`: what was wrong with the last command that was not carried out, a text or None.
    Each one is counted as `order.refused`. `topics`: to be subscribed; `answers`: Answers.

    topic: where JSON objects {name: fields} come. Who carries a command out gets the table
    of its fields, as command_schema.checked() gives it, and raises Refused, with a text for
    people, where it cannot. now_s: epoch s or None; wake: called when there is an answer to be
    published; is_calm: whether the buses can wait for the flash."""

    def __init__(
        self,
        counters: Counters,
        topic: str,
        now_s: NowMs = lambda: None,
        wake: Callable[[], object] = lambda: None,
        is_calm: Callable[[], bool] = lambda: True,
    ):
        self.refusal = None
        self.topics = []  # in the order in which they were declared
        self._counters = counters
        self._now_s = now_s
        self._wake = wake
        self._is_calm = is_calm
        self._named = topic
        self._at = {}  # topic -> (name in the schema, function)
        self._by_name = {}  # -> (function, whether it wants an id, lasts, reads)
        self.answers = Answers(counters.count)
        self._jobs: list[_Job] = []
        self._works = False  # one is being carried out
        self._publishes = False  # an answer is on its way
        self._wanted = asyncio.Event()
        self._replies = []  # (table, JSON text of the result or None)
        self.topics.append(topic)

    def on(
        self,
        name: str,
        carry_out: CarryOut,
        wants_id: bool = False,
        lasts: int = 0,
        reads: bool = False,
    ) -> None:
        """carry_out(fields): the command `name`. At any time, and again in place of another. With
        an id it may give a result, JSON text, or a coroutine that gives one. lasts: how often it
        writes to the flash, and its answer is kept; reads: it is carried out again each time."""
        self._by_name[name] = carry_out, wants_id or lasts > 0 or reads, lasts, reads

    def on_topic(self, topic: str, name: str, carry_out: Callable[[Never], object]) -> None:
        """carry_out(fields): what comes at this topic, whose payload is checked as the command
        `name`; "": it gets the bytes. At any time, as `on`; the topic is soon subscribed."""
        if topic not in self._at:
            self.topics.append(topic)
        self._at[topic] = name, carry_out

    def most_bytes(self, topic: bytes) -> int:
        """How long a message at this topic, as bytes, may be, with the topic."""
        return _MAX_BYTES if topic == self._named.encode() else _MAX_OTHER_BYTES

    def take(self, topic: bytes, payload: bytes) -> None:
        """Have a command carried out; topic and payload are bytes. One that cannot be is counted
        and explained, never more, whatever carrying it out raises."""
        name = ""
        known = [None]  # the id, once it is known
        try:
            name = _text(topic, "a topic")
            self._take(name, payload, known)
            return
        except Exception as raised:
            error, reason = self._explained(raised)
        text = self._refuse(name, reason)
        if name == self._named:
            self._reply(known[0], error, text)

    def skip(self, size: int) -> None:
        """A message was too long to be taken."""
        self._counters.count("order.refused")
        self.refusal = "a command of %d bytes with its topic, longer than any" % size
        self._reply(None, "oversized", self.refusal)

    async def run(self, beat: Beat) -> Never:
        """Carry out what has an id, one after another, without end."""
        while True:
            beat()
            try:
                await asyncio.wait_for(self._wanted.wait(), _LOOK_S)
            except asyncio.TimeoutError:
                continue
            self._wanted.clear()
            await self.work()

    async def work(self) -> None:
        """Carry out what waits now."""
        while self._jobs:
            self._works = True
            job = self._jobs.pop(0)
            error, text, result = "", "", None
            try:
                self._in_time(job.begun.expires)
                result = self._by_name[job.name][0](job.fields)
                if hasattr(result, "send"):
                    result = await result
            except Exception as raised:
                error, text = self._explained(raised)
                text = self._refuse(self._named, text)
                result = None
            job.begun.end(error, text)
            if job.begun.lasting:
                for _ in range(_LOOKS):
                    if self._is_calm():
                        break
                    await asyncio.sleep_ms(_LOOK_MS)
                self.answers.keep()
            self._reply(job.begun.id, error, text, result)
            self._works = False

    async def publish(self, send: Send) -> None:
        """Publish the answers that wait. send: publisher.Publisher.send."""
        while self._replies:
            table, result = self._replies.pop(0)
            self._publishes = True
            try:
                await send(ANSWERS, _pieces(table, result))
            finally:
                self._publishes = False

    def is_idle(self) -> bool:
        """Whether nothing waits to be carried out or answered."""
        return not (self._works or self._jobs or self._replies or self._publishes)

    def _explained(self, error):
        """(name, text for people) of what was raised; "" where memory is too short for one."""
        if isinstance(error, Refused):
            return error.name, str(error)
        if isinstance(error, MemoryError):
            return "memory", ""
        self._counters.count("order.failed")
        sys.print_exception(error)
        return "failed", "an error of the firmware; the console has it"

    def _refuse(self, name, reason):
        """What is said of it."""
        self._counters.count("order.refused")
        self.refusal = said = _NO_MEMORY
        try:
            if reason:
                said = _whole(reason)
                self.refusal = "%s: %s" % (_whole(name.split("/", 2)[-1]), said)
        except MemoryError:
            pass
        return said

    def _reply(self, id, error, text, result=None):
        if len(self._replies) >= _MAX_WAITING:
            self._counters.count("order.unanswered")
            return
        try:
            table = {"id": id, "time": self._now_s(), "ok": not error}
            if error:
                table["error"] = error
                table["text"] = text
            self._replies.append((table, result))
        except MemoryError:
            self._counters.count("order.unanswered")
        self._wake()

    def _take(self, topic, payload, known):
        name, carry_out = self._at.get(topic, ("", None))
        if carry_out and not name:
            carry_out(payload)
            return
        try:
            value = json.loads(_text(payload, "a command"))
        except ValueError:
            raise Refused("not JSON", "malformed")
        if topic == self._named:
            self._take_named(value, known)
        elif carry_out:
            carry_out(checked(name, value))
        else:
            raise Refused("nothing is done at this topic")

    def _take_named(self, commands, known):
        """All of them are checked before the first is carried out."""
        if not isinstance(commands, dict) or not commands:
            raise Refused("not a JSON object with a command", "malformed")
        with_id = "id" in commands or "expires" in commands
        expires = 0
        if with_id:
            known[0] = taken(commands, "id")
            expires = taken(commands, "expires")
            if len(commands) != 1:
                raise Refused("an id goes with one command", "malformed")
        found = []
        for name, value in commands.items():
            if name not in self._by_name:
                there = ", ".join(sorted(self._by_name))
                raise Refused(_NO_SUCH % (shown(name)[1:-1], there), "unknown")
            carry_out, wants_id, _, _ = self._by_name[name]
            if wants_id and not with_id:
                raise Refused("%s wants an id and expires beside it" % name, "malformed")
            found.append((carry_out, name, checked(name, value, name + ".")))
        if with_id:
            self._add(known[0], expires, *found[0][1:])
            return
        for carry_out, _, fields in found:
            carry_out(fields)

    def _add(self, id, expires, name, fields):
        """Have a command with an id carried out, unless it was."""
        _, _, lasts, reads = self._by_name[name]
        check = check_of(name, fields)
        before = self.answers.of(id)
        if before:
            if before.check != check:
                raise Refused(_ANOTHER % id, "replayed")
            if before.error is None:
                return  # it will be answered
            if not reads or before.error:
                self._reply(id, before.error, before.text)
                return
            self.answers.forget(before)
        now_s = self._in_time(expires)
        if len(self._jobs) >= _MAX_WAITING:
            raise Refused("%d commands wait already" % _MAX_WAITING, "busy")
        begun = self.answers.begin(id, expires, check, lasts, now_s)
        self._jobs.append(_Job(name, fields, begun))
        self._wanted.set()

    def _in_time(self, expires):
        """Epoch s, where that is not too late."""
        now_s = self._now_s()
        if now_s is None:
            raise Refused(_NO_TIME, "no_time")
        if expires < now_s:
            raise Refused(_LATE % (expires, now_s), "late")
        if expires > now_s + MAX_AHEAD_S:
            raise Refused(_EARLY % (MAX_AHEAD_S, expires - now_s), "malformed")
        return now_s


def _whole(text):
    """Without halves of characters, which JSON can name and no UTF-8 holds."""
    return "".join(["?" if 0xD800 <= ord(c) < 0xE000 else c for c in text])


def _text(data, what):
    try:
        return data.decode()
    except UnicodeError:
        raise Refused("%s is not UTF-8" % what, "malformed")


def _pieces(table, result):
    text = json.dumps(table)
    if result is None:
        yield text
        return
    yield text[:-1] + ', "result": '
    for at in range(0, len(result), _PIECE):
        yield result[at : at + _PIECE]
    yield "}"
