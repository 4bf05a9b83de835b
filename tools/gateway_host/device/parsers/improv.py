"""What comes on the serial line where Improv is spoken."""

from hotspot import improv
from hotspot.credentials import check_network


class Line:
    stream = None
    size = 0

    def write(self, data):
        assert data[:8] == b"\nIMPROV\x01" and data[-2] == sum(data[1:-2]) & 255, data
        self.size += len(data)


class Poll:
    def register(self, *_):
        pass


class Trial:
    state = "ready"
    networks = ()

    def provisioned(self):
        return False

    def on_change(self, listener):
        pass

    def submit(self, ssid, key):
        check_network(ssid, key, "wpa2")
        self.given = ssid


class Select:
    POLLIN = 1
    poll = Poll


class NoTasks:
    """In the place of asyncio: a search for networks is not begun."""

    def create_task(self, coroutine):
        coroutine.close()
        return self

    def done(self):
        return True


improv.select = Select
improv.asyncio = NoTasks()
_ABOUT = ("GENIUS_FLEX", "Gateway 5020000042")


def take(data):
    line = Line()
    spoken = improv.Improv(line, _ABOUT)
    trial = Trial()
    spoken.serve(trial)
    spoken._trial = trial if not data or data[0] & 1 else None
    receiver = spoken._receiver
    found = 0
    for at in range(0, len(data), 7):
        for content in receiver.feed(data[at : at + 7]):
            spoken._obey(content or b"")
            found += 1
        assert len(receiver._held) <= 265, "the receiver keeps too much"
    for content in receiver.silence():
        spoken._obey(content or b"")
        found += 1
    assert len(spoken._postponed) <= 4
    assert line.size <= 120 * (found + 1), "it says too much"
    # What follows is understood again.
    assert receiver.feed(b"IMPROV\x01\x03\x02\x03\x00\xe6"), "deaf for what follows"
    return "joined" if hasattr(trial, "given") else "obeyed" if found else "nothing"
