"""A message at the topic of commands, or at another one that is subscribed: checked, carried out
and answered. No command does anything here."""

from parsers.finished import run

from cloud import command_schema, commands

_TOPIC = "servicelocation/abc/gateway/set"
_PLUG = "servicelocation/abc/plug/1/setstate"
_NOW = 1780000000


class NoFile:
    """In the place of durable.Durable."""

    value = None
    damaged = missing = 0

    def __init__(self, name):
        pass

    def write(self, value):
        assert len(value) < 32768, "a file of %d bytes" % len(value)


def _made():
    from cloud import answers

    answers.Durable = NoFile
    made = commands.Commands(_counts, _TOPIC, lambda: _NOW)
    for name in command_schema.SCHEMA:
        if name == "setstate":
            made.on_topic(_PLUG, name, _checked)
        else:
            made.on(name, _checked, lasts=name == "free", reads=name == "get")
    return made


class Counts:
    def count(self, name):
        assert name not in ("order.failed", "order.unkept"), name


class Tasks:
    """In the place of asyncio."""

    class Event:
        def set(self):
            pass


def _checked(fields):
    assert isinstance(fields, dict)
    return "{}"


_counts = Counts()
commands.asyncio = Tasks
commands.sys = None  # an error that it would print is a defect
commands._LOOKS = 1
_all = [None, 0]


async def _send(topic, pieces):
    size = sum([len(piece.encode()) for piece in pieces])
    assert size < 2048, "an answer of %d bytes" % size


def take(data):
    if _all[1] % 64 == 0:
        _all[0] = _made()
        _all[0].answers._writes = 1 << 20
    _all[1] += 1
    them = _all[0]
    them.refusal = None
    topic = _PLUG if data[:1] == b"P" else _TOPIC
    them.take(topic.encode(), data[1:])
    run(them.work())
    answered = bool(them._replies)
    run(them.publish(_send))
    assert them.is_idle(), "it is not done"
    if them.refusal is not None:
        assert len(them.refusal) < 1024, "a refusal of %d characters" % len(them.refusal)
        return "refused"
    return "answered" if answered else "done"
