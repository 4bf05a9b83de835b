"""The console's serial line for bytes, such as Improv's packets."""

import sys


class SerialLine:
    """`stream`: to be read, one byte at a time. Nobody else may read the console, and byte 03
    interrupts nothing (main.py)."""

    def __init__(self) -> None:
        self.stream = sys.stdin.buffer

    def write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
