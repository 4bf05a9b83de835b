"""Show what a device says on its console, each line with the time; Ctrl-C ends."""

from __future__ import annotations

import argparse
import time

import serial

from gateway_host.errors import UserError
from gateway_host.flashing import esp
from gateway_host.number_option import number

_BAUD = 115200
_LOOK_S = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `logs`."""
    parser.add_argument("--port", help="the device's serial port, where there are several")
    parser.add_argument("--seconds", type=number(0.1, 1e9), default=1e9, help="end after so long")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 at the end of its time; the device is not reset."""
    where = arguments.port or esp.port()
    end = time.monotonic() + arguments.seconds
    line = serial.Serial(baudrate=_BAUD, timeout=_LOOK_S)
    line.port, line.dtr, line.rts = where, False, False
    text = b""
    try:
        line.open()
        with line:
            while time.monotonic() < end:
                text += line.read(256)
                *lines, text = text.split(b"\n")
                for said in lines:
                    now = time.strftime("%H:%M:%S")
                    print(now, _readable(said), flush=True)
    except (OSError, serial.SerialException) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{where}: {reason}; close other programs on the port") from None
    return 0


def _readable(line: bytes) -> str:
    """Without packets of Improv and other bytes that no terminal wants."""
    text = line.decode(errors="replace").strip("\r")
    return "".join(one if one.isprintable() else "." for one in text)
