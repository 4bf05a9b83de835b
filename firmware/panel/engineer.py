"""The engineer's console on a gateway that runs: in service mode, which the button opens, and with
the device's password. It shares the serial line with Improv. Owns the line that is being typed."""

import sys

from micropython import const

_MAX_LINE = const(200)
_OPEN = "unlock "
_ENTER, _BACK, _END = (10, 13), (8, 127), 4
_BUTTON = "locked: press the button shortly, then type: unlock, a space, the password on the label"
_WAIT = "locked: wait %d s"
_WRONG = "locked: that is not the password on the label"
_HELLO = "gw.status()  gw.readings()  gw.bus()  gw.led()  gw.heap()  gw.log()  exit"
_PROMPT = "--> "


class Engineer:
    """write: a function, text to the line; is_service: a function, whether service mode is open;
    make_lock: a function that gives a lock.Lock, and names: one that gives what an expression may
    name, {name: object}; both are asked once somebody wants in."""

    def __init__(
        self,
        write: Callable[[str], object],
        is_service: Callable[[], bool],
        make_lock: Callable[[], Lock],
        names: Callable[[], Table],
    ):
        self._write = write
        self._is_service = is_service
        self._make_lock = make_lock
        self._names = names
        self._lock: Lock | None = None
        self._known: Table | None = None  # while it is unlocked
        self._line = bytearray()

    def take(self, byte: int) -> bool:
        """A byte has come. Whether it is the engineer's alone, not Improv's."""
        inside = self._known is not None
        if inside and not self._is_service():
            self._close()
            inside = False
        if byte in _ENTER:
            line, self._line = self._line, bytearray()
            if inside:
                self._obey(bytes(line))
            elif line.startswith(_OPEN.encode()):
                self._unlock(bytes(line)[len(_OPEN) :])
        elif inside and byte == _END:
            self._close()
        elif byte in _BACK:
            if self._line:
                self._line = self._line[:-1]
                if inside:
                    self._write("\b \b")
        elif byte < 32 or len(self._line) >= _MAX_LINE:
            self._line = bytearray()  # no line of an engineer's: a packet
        else:
            self._line.append(byte)
            if inside:
                self._write(bytes((byte,)).decode() if byte < 127 else "?")
        return inside

    def _unlock(self, given):
        """One try. Nothing of it is echoed or kept."""
        if not self._is_service():
            self._write(_BUTTON + "\r\n")
            return
        lock = self._lock = self._lock or self._make_lock()
        wait_s = lock.wait_s()
        if wait_s:
            self._write(_WAIT % wait_s + "\r\n")
            return
        try:
            right = lock.opens(given.decode())
        except UnicodeError:
            right = False
        if right:
            self._known = self._names()
            self._write("\r\n%s\r\n%s" % (_HELLO, _PROMPT))
        else:
            self._write(_WRONG + "\r\n")

    def _close(self):
        self._known = None
        self._line = bytearray()
        self._write("\r\nlocked\r\n")

    def _obey(self, line):
        """An expression, whose value is printed, or a statement."""
        self._write("\r\n")
        try:
            text = line.decode().strip()
            if text == "exit":
                self._close()
                return
            if text:
                self._run(text)
        except Exception as error:
            sys.print_exception(error)
        self._write(_PROMPT)

    def _run(self, text):
        try:
            code = compile(text, "console", "eval")
        except SyntaxError:
            exec(text, self._known)
            return
        value = eval(code, self._known)
        if value is not None:
            print(repr(value))
