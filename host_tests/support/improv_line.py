"""A serial line of the simulated gateway, and packets of Improv on it."""

from __future__ import annotations

import os
import select
import time
import tty

from running_gateway import PATIENCE_S


def command(content: bytes) -> bytes:
    """A packet of type RPC command: header, version, type, length, data, sum of all before."""
    packet = b"IMPROV\x01\x03" + bytes([len(content)]) + content
    return packet + bytes([sum(packet) % 256])


class Line:
    """The computer's end."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave
        self.held = b""

    def send(self, data: bytes) -> None:
        os.write(self.master, data)

    def expect(self, *packets: bytes) -> None:
        """The next packets, in this order, with their sums; text between them is allowed."""
        for packet in packets:
            whole = packet + bytes([sum(packet) % 256])
            end = time.monotonic() + PATIENCE_S
            while b"IMPROV" not in self.held or len(self._from_head()) < len(whole):
                ready, _, _ = select.select([self.master], [], [], end - time.monotonic())
                assert ready, f"waited in vain for {whole}; there is {self.held}"
                self.held += os.read(self.master, 1000)
            assert self._from_head()[: len(whole)] == whole
            self.held = self._from_head()[len(whole) :]

    def _from_head(self) -> bytes:
        return self.held[self.held.index(b"IMPROV") :]

    def close(self) -> None:
        os.close(self.master)
        os.close(self._slave)
