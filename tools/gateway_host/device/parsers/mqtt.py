"""What a broker says, byte by byte as it comes: to the whole way in of the firmware."""

from parsers.finished import finish

from cloud.acceptance import Acceptance
from cloud.first_answer import explain
from cloud.hearing import Hearing
from cloud.in_flight import InFlight
from cloud.mqtt_link import UplinkError
from cloud.subscriptions import Subscriptions

_TOPIC = b"servicelocation/abc/gateway/set"
_MAX = 1024
_PIECE = 32


class Ended(Exception):
    pass


class Link:
    """Gives what was said in pieces of 32 bytes."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    async def read(self, count):
        piece = self.data[self.at : self.at + count]
        self.at += len(piece)
        if not piece:
            raise Ended
        return piece


class Pings:
    def begin(self, keepalive_s):
        pass

    def heard(self):
        pass

    def answered(self):
        pass


class Commands:
    def __init__(self):
        self.taken = self.skipped = 0

    def most_bytes(self, topic):
        return _MAX if topic == _TOPIC else 512

    def take(self, topic, payload):
        assert topic and len(topic) + len(payload) <= _MAX, "longer than may be"
        self.taken += 1

    def skip(self, size):
        assert 512 < size < 1 << 28, size
        self.skipped += 1


class Message:
    topic = "t"
    retained = False

    def view(self):
        return memoryview(b"{}")

    def done(self, acknowledged):
        pass


def take(data):
    if len(data) >= 4 and (data[:2] != b"\x20\x02" or data[3]):
        name, text = explain(bytes(data[:4]), "broker.example", 8883)
        assert name.startswith("uplink.") and len(text) < 200
    commands = Commands()
    in_flight = InFlight(4)
    subscriptions = Subscriptions(["a", "b"], "5020000042", in_flight.free)
    acceptance = Acceptance(None, None)
    hearing = Hearing(Link(data), Pings(), in_flight, acceptance, subscriptions, commands, str)
    hearing.begin(60)
    numbers = iter((1, 2))
    subscriptions.ask(lambda topic: next(numbers, 0))
    acceptance._asked = 2
    incoming = hearing._incoming
    most = [0]

    def beat():
        kept = len(incoming._held) + len(incoming._long)
        most[0] = max(most[0], kept)

    try:
        finish(hearing.run(beat))
    except Ended:
        came = "heard"
    except UplinkError as error:
        assert error.name == "uplink.protocol", error.name
        came = "no_mqtt"
    assert most[0] <= 1024 + 512 + 64, "%d bytes are kept" % most[0]
    incoming.clear()
    before = commands.taken
    incoming.feed(b"\x30\x05\x00\x01a{}")  # the next connection's first message
    assert commands.taken == before + 1, "deaf on the next connection"
    return "command" if before else came
