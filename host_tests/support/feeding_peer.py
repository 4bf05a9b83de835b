"""Another gateway of the site as docs/several-gateways.md ("On the wire") describes it, written
from that page alone: a Connect played by the test, which may do what a good one never does."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import struct
import time
import zlib
from dataclasses import dataclass

HELLO, WELCOME, DATA, TAKEN = 1, 2, 3, 4
UNKNOWN = -(2**31)
_PATIENCE_S = 20.0


@dataclass
class Sent:
    """A point's values. rates: power, reactive, apparent (0.01), factor (0.0001), angle (0.1
    degree), current (0.01 mA), voltage (0.01 V)."""

    node: str
    place: int
    watts: float | None
    joules: int = 0
    exported: int = 0

    def record(self) -> bytes:
        who = zlib.crc32(f"{self.node}/{self.place}".encode())
        power = UNKNOWN if self.watts is None else round(self.watts * 100)
        rates = [power, 0, abs(power) % 2**31, 10000, 0, 100000, 23000]
        return struct.pack("<I7iqq", who, *rates, self.joules, self.exported)


class Peer:
    """serial: whose it says that it is; to: the Genius's; port: of the site's network."""

    def __init__(self, serial: str, to: str, key: str, port: int):
        self.serial, self.to = serial, to
        self.key = bytes.fromhex(key)
        self.session = b""
        self.number = 0
        self.instance = os.urandom(8)
        self.sent: list[bytes] = []
        self._port = port
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.settimeout(0.3)

    def datagram(self, kind: int, token: bytes, more: bytes = b"", number: int = 0) -> bytes:
        count = len(more) // 48 if kind == DATA else 0
        names = self.serial.encode(), self.to.encode()
        data = struct.pack("<4sBBxx10s10sI8s", b"EGS1", kind, count, *names, number, token) + more
        return data + hmac.new(self.key, data, hashlib.sha256).digest()[:16]

    def send(self, data: bytes) -> None:
        self.sent.append(data)
        self._line.sendto(data, ("127.0.0.1", self._port))

    def hear(self, kind: int) -> tuple[bytes, bytes, int] | None:
        """(token, more, number) of the next datagram of this kind, None where none comes."""
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            try:
                data = self._line.recv(2048)
            except TimeoutError:
                return None
            good = hmac.new(self.key, data[:-16], hashlib.sha256).digest()[:16]
            found, _, sender, to, number, token = struct.unpack_from("<4xBBxx10s10sI8s", data)
            assert good == data[-16:] and sender == self.to.encode()
            assert to == self.serial.encode()
            if found == kind:
                return token, data[40:-16], number
        return None

    def ask_for_session(self) -> bool:
        """Ask for a session once; whether there is one."""
        nonce = os.urandom(8)
        self.send(self.datagram(HELLO, nonce, self.instance))
        while answer := self.hear(WELCOME):
            token, session, _ = answer
            if token == nonce:  # not one that comes late, to a question before
                self.session, self.number = session, 0
                return True
        return False

    def begin(self) -> None:
        """Ask for a session until there is one."""
        end = time.monotonic() + _PATIENCE_S
        while not self.ask_for_session():
            assert time.monotonic() < end, "nobody answers"

    def feed(self, *points: Sent) -> bool:
        """Send values once; whether they were taken."""
        self.number += 1
        more = b"".join(point.record() for point in points)
        self.send(self.datagram(DATA, self.session, more, self.number))
        answer = self.hear(TAKEN)
        return answer is not None and answer[2] == self.number

    def close(self) -> None:
        self._line.close()


class Gathering:
    """A Genius played by the test. serial, key: its own; port: of the site's network."""

    def __init__(self, serial: str, key: str, port: int):
        self.serial, self.key, self.port = serial, bytes.fromhex(key), port
        self.session = b""
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.settimeout(_PATIENCE_S)
        self._line.bind(("127.0.0.1", port))

    def hear(self, kind: int) -> tuple[str, int, bytes, bytes, object]:
        """(from, number, token, more, address) of the next datagram of this kind."""
        while True:
            data, address = self._line.recvfrom(2048)
            good = hmac.new(self.key, data[:-16], hashlib.sha256).digest()[:16]
            assert good == data[-16:] and data[:4] == b"EGS1"
            found, count, sender, to, number, token = struct.unpack_from("<4xBBxx10s10sI8s", data)
            assert to.decode() == self.serial
            if found == kind:
                assert len(data) == (56 + 48 * count if kind == DATA else 64)
                return sender.decode(), number, token, data[40:-16], address

    def say(self, kind: int, to: str, number: int, token: bytes, more: bytes, address: object):
        head = struct.pack(
            "<4sBBxx10s10sI8s", b"EGS1", kind, 0, self.serial.encode(), to.encode(), number, token
        )
        code = hmac.new(self.key, head + more, hashlib.sha256).digest()[:16]
        self._line.sendto(head + more + code, address)

    def welcome(self) -> str:
        """Answer the next HELLO; whose it was."""
        sender, _, token, _, address = self.hear(HELLO)
        self.session = os.urandom(8)
        self.say(WELCOME, sender, 0, token, self.session, address)
        return sender

    def close(self) -> None:
        self._line.close()
