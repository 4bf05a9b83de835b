"""A request of HTTP/1.1 (RFC 9112) as it arrives, with limits on what is kept of it."""

from micropython import const

_HEAD = const(4096)  # bytes of the request's line and fields
_LINE = const(512)  # bytes that are kept of one line; fields that matter are shorter
_BODY = const(576)  # bytes that are kept of it
DRAINED = const(16384)  # bytes that are read and not kept, so that the answer is read too


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
        if len(length) > 9 or int(length) > DRAINED:
            raise RequestError(413)
        self._missing = int(length)


def _text(data):
    """Printable ASCII as text; RequestError for anything else."""
    if any(not 32 <= byte < 127 for byte in data):
        raise RequestError(400)
    return str(data, "ascii")
