"""The board's link: a pty between interpreter and installation (docs/simulator.md)."""

import contextlib
import errno
import os
import select
import struct
import threading
import tty
from collections.abc import Callable

from .installation import Installation
from .radio import World

_HEAD = struct.Struct("<IH")
_HEAD_B = struct.Struct("<IHI")
_LED = struct.Struct("<IBBB")
_ENDED = b"\xff\xff"
_CHUNK = 65536

OnLed = Callable[[int, int, int, int], None]


class LinkServer:
    """Serves one interpreter. `path` is the pty for `simulator.json`'s "link".

    on_led(ticks, r, g, b) is called from the serving thread; world: what surrounds the gateway's
    links, default a cable with a good internet. The server ends when the interpreter
    closes the link or dies, or on `stop`; `failure` then holds what went wrong, if anything did.
    """

    def __init__(
        self,
        installation: Installation,
        on_led: OnLed | None = None,
        world: World | None = None,
    ) -> None:
        self.installation = installation
        self.world = world or World()
        self.failure: BaseException | None = None
        self.finished = threading.Event()
        self._on_led = on_led
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        os.set_blocking(self._master, False)
        self._wake, self._waker = os.pipe()
        self._thread: threading.Thread | None = None
        self._held = bytearray()
        self._stopping = False

    def start(self) -> "LinkServer":
        """Serves in a thread of its own."""
        self._thread = threading.Thread(target=self.serve, name="simulated link", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends serving and closes the pty. May be called twice."""
        self._stopping = True
        if self._waker >= 0:
            with contextlib.suppress(OSError):
                os.write(self._waker, b"x")
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        for name in ("_master", "_slave", "_wake", "_waker"):
            descriptor = getattr(self, name)
            setattr(self, name, -1)
            if descriptor >= 0:
                os.close(descriptor)

    def __enter__(self) -> "LinkServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def serve(self) -> None:
        """Serves until the interpreter is gone or `stop` is called."""
        try:
            while not self._stopping:
                data = self._receive()
                if data is None:
                    return
                # The slave stays open here until the interpreter has opened it, so that its
                # closing is seen.
                if self._slave >= 0:
                    os.close(self._slave)
                    self._slave = -1
                self._held += data
                answers = self._take()
                if answers:
                    if not self._send(answers):
                        return
                    self.installation.prepare()  # while the board is at work
        except Exception as failure:
            self.failure = failure
            os.close(self._master)  # the interpreter shall not wait for ever
            self._master = -1
        finally:
            self.finished.set()

    def _receive(self) -> bytes | None:
        """What the board has sent; None when it is gone or the server is stopping."""
        while True:
            ready, _, _ = select.select([self._master, self._wake], [], [])
            if self._wake in ready:
                return None
            try:
                data = os.read(self._master, _CHUNK)
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno == errno.EIO:
                    return None
                raise
            return data or None

    def _send(self, data: bytes) -> bool:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._master, view) :]
            except BlockingIOError:
                # The reader is slow, or gone without having read.
                poll = select.poll()
                poll.register(self._wake, select.POLLIN)
                poll.register(self._master, select.POLLOUT)
                for descriptor, events in poll.poll():
                    if descriptor == self._wake or events & select.POLLHUP:
                        return False
            except OSError as error:
                if error.errno == errno.EIO:
                    return False
                raise
        return True

    def _take(self) -> bytes:
        """Handles every whole message that is held; the answers."""
        held = self._held
        answers = []
        at, size = 0, len(held)
        while at < size:
            kind = held[at]
            if kind in (0x52, 0x51):  # R, Q
                if size - at < 7:
                    break
                ticks, wanted = _HEAD.unpack_from(held, at + 1)
                at += 7
                read = self.installation.read if kind == 0x52 else self.installation.read_b
                data = read(ticks, min(wanted, 0xFFFE))
                if data is None:
                    answers.append(_ENDED)
                else:
                    answers.append(len(data).to_bytes(2, "little") + data)
            elif kind == 0x57:  # W
                if size - at < 7:
                    break
                ticks, count = _HEAD.unpack_from(held, at + 1)
                if size - at < 7 + count:
                    break
                self.installation.write(ticks, bytes(held[at + 7 : at + 7 + count]))
                at += 7 + count
            elif kind in (0x56, 0x58):  # V, X
                if size - at < 11:
                    break
                ticks, count, baud = _HEAD_B.unpack_from(held, at + 1)
                if size - at < 11 + count:
                    break
                write = self.installation
                write = write.write_b if kind == 0x56 else write.write_slowly
                write(ticks, bytes(held[at + 11 : at + 11 + count]), baud)
                at += 11 + count
            elif kind == 0x4C:  # L
                if size - at < 8:
                    break
                ticks, red, green, blue = _LED.unpack_from(held, at + 1)
                at += 8
                if self._on_led is not None:
                    self._on_led(ticks, red, green, blue)
            elif kind == 0x53:  # S
                if size - at < 5:
                    break
                self.world.move_to(int.from_bytes(held[at + 1 : at + 5], "little"))
                at += 5
                answers.append(self.world.state())
            elif kind == 0x4E:  # N
                if size - at < 7:
                    break
                ticks, count = _HEAD.unpack_from(held, at + 1)
                if size - at < 7 + count:
                    break
                self.world.move_to(ticks)
                answer = self.world.ask(bytes(held[at + 7 : at + 7 + count]))
                answers.append(len(answer).to_bytes(2, "little") + answer)
                at += 7 + count
            else:
                raise ValueError(f"unknown message {kind:#04x} on the board's link")
        del held[:at]
        return b"".join(answers)
