"""boards/common/modem.py against a modem that speaks AT commands and PPP's data byte by byte on
one line (3GPP TS 27.007, V.250; a call is left for a while by +++ between two silences of a
second), and against PPP as in MicroPython's ESP32 port (network_ppp.c of 1.27, lwIP's ppp.c)."""

from __future__ import annotations

import pytest
from chip import TIME, on_chip

# The line is 115200 baud: what is said in one piece has one time. In data mode the modem answers
# `~hello~` with `~welcome~` while the network gives addresses, and counts each `~traffic~`.
MODEM = r"""
import modem as modem_module
modem_module.time = time_module

class Line:
    def __init__(self):
        self.received = b""
        self.listener = None  # PPP's, while the UART's interrupt is its own
        self.on = True
        self.echo = True
        self.knows_escape = True
        self.data = self.called = False
        self.has_sim = self.has_cell = self.connects = self.gives_address = True
        self.csq = 20
        self.line = b""
        self.last_ms = -100000
        self.traffic = []  # when
        self.commands = []  # when, what
        self.escapes = 0
        self.noise = 0  # of PPP, while commands are wanted

    def read(self):
        received, self.received = self.received, b""
        return received or None

    def say(self, text):
        self.received += text
        if self.listener:
            self.listener()

    def write(self, data):
        if not self.on:
            return
        silence, self.last_ms = passed[0] - self.last_ms, passed[0]
        if not self.data:
            self.type(data)
        elif data == b"+++" and silence >= 1000 and self.knows_escape:
            self.escapes += 1
            later(1000, self.escape)
        elif data == b"~hello~" and self.gives_address:
            later(200, lambda: self.data and self.say(b"~welcome~"))
        elif data == b"~traffic~":
            self.traffic.append(passed[0])
        elif data == b"~bye~":
            later(100, self.farewell)

    def farewell(self):
        if self.data:
            self.say(b"~bye~")
            self.lose_the_call()

    def escape(self):
        if self.data and passed[0] - self.last_ms >= 1000:
            self.data = False
            self.say(b"\r\nOK\r\n")

    def type(self, data):
        if data[:1] == b"~":
            self.noise += 1
        if self.echo:
            self.say(data)
        self.line += data
        while b"\r" in self.line:
            at = self.line.find(b"\r")
            command, self.line = self.line[:at], self.line[at + 1 :]
            later(30, lambda: self.obey(command.decode()))

    def obey(self, command):
        self.commands.append((passed[0], command))
        if command.startswith("ATD"):
            later(2500, self.connect if self.connects else lambda: self.answer("NO CARRIER"))
        elif command == "ATO" and self.called:
            later(300, self.connect)
        elif command == "ATO":
            self.answer("NO CARRIER")
        elif command == "ATH":
            self.called = False
            self.answer("OK")
        elif command == "AT+CPIN?":
            self.answer(*(("+CPIN: READY", "OK") if self.has_sim else ("+CME ERROR: 10",)))
        elif command == "AT+CEREG?":
            self.answer("+CEREG: 0,%d" % (5 if self.has_cell else 2), "OK")
        elif command == "AT+CSQ":
            self.answer("+CSQ: %d,99" % self.csq, "OK")
        elif command == "AT" or command.startswith("AT+CGDCONT=1,"):
            self.answer("OK")
        else:
            self.answer("ERROR")

    def answer(self, *lines):
        self.say(b"".join(b"\r\n%s\r\n" % line.encode() for line in lines))

    def connect(self):
        self.data = self.called = True
        self.answer("CONNECT 115200")

    def lose_the_call(self):
        self.data = self.called = False
        self.answer("NO CARRIER")

    def power(self, on):
        self.on = on
        self.data = self.called = False
        self.line = self.received = b""

INACTIVE, ACTIVE, ERROR, CONNECTING, CONNECTED = range(5)

class Ppp:
    def __init__(self, stream):
        self.stream = stream
        self.state = INACTIVE
        self.closing = False

    def config(self, *, stream):
        self.stream = stream
        self.listen()

    def listen(self):
        line.listener = self.poll if self.stream and self.state >= ACTIVE else None

    def status(self):
        return self.state

    def isconnected(self):
        return self.state == CONNECTED

    def connect(self):
        if self.state >= CONNECTING:
            raise OSError(114)
        self.state = CONNECTING
        self.closing = False
        self.listen()
        self.talk()

    def disconnect(self):
        if self.state >= CONNECTING and not self.closing:
            self.closing = True
            self.send(b"~bye~")
            later(6000, lambda: self.closing and self.send(b"~bye~"))
            later(12000, lambda: self.closing and self.end())

    def end(self):
        self.state = INACTIVE
        self.closing = False
        self.listen()

    def send(self, data):
        if self.stream:
            self.stream.write(data)

    def talk(self):
        if self.state >= CONNECTING and not self.closing:
            self.send(b"~hello~" if self.state == CONNECTING else b"~traffic~")
            later(6000 if self.state == CONNECTING else 500, self.talk)

    def poll(self):
        if self.state < CONNECTING:
            return
        heard = self.stream.read() or b""
        if b"~bye~" in heard and self.closing:
            self.end()
        elif b"~welcome~" in heard and self.state == CONNECTING and not self.closing:
            self.state = CONNECTED
            later(500, self.talk)

keys = []

class Key:
    OUT = 0
    def __init__(self, number, mode, value):
        keys.append((passed[0], number, int(value)))
        self.number = number
    def value(self, value):
        keys.append((passed[0], self.number, int(value)))
        later(3000, lambda: line.power(True))

line = Line()
ppp = Ppp(line)
network.PPP = lambda stream: ppp
modem_module.machine = Module(UART=lambda *what, **named: line, Pin=Key)
PINS = {"lte_tx": 4, "lte_rx": 36}
LIMITS = (-95, -105)

def longest_pause():
    return max(b - a for a, b in zip(line.traffic, line.traffic[1:])) / 1000

async def main():
    modem = modem_module.Modem(PINS)
    told = {}
"""
RUN = """
    print(json.dumps(told))

asyncio.run(main())
"""


def play(body: str, before: str = "") -> dict:
    indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return on_chip(TIME + MODEM.replace("\nasync def main", before + "\nasync def main") + indented
                   + RUN, "CONNECT_4G")  # fmt: skip


def test_the_reception_is_followed_while_data_flows():
    """Within a minute; the line is without data for less than 5 s, and PPP does not notice."""
    told = play("""
told["dialled"] = await modem.dial("m2m")
told["seen"] = []
for csq in (20, 3, 7, 31, 99):
    line.csq = csq
    await asyncio.sleep_ms(66000)
    told["seen"].append([modem.dbm(), modem.quality(LIMITS), modem.connected(), line.data])
told["pause"] = longest_pause()
told["noise"] = line.noise
told["calls"] = [what for _, what in line.commands if what[:3] in ("ATD", "ATH")]
""")
    assert told["dialled"] == "ok" and told["pause"] < 5 and told["noise"] == 0
    seen = [one[:2] for one in told["seen"]]
    assert seen == [[-73, 0], [-107, 2], [-99, 1], [-51, 0], [None, 0]]
    assert all(one[2:] == [True, True] for one in told["seen"])
    assert told["calls"] == ["ATH", "ATD*99#"]


def test_a_modem_that_does_not_know_the_escape_is_seldom_asked():
    """After a minute, then every ten: its data flows on."""
    told = play("""
line.knows_escape = False
told["dialled"] = await modem.dial("m2m")
await asyncio.sleep_ms(700000)
told["connected"] = modem.connected() and line.data
told["pauses"] = len([1 for a, b in zip(line.traffic, line.traffic[1:]) if b - a > 1500])
told["noise"] = line.noise
""")
    assert told == {"dialled": "ok", "connected": True, "pauses": 2, "noise": 0}


ENDS = {  # what happens, and when: s from dialling
    "the network ends the call": ("line.lose_the_call()", 10),
    "the modem starts anew": ("line.power(True)", 10),
    "the modem dies": ("line.power(False)", 100),
    "it is off for a while": ("line.power(False)\nlater(90000, lambda: line.power(True))", 10),
}


@pytest.mark.parametrize("end, after_s", ENDS.values(), ids=ENDS)
def test_a_call_that_has_ended_is_noticed_and_made_again(end, after_s):
    """PPP is told of none of them, and lwIP asks for no echo."""
    told = play(f"""
told["dialled"] = await modem.dial("m2m")
await asyncio.sleep_ms({after_s} * 1000)
{end}
since = passed[0]
while modem.connected() and passed[0] < 1000000:
    await asyncio.sleep_ms(1000)
told["noticed"] = (passed[0] - since) // 1000
line.on = True
told["again"] = await modem.dial("m2m")
await asyncio.sleep_ms(70000)
told["connected"] = modem.connected() and line.data
""")
    assert told.pop("noticed") <= (700 if "later" in end else 70)
    assert told == {"dialled": "ok", "again": "ok", "connected": True}


RESULTS = {
    "no_sim": "line.has_sim = False",
    "not_found": "line.has_cell = False",
    "failed": "line.connects = False",
    "no_address": "line.gives_address = False",
    "no_modem": "line.power(False)",
}


@pytest.mark.parametrize("result", RESULTS)
def test_why_it_cannot_be_dialled(result):
    """And afterwards it can: nothing is left from the try before."""
    told = play(f"""
{RESULTS[result]}
told["first"] = await modem.dial("m2m")
told["connected"] = modem.connected()
line.has_sim = line.has_cell = line.connects = line.gives_address = line.on = True
told["second"] = await modem.dial("m2m")
""")
    assert told == {"first": result, "connected": False, "second": "ok"}


def test_a_call_from_before_the_start_is_ended_first():
    told = play("""
line.data = line.called = True
line.echo = False
told["dialled"] = await modem.dial("m2m")
told["commands"] = [what for _, what in line.commands][:2]
told["dbm"] = modem.dbm()
""")
    assert told == {"dialled": "ok", "commands": ["AT", "ATH"], "dbm": 2 * 20 - 113}


@pytest.mark.parametrize("wait_ms", [0, 61200, 62500, 63000, 70000])
def test_it_can_be_left_and_dialled_at_any_time(wait_ms):
    """Also while it is just being asked for its signal."""
    told = play(f"""
await modem.dial("m2m")
await asyncio.sleep_ms({wait_ms})
modem.leave()
await asyncio.sleep_ms(20000)
told["left"] = not modem.connected()
told["called"] = line.called
await modem.dial("m2m")
await asyncio.sleep_ms({wait_ms})
modem.leave()
told["dialled"] = await modem.dial("m2m")
await asyncio.sleep_ms(100000)
told["connected"] = modem.connected() and line.data
""")
    assert told == {"left": True, "called": False, "dialled": "ok", "connected": True}


@pytest.mark.parametrize("low", [0, 1])
def test_the_power_key_is_pressed_where_the_modem_is_off(low):
    told = play(
        """
line.power(False)
told["dialled"] = await modem.dial("m2m")
told["keys"] = [[number, value] for _, number, value in keys]
told["pressed_ms"] = keys[1][0] - keys[0][0]
""",
        f'PINS.update({{"lte_power": 13, "lte_power_low": {low}, "lte_power_ms": 1200}})\n',
    )
    assert told["dialled"] == "ok" and told["pressed_ms"] == 1200
    assert told["keys"] == [[13, 1 - low], [13, low]]
