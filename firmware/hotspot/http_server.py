"""A small HTTP/1.1 server for a page on the gateway (RFC 9112): one request on each connection.

Owns the connections: few at a time, and each with limits in size and time. Who says nothing, or
takes nothing of an answer, loses its place to the next one first, then who has not said all."""

import asyncio
import sys
import time

from micropython import const

_MAX_CONNECTIONS = const(4)
_MAX_BEGUN = const(2)  # of them, with a part of a request, while others say nothing
_ROOM = const(10240)  # bytes that are to be free; with less, there is one connection
_LOOK_MS = const(50)
_TIME_MS = const(8000)  # from connecting to the last byte of the answer
_TAKEN_MS = const(2000)  # who takes nothing of its answer for so long is as who says nothing
_HEAD = const(4096)  # bytes of the request's line and fields
_LINE = const(512)  # bytes that are kept of one line; fields that matter are shorter
_BODY = const(576)  # bytes that are kept of it
_PIECE = const(256)  # bytes read at a time
_CHUNK = const(1024)  # bytes behind which there is a pause: what is on its way takes
_PAUSE_MS = const(10)  # three times its size of the chip's internal memory
_DRAINED = const(16384)  # bytes that are read and not kept, so that the answer is read too
_SILENT, _BEGUN, _WHOLE = const(0), const(1), const(2)  # what has come of a request


class RequestError(ValueError):
    """The request cannot be served: `status` says why."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


class Request:
    """A request as it arrives. Give `feed` what was received until it is true, or raises.

    `method`, `path`: text, the query belongs to the path; `fields`: those of FIELDS that were
    there, names in lower case; `body`: bytes, its first 576."""

    FIELDS: tuple[str, ...] = ("host", "accept", "accept-language")
    FIELDS += ("content-length", "content-type", "transfer-encoding")
    LISTS = ("accept", "accept-language")  # a client may send these in several lines, or long

    def __init__(self) -> None:
        self.method: str | None = None
        self.path = ""
        self.fields: dict[str, str] = {}
        self.body = b""
        self._line = b""
        self._cut = False  # the line is longer than what is kept of it
        self._size = 0  # of the head so far
        self._missing = None  # bytes of the body; None while the head is not whole

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; whether the request is whole. What follows it is ignored."""
        while data and self._missing is None:
            end = data.find(b"\n") + 1
            part = data[:end] if end else data
            data = data[len(part) :]
            self._size += len(part)
            if self._size > _HEAD:
                raise RequestError(431)
            room = _LINE - len(self._line)
            self._cut = self._cut or len(part) > room
            self._line += part[:room]
            if end:
                self._take_line()
        if self._missing:
            self.body += data[: min(self._missing, _BODY - len(self.body))]
            self._missing -= min(self._missing, len(data))
        return self._missing == 0

    def _take_line(self):
        line, cut = self._line, self._cut
        self._line, self._cut = b"", False
        line = line.rstrip(b"\r\n")
        if self.method is None:
            if line:  # empty lines before a request are allowed
                self._take_request_line(line, cut)
        elif not line:
            self._begin_body()
        else:
            name, colon, value = line.partition(b":")
            if not colon and not cut or not name.strip() or name != name.strip():
                raise RequestError(400)
            for known in self.FIELDS:
                if name.lower() == known.encode():
                    self._take_field(known, value.strip(), cut)

    def _take_field(self, name, value, cut):
        known = self.fields.get(name)
        if name in self.LISTS:
            value = _text(bytes([byte if 32 <= byte < 127 else 32 for byte in value]))
            self.fields[name] = ((known + "," if known else "") + value)[:_LINE]
        elif cut or known is not None:
            raise RequestError(400)
        else:
            self.fields[name] = _text(value)

    def _take_request_line(self, line, cut):
        parts = line.split(b" ")
        if len(parts) != 3:
            raise RequestError(431 if cut else 400)
        method, path, version = (_text(part) for part in parts)
        if not version.startswith("HTTP/"):
            raise RequestError(400)
        if version not in ("HTTP/1.1", "HTTP/1.0"):
            raise RequestError(505)
        if path.startswith("http://"):  # a proxy's form
            path = "/" + path[7:].partition("/")[2]
        if not path.startswith("/"):
            raise RequestError(400)
        self.method, self.path = method, path

    def _begin_body(self):
        if "transfer-encoding" in self.fields:
            raise RequestError(501)
        length = self.fields.get("content-length", "0")
        if not length.isdigit():
            raise RequestError(400)
        if len(length) > 9 or int(length) > _DRAINED:
            raise RequestError(413)
        self._missing = int(length)


def _text(data):
    """Printable ASCII as text; RequestError for anything else."""
    if any(not 32 <= byte < 127 for byte in data):
        raise RequestError(400)
    return str(data, "ascii")


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
                came = False
                for line, _ in self._poll.ipoll(0):
                    self._take(line)
                    came = True
                if not came:
                    break
            while self._open and time.ticks_diff(time.ticks_ms(), self._open[0][1]) > _TIME_MS:
                self._drop(self._open[0])
            await asyncio.sleep_ms(_LOOK_MS)

    def close(self) -> None:
        """Close all connections."""
        while self._open:
            self._end(self._open[0], True)

    def _take(self, line):
        """Take one more connection, in another one's place where all are taken. It waits for one
        that is being answered; while memory is short for the only one."""
        now = time.ticks_ms()
        if len(self._open) >= (1 if self._room() < _ROOM else _MAX_CONNECTIONS):
            least = self._least()
            if self._wanted_ms is None:
                self._wanted_ms = now
            if least[2] == _WHOLE or time.ticks_diff(least[4], self._wanted_ms) <= 0:
                return  # what that one has sent until then was not looked at
            self._drop(least)
        self._wanted_ms = None
        me = [None, now, _SILENT, None, now]
        self._open.append(me)
        try:
            me[0], sender = line.accept()
            if not self._admits(sender):
                self._counters.count("http.stranger")
                return self._end(me)
            me[0].setblocking(False)
            me[3] = asyncio.create_task(self._serve(me))
        except OSError:
            self._end(me)
            self._counters.count("http.broken")  # the client has gone already
        except MemoryError:
            self._end(me)
            raise

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
            for _ in range(_DRAINED // _PIECE):
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
