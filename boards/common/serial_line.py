"""The console's serial line for bytes, such as Improv's packets."""

import sys

import micropython


class SerialLine:
    """`stream`: to be read, one byte at a time. While it is open, Ctrl-C (byte 3) stops nothing.
    Nobody else may read the console meanwhile."""

    def __init__(self):
        self.stream = sys.stdin.buffer
        micropython.kbd_intr(-1)

    def write(self, data):
        sys.stdout.buffer.write(data)

    def close(self):
        micropython.kbd_intr(3)
