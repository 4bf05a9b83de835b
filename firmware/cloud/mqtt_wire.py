"""What umqtt.simple writes to in the place of a socket, so that it never waits; and bodies of
messages, which are longer than what is held at once."""

import asyncio

from micropython import const

from cloud.mqtt_link import UplinkError

_PIECES = const(2)  # at once; one of Home Assistant's announcement takes some ms
_CHANGED = "a message became another one while it was sent"


class Body:
    """A message's body. size: bytes; pieces: an iterable of bytes or memoryviews of bytes, so many
    in all: else chunks() raises UplinkError, and never gives more."""

    def __init__(self, size: int, pieces: Iterable[Bytes]):
        self._size = size
        self._pieces = pieces

    def __len__(self) -> int:
        return self._size

    def chunks(self, head: Bytes, room: memoryview) -> Iterator[memoryview | None]:
        """`head`, bytes, and the body for the socket in chunks of `room`'s size, short pieces
        gathered in `room`, a memoryview: a system call and a TCP segment for every piece would be
        dear. Each chunk lasts until the next. None behind a few pieces, which take their time: no
        chunk yet."""
        size = len(room)
        gathered = 0  # pieces
        room[: len(head)] = head
        held = len(head)
        left = self._size
        for piece in self._pieces:
            left -= len(piece)
            if left < 0:
                break
            if held + len(piece) <= size:
                room[held : held + len(piece)] = piece
                held += len(piece)
                gathered += 1
                if gathered % _PIECES == 0:
                    yield None
                continue
            view = memoryview(piece)
            at = 0
            while at < len(view):
                if not held and len(view) - at >= size:
                    yield view[at : at + size]
                    at += size
                    continue
                count = min(size - held, len(view) - at)
                room[held : held + count] = view[at : at + count]
                held += count
                at += count
                if held == size:
                    yield room
                    held = 0
        if left:
            raise UplinkError("uplink.changed", _CHANGED)
        if held:
            yield room[:held]


async def gathered(pieces: Pieces) -> Body:
    """The Body of what the generator `pieces` yields, texts; each is held until it is sent."""
    encoded = []
    size = 0
    for piece in pieces:
        encoded.append(piece.encode())
        size += len(encoded[-1])
        await asyncio.sleep(0)
    return Body(size, taken(encoded))


async def counted(pieces: Callable[[], Pieces]) -> Body:
    """The same of a generator function that yields the same every time: it is counted first, and
    never held as a whole."""
    size = 0
    for piece in pieces():
        size += len(piece.encode())
        await asyncio.sleep(0)
    return Body(size, (piece.encode() for piece in pieces()))


def taken(pieces: list[bytes]) -> Iterator[bytes]:
    """The items of a list in their order; it holds none any longer that was given."""
    pieces.reverse()
    while pieces:
        yield pieces.pop()


class Wire:
    """What umqtt.simple writes to in the place of a socket: collects it, but for a message's body,
    which it only remembers."""

    def __init__(self) -> None:
        self._written = bytearray()
        self._body: Body | None = None

    def write(self, data: Bytes | Body, size: int | None = None) -> None:
        if isinstance(data, Body):
            self._body = data
        else:
            self._written.extend(data if size is None else data[:size])

    def close(self) -> None:
        """Whose connection it is closes it."""

    def take(self) -> tuple[bytearray, Body | None]:
        """(what was written, the body or None); it is kept no longer: a message that cannot be
        sent would be held for days."""
        written, body = self._written, self._body
        self._written = bytearray()
        self._body = None
        return written, body
