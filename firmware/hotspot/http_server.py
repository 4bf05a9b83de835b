"""A small HTTP/1.1 server for a page on the gateway (RFC 9112): one request on each connection.

Owns the connections: few at a time, and each with limits in size and time. Who says nothing, or
takes nothing of an answer, loses its place to the next one first, then who has not said all."""

import asyncio
import sys
import time

from micropython import const

from hotspot.http_request import DRAINED, Request, RequestError

_MAX_CONNECTIONS = const(4)
_MAX_BEGUN = const(2)  # of them, with a part of a request, while others say nothing
_ROOM = const(10240)  # bytes that are to be free; with less, there is one connection
_LOOK_MS = const(50)
_TIME_MS = const(8000)  # from connecting to the last byte of the answer
_TAKEN_MS = const(2000)  # who takes nothing of its answer for so long is as who says nothing
_PIECE = const(256)  # bytes read at a time
_CHUNK = const(1024)  # bytes behind which there is a pause: what is on its way takes
_PAUSE_MS = const(10)  # three times its size of the chip's internal memory
_SILENT, _BEGUN, _WHOLE = const(0), const(1), const(2)  # what has come of a request


class HttpServer:
    """Serves `handle`, whose answer's fields are whole lines; its RequestError refuses a request.
    poll: of the listening socket, which its owner closes; admits: whether one may come from the
    address that accept() gives of it; room: bytes that are free for one more connection.

    Waits without asyncio's queue of sockets: that allocates for each wait, and what runs out of
    memory there stops others too."""

    def __init__(
        self,
        poll: Poll,
        admits: Callable[[object], bool],
        room: Callable[[], int],
        handle: Handler,
        counters: Counters,
    ):
        self._poll = poll
        self._admits = admits
        self._room = room
        self._handle = handle
        self._counters = counters
        self._open = []  # [socket, ms of its begin, what has come, task, ms of the last look]
        self._wanted_ms: int | None = None  # since when one waits for a place
        self._received = bytearray(_PIECE)

    async def run(self) -> Never:
        """Take connections, and close those whose time is over, until cancelled."""
        while True:
            for _ in range(_MAX_CONNECTIONS):
                taken = False
                for line, _ in self._poll.ipoll(0):
                    taken = self._take(line)
                if not taken:
                    break
            while self._open and time.ticks_diff(time.ticks_ms(), self._open[0][1]) > _TIME_MS:
                self._drop(self._open[0])
            await asyncio.sleep_ms(_LOOK_MS)

    def close(self) -> None:
        """Close all connections."""
        while self._open:
            self._end(self._open[0], True)

    def _take(self, line):
        """Take one more connection, in another one's place where all are taken; whether it is
        taken. It waits for one that is being answered; while memory is short for all of them."""
        now = time.ticks_ms()
        while len(self._open) >= self._places():
            least = self._least()
            if self._wanted_ms is None:
                self._wanted_ms = now
            if least[2] == _WHOLE or time.ticks_diff(least[4], self._wanted_ms) <= 0:
                return False  # what that one has sent until then was not looked at
            self._drop(least)
        self._wanted_ms = None
        me = [None, now, _SILENT, None, now]
        self._open.append(me)
        try:
            me[0], sender = line.accept()
            if self._admits(sender):
                me[0].setblocking(False)
                me[3] = asyncio.create_task(self._serve(me))
            else:
                self._counters.count("http.stranger")
                self._end(me)
        except OSError:
            self._end(me)
            self._counters.count("http.broken")  # the client has gone already
        except MemoryError:
            self._end(me)
            raise
        return True

    def _places(self):
        """How many there may be before one more comes."""
        some = 0 < len(self._open) < _MAX_CONNECTIONS
        return 1 if some and self._room() < _ROOM else _MAX_CONNECTIONS

    def _least(self):
        """Who is to lose its place: the oldest that says nothing; of many that have begun one."""
        silent, begun = ([one for one in self._open if one[2] == k] for k in (_SILENT, _BEGUN))
        return (begun[_MAX_BEGUN:] and begun or silent or begun or self._open)[0]

    def _drop(self, connection):
        self._counters.count("http.dropped")
        self._end(connection, True)

    def _end(self, connection, cancel=False):
        """Close a connection, once: its number may be another one's afterwards."""
        if connection in self._open:
            self._open.remove(connection)
            if cancel:
                connection[3].cancel()
            if connection[0]:
                connection[0].close()

    async def _serve(self, me):
        # No other connection may be in this frame: it would stay in memory as long, and with it
        # the one that is in its own.
        try:
            await self._talk(me)
        except OSError:
            self._counters.count("http.broken")  # the client has gone
        except Exception as error:
            self._counters.count("http.failed")
            sys.print_exception(error)
        finally:
            self._end(me)

    async def _talk(self, me):
        request = Request()
        try:
            while me[2] < _WHOLE:
                data = await self._read(me)
                if not data:
                    return
                me[2] = _BEGUN
                if request.feed(data):
                    me[2] = _WHOLE
            status, fields, body = await self._handle(request)
        except RequestError as error:
            self._counters.count("http.refused")
            status, fields, body = error.status, b"", b""
        try:
            await _send(me, status, fields, b"" if request.method == "HEAD" else body)
        finally:
            if not isinstance(body, bytes):
                body.close()
        if me[2] < _WHOLE:  # the rest of a request that was refused is still to come
            for _ in range(DRAINED // _PIECE):
                if not await self._read(me):
                    return

    async def _read(self, me):
        """What has come, nothing when nothing comes any more."""
        while True:
            size = me[0].readinto(self._received)
            me[4] = time.ticks_ms()
            if size is not None:
                return bytes(memoryview(self._received)[:size])
            await asyncio.sleep_ms(_LOOK_MS)


def head(status: int) -> bytes:
    """How an answer begins: its fields, an empty line and the body follow."""
    return b"HTTP/1.1 %d \r\nConnection: close\r\nCache-Control: no-store\r\n" % status


async def _send(me, status, fields, body):
    await _write(me, head(status))
    await _write(me, fields)  # not joined: a whole page's fields are long
    if isinstance(body, bytes):
        await _write(me, b"Content-Length: %d\r\n" % len(body))
        body = (body,)
    await _write(me, b"\r\n")
    for piece in body:
        await _write(me, piece)


async def _write(me, data):
    """me: of the connection; it says nothing, as others see it, while nothing is taken."""
    view, at, came, taken = memoryview(data), 0, me[2], time.ticks_ms()
    while at < len(view):
        sent = me[0].write(view[at : at + _PIECE]) or 0
        at += sent
        me[4] = now = time.ticks_ms()
        if sent:
            me[2], taken = came, now
        elif time.ticks_diff(now, taken) > _TAKEN_MS:
            me[2] = _SILENT
        await asyncio.sleep_ms(_PAUSE_MS if at % _CHUNK < sent else 0 if sent else _LOOK_MS)
