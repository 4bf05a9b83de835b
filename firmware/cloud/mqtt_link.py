"""The way of the bytes to the broker and back: one connection at a time, over TCP or TLS. Owns its
sockets.

Nothing here watches the clock: `stalled` reports that a message does not get on, and who asks it
closes.
"""

import asyncio
from errno import ENOTCONN

from micropython import const

_CHUNK = const(1024)  # bytes given to the socket at once: asyncio copies what it does not take
_STALLED = const(10)
_LOOK_MS = const(100)
_LOOK_SOON_MS = const(10)
_PAUSE_MS = const(10)  # behind a whole chunk


class UplinkError(Exception):
    """Why there is no connection: `name` for the counters, a text for people."""

    def __init__(self, name: str, text: str):
        super().__init__(text)
        self.name = name


class Link:
    """Who waits in `send` or `read` while it is closed gets an OSError. is_awaited: a function,
    whether an answer is to come soon."""

    def __init__(self, is_awaited: Callable[[], bool]) -> None:
        self._is_awaited = is_awaited
        self._stream = None
        self._socket = None  # of TCP, below it
        self._room = memoryview(bytearray(_CHUNK))
        self._sending = False
        self._looks = 0  # since a chunk has gone

    async def open(self, address: str, port: int) -> None:
        """Connect; OSError. Who does not want to wait longer cancels it."""
        self._stream, _ = await asyncio.open_connection(address, port)
        self._socket = self._stream.s
        self._sending = False

    def secure(self, context: SSLContext, name: str) -> None:
        """From now on TLS, with this tls.SSLContext; `name` must be in the broker's certificate.
        The first `send` and `read_all` make the handshake, and may raise ValueError too."""
        self._stream = asyncio.StreamReader(
            context.wrap_socket(self._socket, server_hostname=name, do_handshake_on_connect=False)
        )

    async def send(self, head: Bytes, body: Body | None = None) -> None:
        """Give `head`, bytes, and after it a mqtt_wire.Body to the socket; OSError when that is
        not possible.

        Other tasks run between the chunks of 1 kB, and the pause lets the last one arrive: what is
        on its way takes three times its size of the chip's internal memory.
        """
        stream = self._open()
        self._looks = 0
        self._sending = True
        try:
            for chunk in (head,) if body is None else body.chunks(head, self._room):
                # Only what has gone is followed by more, also after a nudge: TLS must be given
                # again what it did not take, and nothing else with it.
                if chunk is None:
                    await asyncio.sleep_ms(0)
                    continue
                if stream.out_buf:
                    await stream.drain()
                stream.write(chunk)
                if stream.out_buf:
                    await stream.drain()
                self._looks = 0
                await asyncio.sleep_ms(_PAUSE_MS * len(chunk) // _CHUNK)
        finally:
            self._sending = False

    def is_free(self) -> bool:
        """Whether the socket has taken all that it was given: a nudge goes at once."""
        return not self._open().out_buf

    def nudge(self, data: Bytes) -> None:
        """Write a few bytes between two messages without waiting, where is_free(); what the socket
        does not take goes before the next message."""
        self._open().write(data)

    def stalled(self) -> bool:
        """Whether nothing of a message has gone in the time of ten calls. To be called once a
        second: counted are calls, so a time in which the whole program stood still is one."""
        self._looks += 1
        return self._sending and self._looks > _STALLED

    async def read(self, count: int) -> bytes:
        """What has come, at most `count` bytes; none when the broker has closed. It is looked
        ten times a second, and more often while an answer is to come: a socket that asyncio waits
        for is polled at every step of any task, which took a quarter of the chip's time."""
        while True:
            data = self._open().s.read(count)
            if data is not None:
                await asyncio.sleep_ms(0)  # who sends without end stops nobody
                return data
            await asyncio.sleep_ms(_LOOK_SOON_MS if self._is_awaited() else _LOOK_MS)

    async def read_all(self, count: int) -> bytes:
        """So many bytes; EOFError when the broker closes before."""
        return await self._open().readexactly(count)

    def close(self) -> None:
        """Give the socket back; safe to call twice."""
        stream, self._stream = self._stream, None
        socket, self._socket = self._socket, None
        if stream is not None:
            stream.s.close()
        if socket is not None:
            socket.close()  # which TLS does not close after a handshake that failed

    def _open(self):
        if self._stream is None:
            raise OSError(ENOTCONN)
        return self._stream
