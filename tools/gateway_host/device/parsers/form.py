"""A form: what the commissioning page sends, to each of its commands."""

from parsers.finished import Asyncio, finish

from system.refused import Refused
from hotspot.form import form
from installer import commands

_TOKEN = "0123456789abcdef"
_NAMES = ("identify", "scan", "apply", "undo")
_STATUSES = (400, 403, 409, 413)


class Point:
    load = 0
    reversed = False
    rated = 50


class Load:
    name = "grid"


class Site:
    fingerprint = "0a1b2c3d"
    loads = [Load(), Load()]
    points = [Point(), Point()]


class Advice:
    def describe(self):
        for i in range(2):
            yield {
                "point": i, "node": "5500000190", "input": "AB"[i], "phase": "L1",
                "remedy": {"phase": "L2", "reversed": i == 1},
            }  # fmt: skip


class Request:
    fields = {"content-type": "application/x-www-form-urlencoded"}
    body = b""


class Reach:
    _site = Site()
    _advice = Advice()

    def site(self):
        return self._site

    def advice(self):
        return self._advice

    def identify(self, fields):
        if fields["seconds"] != 30:
            raise ValueError("not what was checked")

    def scan(self, _):
        pass

    def spend(self, writes):
        raise Refused("too often", "too_often")

    async def edit(self, change):
        raise Refused("nothing is changed here")


class Entries:
    entries = []

    def find(self, number):
        assert 0 <= number <= 1 << 29
        return {"n": number, "load": "grid", "points": []} if number == 1 else None


class Phone(commands.PhoneCommands):
    """With a token that is known here, and nothing in the flash."""

    def __init__(self):
        self._reach = Reach()
        self._count = None
        self.token = _TOKEN
        self.changes = Entries()
        self.job = [0, "none", ""]


commands.asyncio = Asyncio()
_phone = Phone()


def take(data):
    try:
        fields = form(data)
    except ValueError:
        fields = None
    if fields is not None:
        size = sum(len(name) + len(value) for name, value in fields.items())
        assert size <= len(data), "more than was sent"
    request = Request()
    request.body = data
    came = "refused"
    for name in _NAMES:
        try:
            finish(_phone.carry_out(request, name))
            came = "done"
        except commands.Wrong as wrong:
            assert wrong.status in _STATUSES, wrong.status
    return came
