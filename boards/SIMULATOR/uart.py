"""The UARTs of the simulated gateway, on one link to the simulation (docs/simulator.md)."""

import json
import struct

from micropython import const

_TICKS = const(0x3FFFFFFF)  # of the link
_ENDED = const(65535)
_MAX_FRAME = const(64)  # bytes of a frame that the gateway sends


class Uart:
    """The A-bus's UART on the link: `write` starts to send now, `readinto` gives what has
    arrived."""

    def __init__(self, path: str, clock: BoardHardware):
        self._clock = clock
        self._file = open(path, "r+b")
        self._message = bytearray(7 + _MAX_FRAME)
        self._world = bytearray(3)
        self._baud = clock.a_baud

    def write(self, data: Bytes) -> None:
        if self._baud != self._clock.a_baud:
            self.write_at(data, self._baud, "X")
            return
        size = len(data)
        message = self._message
        now = self._clock.ticks_us() & _TICKS
        struct.pack_into("<BIH", message, 0, ord("W"), now, size)
        message[7 : 7 + size] = data  # in one piece: the host wakes up once
        self._send(7 + size)

    def set_baud(self, baud: int) -> None:
        self._baud = baud

    def write_at(self, data: Bytes, baud: int, line: str) -> None:
        """Start to send at a speed, on the A-bus (X) or the B-bus (V)."""
        now = self._clock.ticks_us() & _TICKS
        self._file.write(struct.pack("<BIHI", ord(line), now, len(data), baud) + data)

    def readinto(self, view: bytearray | memoryview, line: int = 0x52) -> int:
        struct.pack_into(
            "<BIH", self._message, 0, line, self._clock.ticks_us() & _TICKS, len(view)
        )
        self._send(7)
        self._receive(self._message, 2)
        count = self._message[0] | self._message[1] << 8
        if count == _ENDED:
            raise EOFError("the installation has ended")
        self._receive(view, count)
        return count

    def set_led(self, red: int, green: int, blue: int) -> None:
        message = self._message
        struct.pack_into(
            "<BIBBB", message, 0, ord("L"), self._clock.ticks_us() & _TICKS, red, green, blue
        )
        self._send(8)

    def world(self) -> bytearray:
        """The answer to S: flags, dBm of the Wi-Fi, dBm of the modem. Allocates nothing."""
        struct.pack_into("<BI", self._message, 0, ord("S"), self._clock.ticks_us() & _TICKS)
        self._send(5)
        self._receive(self._world, 3)
        return self._world

    def ask(self, name: str, value: object = None) -> Any:
        """The world's answer to a question."""
        text = json.dumps({name: value}).encode()
        ticks = self._clock.ticks_us() & _TICKS
        self._file.write(struct.pack("<BIH", ord("N"), ticks, len(text)) + text)
        self._receive(self._message, 2)
        answer = bytearray(self._message[0] | self._message[1] << 8)
        self._receive(answer, len(answer))
        return json.loads(bytes(answer))

    def _send(self, size):
        if self._file.write(self._message, size) != size:
            raise EOFError("the installation has gone")

    def _receive(self, view, size):
        done = 0
        while done < size:
            target = memoryview(view)[done:] if done else view
            count = self._file.readinto(target, size - done)
            if not count:
                raise EOFError("the installation has gone")
            done += count


class UartB:
    """The B-bus's UART on the same link."""

    def __init__(self, link: SimulatedUart):
        self._link = link
        self._setting = 38400

    def set_format(self, baud: int, parity: int | None, stop: int) -> None:
        """As the link has it: parity (1 even, 2 odd) and a second stop bit above the speed."""
        kind = 0 if parity is None else 1 + parity
        self._setting = baud | kind << 24 | (stop - 1) << 26

    def write(self, data: Bytes) -> None:
        self._link.write_at(data, self._setting, "V")

    def readinto(self, view: bytearray | memoryview) -> int:
        return self._link.readinto(view, 0x51)
