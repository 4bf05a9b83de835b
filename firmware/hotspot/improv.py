"""Improv Wi-Fi over the serial line (improv-wifi.com/serial, version 1): credentials from a
browser or a tool on a computer.

Owns the protocol. What is allowed, and trying the credentials, is net/trial.py's, as for the
hotspot. Other text may go over the same line.
"""

import asyncio
import select
from time import ticks_diff, ticks_ms

from micropython import const

from system.version import VERSION
from system.watchdog import unwatched
from hotspot.credentials import CredentialError, text_of

_HEAD = b"IMPROV\x01"
_COMMAND = _HEAD + b"\x03"  # the one type of packet that comes from the computer
_STATE, _ERROR, _RESULT = const(1), const(2), const(4)  # types of ours
_READY, _TRYING, _DONE = const(2), const(3), const(4)  # states
_NO_ERROR, _INVALID, _UNKNOWN_COMMAND, _NO_CONNECTION = const(0), const(1), const(2), const(3)
_OTHER_ERROR = const(255)
_JOIN, _GET_STATE, _ABOUT, _SCAN = const(1), const(2), const(3), const(4)  # commands
_LOOK_MS = const(20)
_MAX_TRY_MS = const(28000)  # the other side waits 30 s
_MAX_POSTPONED = const(4)  # packets that came while the gateway was being made
_SILENT_LOOKS = const(3)  # after which a packet that is not whole is forgotten
_AT_ONCE = const(128)  # bytes; no packet that means anything is longer


def packet(kind: int, data: bytes) -> bytes:
    """The bytes of a packet with its sum, on a line of its own."""
    whole = _HEAD + bytes((kind, len(data))) + data
    return b"\n" + whole + bytes((sum(whole) & 255, 10))


def strings(texts: Iterable[str]) -> bytes:
    """Texts as a result carries them."""
    return b"".join(bytes((len(text.encode()),)) + text.encode() for text in texts)


class Receiver:
    """Finds commands in what the line brings."""

    def __init__(self) -> None:
        self._held = b""

    def silence(self) -> list[bytes | None]:
        """The rest of what is held never comes: the contents of what lies whole behind it."""
        found = []
        while self._held:
            rest, self._held = self._held[1:], b""
            more = self.feed(rest)
            found += more[1:] if found[-1:] == more[:1] == [None] else more
        return found

    def feed(self, data: bytes) -> list[bytes | None]:
        """The contents of the packets that have become whole; None for damaged ones, once for
        those that follow each other."""
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
                if not found or found[-1] is not None:
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

    def __init__(self, line: ImprovLine, about: Sequence[str]):
        self.typed: Callable[[int], bool] | None = None  # takes each byte; whether it is not ours
        self._trial = None
        self._postponed = []  # contents of packets that want the trial
        self._receiver = Receiver()
        self._silent = 0  # looks that brought nothing
        self._line = line
        self._poll = select.poll()
        self._poll.register(line.stream, select.POLLIN)
        self._about = about
        self._sent_state = None  # the state
        self._answered = True  # the last try's result is sent
        self._tried_ms = 0  # when it began
        self._scanning = None  # the task

    def serve(self, trial: Trial) -> None:
        """trial: the trial.Trial of credentials, from now on. What was asked of it before is done
        when run() begins."""
        self._trial = trial
        trial.on_change(lambda: self._send_change(trial))

    async def run(self, beat: Beat = unwatched) -> None:
        """Answer, and send every change of the state, without end; a line that has ended is left
        alone. beat: called meanwhile."""
        if self._sent_state is None:
            self._sent_state = self._state()
        postponed, self._postponed = self._postponed, []
        for content in postponed:
            self._obey(content)
        while self.look():
            beat()
            if not self._answered and ticks_diff(ticks_ms(), self._tried_ms) > _MAX_TRY_MS:
                self._send_result(self._state(False) == _DONE)
            if self._state() != self._sent_state:  # a link has come or gone
                self._send_state()
            await asyncio.sleep_ms(_LOOK_MS)

    def look(self) -> bool:
        """Answer what has come, 128 bytes at most; whether the line goes on. While the gateway is
        being made nobody else does: it may be called before serve()."""
        count = 0
        while count < _AT_ONCE and self._ready():
            data = self._line.stream.read(1)
            if not data:
                return False
            count += 1
            if self.typed and self.typed(data[0]):
                continue
            for content in self._receiver.feed(data):
                self._obey(content or b"")
        self._silent = 0 if count else self._silent + 1
        if self._silent == _SILENT_LOOKS:
            for content in self._receiver.silence():
                self._obey(content or b"")
        return True

    def _ready(self):
        for _ in self._poll.ipoll(0):
            return True
        return False

    def _state(self, trying=True):
        """The state; without `trying` as if nothing was being tried."""
        trial = self._trial
        if trial is None:
            return _READY
        if trying and trial.state == "trying" and not self._answered:
            return _TRYING
        return _DONE if trial.provisioned() else _READY

    def _send_change(self, trial):
        """The trial's state has changed."""
        if trial.state == "trying":
            self._answered = False
            self._tried_ms = ticks_ms()
            self._send_state()
        elif not self._answered:
            self._send_result(trial.provisioned())
        elif self._state() != self._sent_state:
            self._send_state()

    def _send_result(self, good):
        """What has come of a try: good is a network that is joined, wherever it leads."""
        self._answered = True
        if not good:
            self._send(_ERROR, bytes((_NO_CONNECTION,)))
        self._send_state()
        if good:
            self._answer(_JOIN)

    def _obey(self, content):
        if len(content) < 2 or len(content) != 2 + content[1]:
            self._send(_ERROR, bytes((_INVALID,)))
            return
        command, trial = content[0], self._trial
        if command not in (_JOIN, _GET_STATE, _ABOUT, _SCAN):
            self._send(_ERROR, bytes((_UNKNOWN_COMMAND,)))
        elif trial is None and command in (_JOIN, _SCAN):
            if len(self._postponed) < _MAX_POSTPONED:
                self._postponed.append(content)
        else:
            self._send(_ERROR, bytes((_NO_ERROR,)))
            if command == _GET_STATE:
                self._send_state()
                if self._sent_state == _DONE:
                    self._answer(command)
            elif command == _ABOUT:
                self._answer(command, "Gateway", VERSION, *self._about)
            elif trial and command == _JOIN:
                error = self._submit(trial, content[2:])
                if error:
                    self._send(_ERROR, bytes((error,)))
            elif trial and (not self._scanning or self._scanning.done()):
                self._scanning = asyncio.create_task(self._send_networks(trial))

    def _submit(self, trial, data):
        """Begin to try what is given; the error, or None."""
        if trial.state == "trying":
            return _OTHER_ERROR
        try:
            trial.submit(*_two_texts(data))
        except CredentialError:
            return _NO_CONNECTION
        except ValueError:
            return _INVALID

    async def _send_networks(self, trial):
        await trial.scan()
        for name, rssi, security in trial.networks:
            if name:
                self._answer(_SCAN, name, str(rssi), "NO" if security == "open" else "YES")
                await asyncio.sleep_ms(_LOOK_MS)  # a UART takes as much without waiting
        self._answer(_SCAN)

    def _answer(self, command, *texts):
        data = strings(texts)
        self._send(_RESULT, bytes((command, len(data))) + data)

    def _send_state(self):
        self._sent_state = self._state()
        self._send(_STATE, bytes((self._sent_state,)))

    def write_text(self, text: str) -> None:
        """Beside the packets."""
        self._line.write(text.encode())

    def _send(self, kind, data):
        self._line.write(packet(kind, data))
