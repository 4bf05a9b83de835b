"""A modem that speaks AT commands and PPP's data byte by byte on one line, `line` (3GPP TS 27.007,
V.250; a call is left for a while by +++ between two silences of a second), and PPP as in
MicroPython's ESP32 port (network_ppp.c of 1.27, lwIP's ppp.c), for boards/common's modem.

The line is 115200 baud: what is said in one piece has one time. In data mode the modem answers
`~hello~` with `~welcome~` while the network gives addresses, and counts each `~traffic~`.
"""

from esp32_fakes import Module, network
from passing_time import later, passed, time_module

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
            later(30, lambda command=command: self.obey(command.decode()))

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
