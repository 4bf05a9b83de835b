"""What umqtt.simple writes to and reads from in the place of a socket, so that it never waits."""


class Body:
    """A message's body: its length in bytes, and its chunks."""

    def __init__(self, size, chunks):
        self._size = size
        self.chunks = chunks

    def __len__(self):
        return self._size


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

    def clear(self):
        self.written = bytearray()
        self.body = None
