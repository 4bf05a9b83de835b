"""The simulated gateway's console: what a USB cable would be on a device.

Two pseudo-terminals. The interpreter's stdin and stdout are the first one, as on a device where
the console carries prints and the REPL alike; the second one is what mpremote opens. A thread
carries bytes between them and keeps what the gateway says in a log file. While nobody has opened
the second one, nothing is kept for it, so that whoever comes does not find old output.
"""

from __future__ import annotations

import os
import pty
import select
import termios
import threading
import tty
from pathlib import Path

_CHUNK = 4096
_POLL_MS = 100


class Console:
    """`inner` is the descriptor for the interpreter (stdin and stdout), `path` names the pty for
    mpremote.
    """

    def __init__(self, log: Path):
        self._near, self.inner = pty.openpty()
        self._far, outer = pty.openpty()
        self.path = os.ttyname(outer)
        for slave in (self.inner, outer):
            tty.setraw(slave)
        attributes = termios.tcgetattr(self.inner)
        attributes[1] |= termios.OPOST | termios.ONLCR  # mpremote expects CR LF, as from a device
        termios.tcsetattr(self.inner, termios.TCSANOW, attributes)
        os.close(outer)  # from here on a hang-up of the far side means that nobody has it open
        for master in (self._near, self._far):
            os.set_blocking(master, False)
        self._log = log.open("ab")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="console", daemon=True)

    def start(self) -> None:
        """Starts carrying bytes; to be called when the interpreter has been started."""
        os.close(self.inner)
        self.inner = -1
        self._thread.start()

    def drain(self, timeout_s: float = 2.0) -> None:
        """Waits until all that an ended interpreter said is in the log."""
        self._thread.join(timeout_s)

    def stop(self) -> None:
        """Takes over what is still to be read and ends; the second pty disappears."""
        if self._thread.is_alive():
            self._ended.set()
            self._thread.join()
        for descriptor in (self.inner, self._near, self._far):
            if descriptor >= 0:
                os.close(descriptor)
        self.inner = self._near = self._far = -1
        self._log.close()

    def _carry(self) -> None:
        near = select.poll()
        near.register(self._near, select.POLLIN)
        both = select.poll()
        for master in (self._near, self._far):
            both.register(master, select.POLLIN)
        while not self._ended.is_set():
            attached = self._attached()
            ready = dict((both if attached else near).poll(_POLL_MS))
            if ready.get(self._far, 0) & select.POLLIN:
                _write(self._near, _read(self._far))
            if self._near in ready:
                data = _read(self._near)
                if not data and ready[self._near] & select.POLLHUP:
                    return  # the interpreter is gone and everything it said has been read
                self._keep(data, attached)
        while data := _read(self._near):
            self._keep(data, attached=False)

    def _attached(self) -> bool:
        probe = select.poll()
        probe.register(self._far, 0)
        return not probe.poll(0)

    def _keep(self, data: bytes, attached: bool) -> None:
        self._log.write(data.replace(b"\r\n", b"\n"))
        self._log.flush()
        if attached:
            _write(self._far, data)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:  # nothing there, or nobody at the other end
        return b""


def _write(descriptor: int, data: bytes) -> None:
    """Writes what can be taken within 0.1 s and drops the rest: a reader that sleeps must not stop
    the gateway.
    """
    waiting = select.poll()
    waiting.register(descriptor, select.POLLOUT)
    while data and waiting.poll(_POLL_MS):
        try:
            data = data[os.write(descriptor, data) :]
        except OSError:
            return
