"""Improv Wi-Fi over a serial line, packet by packet as its standard has them
(improv-wifi.com/serial)."""

from __future__ import annotations

import contextlib
import os
import select
import time
import tty

import pytest
from hotspot import Hotspot

READY, PROVISIONING, PROVISIONED = (b"IMPROV\x01\x01\x01" + bytes([state]) for state in (2, 3, 4))
NO_ERROR, INVALID, UNKNOWN, UNABLE = (b"IMPROV\x01\x02\x01" + bytes([error]) for error in range(4))
# The standard's own example: SSID MyWirelessAP, password mysecurepassword.
EXAMPLE = b"\x01\x1e\x0cMyWirelessAP\x10mysecurepassword"
PATIENCE_S = 20.0


def command(content: bytes) -> bytes:
    """A packet of type RPC command: header, version, type, length, data, sum of all before."""
    packet = b"IMPROV\x01\x03" + bytes([len(content)]) + content
    return packet + bytes([sum(packet) % 256])


def result(number: int, *texts: bytes) -> bytes:
    data = b"".join(bytes([len(text)]) + text for text in texts)
    return b"IMPROV\x01\x04" + bytes([len(data) + 2, number, len(data)]) + data


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


@pytest.fixture
def line():
    with contextlib.closing(Line()) as made:
        yield made


def test_the_standards_commands(line, tmp_path):
    plan = {
        "networks": [["MyWirelessAP", -60, "wpa2"], ["Camping", -74, "open"], ["", -66, "wpa2"]],
        "passwords": {"MyWirelessAP": "mysecurepassword"},
        "speed": 30,
    }
    with Hotspot(tmp_path, line=line.path, **plan) as hotspot:
        line.send(command(b"\x02\x00"))
        line.expect(NO_ERROR, READY)
        line.send(command(b"\x03\x00"))
        line.expect(NO_ERROR)
        line.expect(result(3, b"Gateway", b"0.1.0", b"GENIUS", b"Gateway-5020000042"))
        line.send(command(b"\x04\x00"))
        line.expect(NO_ERROR, result(4, b"MyWirelessAP", b"-60", b"YES"))
        line.expect(result(4, b"Camping", b"-74", b"NO"), result(4))
        line.send(command(EXAMPLE.replace(b"mysecure", b"MYSECURE")))
        line.expect(NO_ERROR, PROVISIONING, UNABLE, READY)
        line.send(command(EXAMPLE))
        line.expect(NO_ERROR, PROVISIONING, PROVISIONED, result(1))
        line.send(command(b"\x02\x00"))
        line.expect(NO_ERROR, PROVISIONED, result(2))
        assert hotspot.wait("done")["done"]
        assert "mysecurepassword" not in hotspot.output


def test_what_is_wrong(line, tmp_path):
    with Hotspot(tmp_path, line=line.path) as hotspot:
        broken = command(b"\x02\x00")[:-1] + b"\x00"
        line.send(b"noise IMPROVIMPROV\x01 and " + broken)
        line.expect(INVALID)
        for content in (b"\x02\x01", b"\x02", b"", b"\x01\x05\x00"):
            line.send(command(content))
            line.expect(INVALID)
        for content in (
            b"\x01\x00",
            b"\x01\x03\x02ab",
            b"\x01\x05\x02ab\x09x",
            b"\x01\x02\xff\x00",
        ):
            line.send(command(content))
            line.expect(NO_ERROR, INVALID)
        line.send(command(b"\x07\x00"))  # the standard's answer for what is not there
        line.expect(UNKNOWN)
        # The rules are the hotspot's: too short, a space, an open network; nothing is tried.
        for name, key in ((b"Woning_5", b"short"), (b"My Home", b"12345678"), (b"Camping", b"")):
            texts = bytes([len(name)]) + name + bytes([len(key)]) + key
            line.send(command(b"\x01" + bytes([len(texts)]) + texts))
            line.expect(NO_ERROR, UNABLE)
        assert not any("tried" in event for event in hotspot.told.all())
