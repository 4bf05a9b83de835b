"""What umqtt.simple writes to and reads from in the place of a socket, so that it never waits."""


class Body:
    """A message's body. size: bytes; pieces: an iterable of bytes or memoryviews of bytes, so many
    in all."""

    def __init__(self, size, pieces):
        self._size = size
        self._pieces = pieces

    def __len__(self):
        return self._size

    def chunks(self, head, room):
        """`head`, bytes, and the body for the socket, filled into `room`, a memoryview: a system
        call and a TCP segment for every piece would be dear. Each chunk lasts until the next."""
        size = len(room)
        room[: len(head)] = head
        held = len(head)
        for piece in self._pieces:
            if held + len(piece) <= size:
                room[held : held + len(piece)] = piece
                held += len(piece)
                continue
            view = memoryview(piece)
            at = 0
            while at < len(view):
                count = min(size - held, len(view) - at)
                room[held : held + count] = view[at : at + count]
                held += count
                at += count
                if held == size:
                    yield room
                    held = 0
        if held:
            yield room[:held]


def taken(pieces):
    """The items of a list in their order; it holds none any longer that was given."""
    pieces.reverse()
    while pieces:
        yield pieces.pop()


class Wire:
    """What umqtt.simple takes for a socket: collects what is written, but for a message's body,
    which it only remembers."""

    def __init__(self):
        self.written = bytearray()
        self.body = None
        self.answer = b""

    # As the module `socket`
    def socket(self, *_):
        return self

    def getaddrinfo(self, *_):
        return [(0, 0, 0, "", None)]

    # As a socket
    def connect(self, _):
        pass

    def settimeout(self, _):
        pass

    def setblocking(self, _):
        pass

    def close(self):
        pass

    def write(self, data, size=None):
        if isinstance(data, Body):
            self.body = data
        else:
            self.written.extend(data if size is None else data[:size])

    def read(self, size):
        """What umqtt.simple is to think that the broker has answered."""
        answer = self.answer[:size]
        self.answer = self.answer[size:]
        return answer

    def take(self):
        """(what was written, the body or None); it is kept no longer: a message that cannot be
        sent would be held for days."""
        written, body = self.written, self.body
        self.written = bytearray()
        self.body = None
        return written, body
