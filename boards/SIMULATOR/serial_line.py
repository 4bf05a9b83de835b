"""A serial line of the simulated gateway: a pty."""


class SerialLine:
    """`stream`: to be read, one byte at a time. path: the pty's."""

    def __init__(self, path):
        self.stream = open(path, "r+b")

    def write(self, data):
        self.stream.write(data)
