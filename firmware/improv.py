"""Improv Wi-Fi over the serial line (improv-wifi.com/serial, version 1): credentials from a
browser or a tool on a computer.

Owns the protocol. What is allowed, and trying the credentials, is wifi_provision's, as for the
hotspot. Other text may go over the same line.
"""

import asyncio
import select

from micropython import const
from version import VERSION
from wifi_credentials import CredentialError, text_of

_HEAD = b"IMPROV\x01"
_COMMAND = _HEAD + b"\x03"  # the one type of packet that comes from the computer
_STATE, _ERROR, _RESULT = const(1), const(2), const(4)  # types of ours
_STATES = {"ready": 2, "trying": 3, "done": 4}
_NO_ERROR, _INVALID, _UNKNOWN_COMMAND, _NO_CONNECTION = const(0), const(1), const(2), const(3)
_OTHER_ERROR = const(255)
_JOIN, _TELL_STATE, _ABOUT, _SCAN = const(1), const(2), const(3), const(4)  # commands
_WATCH_MS = const(100)
_LOOK_MS = const(20)


def packet(kind, data):
    """The bytes of a packet with its sum, and a line's end behind it."""
    whole = _HEAD + bytes((kind, len(data))) + data
    return whole + bytes((sum(whole) & 255, 10))


def strings(texts):
    """Texts as a result carries them."""
    return b"".join(bytes((len(text.encode()),)) + text.encode() for text in texts)


class Receiver:
    """Finds commands in what the line brings."""

    def __init__(self):
        self._held = b""

    def feed(self, data):
        """The contents of the packets that have become whole; None for a damaged one."""
        held = self._held + data
        found = []
        while True:
            begin = held.find(_COMMAND)
            if begin < 0:
                # The end may be a head's beginning.
                self._held = held[-len(_COMMAND) + 1 :]
                return found
            held = held[begin:]
            if len(held) < 9 or len(held) < 10 + held[8]:
                self._held = held
                return found
            end = 9 + held[8]
            if sum(held[:end]) & 255 == held[end]:
                found.append(held[9:end])
                held = held[end + 1 :]
            else:
                found.append(None)
                held = held[1:]


def _two_texts(data):
    """The texts of a join command; ValueError where they are not two that fill it."""
    first = data[:1] + b"\0"
    second = 1 + first[0]
    if len(data) <= second or len(data) != second + 1 + data[second]:
        raise ValueError
    return text_of(data[1:second]), text_of(data[second + 1 :])


class Improv:
    """Speaks on `line`, the board's SerialLine. `about`: the board, and the gateway's name."""

    def __init__(self, provisioning, line, about):
        self._provisioning = provisioning
        self._line = line
        self._poll = select.poll()
        self._poll.register(line.stream, select.POLLIN)
        self._about = about

    async def run(self):
        """Answer, without end; a line that has ended is left alone."""
        receiver = Receiver()
        while True:
            pause = _LOOK_MS
            for stream, _ in self._poll.ipoll(0):
                pause = 0
                data = stream.read(1)
                if not data:
                    return
                for content in receiver.feed(data):
                    await self._obey(content or b"")
            await asyncio.sleep_ms(pause)

    async def watch(self):
        """Tell every change of the state, without end."""
        told = self._provisioning.state
        while True:
            state = self._provisioning.state
            if state != told:
                if state == "ready":
                    self._send(_ERROR, bytes((_NO_CONNECTION,)))
                self._send_state()
                if state == "done":
                    self._answer(_JOIN)
                told = state
            await asyncio.sleep_ms(_WATCH_MS)

    async def _obey(self, content):
        if len(content) < 2 or len(content) != 2 + content[1]:
            self._send(_ERROR, bytes((_INVALID,)))
            return
        error = await self._do(content[0], content[2:])
        if error:
            self._send(_ERROR, bytes((error,)))

    async def _do(self, command, data):
        """Carry the command out; the error, or None."""
        provisioning = self._provisioning
        if command not in (_JOIN, _TELL_STATE, _ABOUT, _SCAN):
            return _UNKNOWN_COMMAND
        self._send(_ERROR, bytes((_NO_ERROR,)))
        if command == _JOIN:
            if provisioning.state != "ready":
                return _OTHER_ERROR
            try:
                provisioning.submit(*_two_texts(data))
            except CredentialError:
                return _NO_CONNECTION
            except ValueError:
                return _INVALID
        elif command == _TELL_STATE:
            self._send_state()
            if provisioning.state == "done":
                self._answer(command)
        elif command == _ABOUT:
            self._answer(command, "Gateway", VERSION, *self._about)
        else:
            await provisioning.scan()
            for name, rssi, security in provisioning.networks:
                if name:
                    locked = "NO" if security == "open" else "YES"
                    self._answer(command, name, str(rssi), locked)
            self._answer(command)

    def _answer(self, command, *texts):
        data = strings(texts)
        self._send(_RESULT, bytes((command, len(data))) + data)

    def _send_state(self):
        self._send(_STATE, bytes((_STATES[self._provisioning.state],)))

    def _send(self, kind, data):
        self._line.write(packet(kind, data))
