"""A serial line of the simulated gateway: a pty."""


class SerialLine:
    """`stream`: to be read, one byte at a time. path: the pty's."""

    def __init__(self, path: str):
        self.stream = open(path, "r+b")

    def write(self, data: bytes) -> None:
        self.stream.write(data)
