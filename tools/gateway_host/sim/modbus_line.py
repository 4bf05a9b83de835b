"""The B-bus as a line of bytes, and what every Modbus slave on it does with a frame
(docs/b-bus.md sections 1 and 2).

Times are µs on the board's clock. Shares no code with the firmware.
"""

import random
import struct
from collections import deque
from collections.abc import Callable, Sequence

BROADCAST = 0
SEARCH = 247
SILENCE_US = 1750.0

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, FAILURE = 1, 2, 3, 4


class Refused(Exception):
    """A request that is answered with an exception; its code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def check_sum(data: bytes) -> bytes:
    """CRC-16 of Modbus, as it is sent."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


def low_first(value: int) -> list[int]:
    """A 32-bit value as two registers, low word first."""
    return [value & 0xFFFF, value >> 16 & 0xFFFF]


def real_low_first(value: float) -> list[int]:
    """A float32 as two registers, low word first."""
    return list(struct.unpack("<HH", struct.pack("<f", value)))


class Slave:
    """A Modbus slave. `connected`: whether it is on the line and has supply.

    unit: its unit number, 0 while it has none; baud: its speed; delay_us: from the request's end
    to the answer's begin, least and most; parity: N, E or O; stop: stop bits.

    `rest_us`: how long after its own answer it hears nothing; `lead`: bytes that its driver puts
    before an answer; `queues`: a request is taken while another one is worked at.
    """

    def __init__(
        self,
        unit: int,
        baud: int = 38400,
        delay_us: tuple[float, float] = (1800, 5000),
        parity: str = "N",
        stop: int = 1,
    ):
        self.unit = unit
        self.baud = baud
        self.delay_us = delay_us
        self.parity = parity
        self.stop_bits = stop
        self.rest_us = 0.0
        self.lead = b""
        self.queues = False
        self.deaf_until = float("-inf")
        self.connected = True
        self.taken = 0  # requests
        self.damaged = 0  # frames with a wrong check

    # What a kind of slave overrides: RefusedS carry the exception's code.

    def read_bits(self, function: int, address: int, count: int) -> Sequence[bool]:
        """Coils (1) or discrete inputs (2)."""
        raise Refused(ILLEGAL_FUNCTION)

    def read_words(self, function: int, address: int, count: int) -> Sequence[int]:
        """Holding (3) or input (4) registers."""
        raise Refused(ILLEGAL_FUNCTION)

    def write_bits(self, address: int, values: Sequence[bool]) -> None:
        """Coils."""
        raise Refused(ILLEGAL_FUNCTION)

    def write_words(self, address: int, values: Sequence[int], broadcast: bool) -> None:
        """Holding registers."""
        raise Refused(ILLEGAL_FUNCTION)

    def pass_time(self, time: float) -> None:
        """What happens by itself until `time`."""

    def heeds(self, unit: int) -> bool:
        """Whether a request to `unit` is for this one."""
        return unit in (self.unit, BROADCAST)

    # Frames

    def hear(self, time: float, frame: bytes) -> bytes | None:
        """Takes a frame that ended at `time`; the answer, if any."""
        self.pass_time(time)
        if len(frame) < 4 or check_sum(frame[:-2]) != frame[-2:]:
            self.damaged += 1
            return None
        unit, function = frame[0], frame[1]
        if unit == BROADCAST and function < 5 or not self.heeds(unit):
            return None
        self.taken += 1
        try:
            body = self._carry_out(function, frame[2:-2], unit == BROADCAST)
        except Refused as refused:
            function, body = function | 0x80, bytes([refused.code])
        if unit == BROADCAST:
            return None
        answer = bytes([unit, function]) + body
        return answer + check_sum(answer)

    def _carry_out(self, function: int, body: bytes, broadcast: bool) -> bytes:
        if function not in (1, 2, 3, 4, 5, 6, 15, 16):
            raise Refused(ILLEGAL_FUNCTION)
        if len(body) < 4:
            raise Refused(ILLEGAL_VALUE)
        address, number = struct.unpack(">HH", body[:4])
        if function in (1, 2):
            self._in_range(number, 2000)
            bits = self.read_bits(function, address, number)
            packed = sum(bit << k for k, bit in enumerate(bits))
            size = (number + 7) // 8
            return bytes([size]) + packed.to_bytes(size, "little")
        if function in (3, 4):
            self._in_range(number, 125)
            words = self.read_words(function, address, number)
            return struct.pack(f">B{number}H", 2 * number, *words)
        if function == 5:
            if number not in (0, 0xFF00):
                raise Refused(ILLEGAL_VALUE)
            self.write_bits(address, [number == 0xFF00])
        elif function == 6:
            self.write_words(address, [number], broadcast)
        else:
            data = body[5:]
            size = (number + 7) // 8 if function == 15 else 2 * number
            self._in_range(number, 1968 if function == 15 else 123)
            if len(body) < 5 or body[4] != size or len(data) != size:
                raise Refused(ILLEGAL_VALUE)
            if function == 15:
                packed = int.from_bytes(data, "little")
                self.write_bits(address, [bool(packed >> k & 1) for k in range(number)])
            else:
                self.write_words(address, struct.unpack(f">{number}H", data), broadcast)
        return body[:4]

    @property
    def setting(self) -> int:
        """How its UART is set, as `ModbusLine.write` has it."""
        return setting(self.baud, self.parity, self.stop_bits)

    @staticmethod
    def _in_range(number: int, most: int) -> None:
        if not 1 <= number <= most:
            raise Refused(ILLEGAL_VALUE)


def setting(baud: int, parity: str = "N", stop: int = 1) -> int:
    """Speed and format of a UART in one number, as the board's link has them."""
    return baud | "NEO".index(parity) << 24 | stop - 1 << 26


def byte_time_us(setting: int) -> float:
    """Of a character."""
    bits = 10 + bool(setting >> 24 & 3) + (setting >> 26 & 1)
    return bits * 1e6 / (setting & 0xFFFFFF)


class ModbusLine:
    """The line with its slaves. `damage(data)`, when set, changes what the gateway hears of an
    answer. `echo`: it hears what it sends; `stray`: bytes that it hears behind whatever it sends;
    `deaf`: a share of its requests that nobody hears.

    `busy_us`: how long anybody spoke; `overflowed`: bytes lost because the receive buffer was
    full.
    """

    def __init__(self, slaves: Sequence[Slave] = (), rxbuf: int = 512, seed: int = 1) -> None:
        self.slaves = list(slaves)
        self.damage: Callable[[bytes], bytes] | None = None
        self.echo = False
        self.stray = b""
        self.deaf = 0.0
        self.busy_us = 0.0
        self.overflowed = 0
        self.now = 0.0
        self._rxbuf = rxbuf
        self._random = random.Random(seed)
        self._coming: deque[tuple[float, int]] = deque()  # end of a byte, byte
        self._quiet_from = float("-inf")
        self._spoken: list[float] = []  # when slaves' bytes end
        self._events: list[tuple[float, Callable[[float], None]]] = []

    def at(self, time: float, action: Callable[[float], None]) -> None:
        """Has action(time) done when the line is used for the first time after `time`."""
        self._events.append((time, action))
        self._events.sort(key=lambda event: event[0])

    def write(self, time: float, data: bytes, baud: int) -> None:
        """The gateway sends `data` from `time` on. baud: a `setting`."""
        self.now = time
        while self._events and self._events[0][0] <= time:
            when, action = self._events.pop(0)
            action(when)
        byte_us = byte_time_us(baud)
        end = time + len(data) * byte_us
        self.busy_us += end - time
        silence = min(SILENCE_US, 3.5 * 11e6 / (baud & 0xFFFFFF))
        self._spoken = [t for t in self._spoken if t > time - 1e6]
        clean = time >= self._quiet_from + silence - 1
        clean = clean and not any(time - silence + 1 < t <= end + byte_us for t in self._spoken)
        if self.deaf and self._random.random() < self.deaf:
            clean = False
        # What slaves say meanwhile drowns, and drowns the request.
        self._coming = deque(
            (t, self._random.randrange(256) if time < t <= end + byte_us else b)
            for t, b in self._coming
        )
        answers = []
        for slave in self.slaves:
            if not slave.connected or time < slave.deaf_until:
                continue
            heard = data if clean and slave.setting == baud else self._random.randbytes(len(data))
            answer = slave.hear(end, heard)
            if answer is not None:
                start = end + self._random.uniform(*slave.delay_us)
                answer = slave.lead + answer
                if not slave.queues:
                    slave.deaf_until = start + len(answer) * byte_us + slave.rest_us
                answers.append((start, answer))
        heard_too = (data if self.echo else b"") + self.stray
        first = time if self.echo else end
        self._coming.extend((first + (k + 1) * byte_us, b) for k, b in enumerate(heard_too))
        self._quiet_from = end
        self._answer(answers, byte_us)
        self._coming = deque(sorted(self._coming))

    def _answer(self, answers: list[tuple[float, bytes]], byte_us: float) -> None:
        spoken: list[tuple[float, int]] = []
        for start, answer in sorted(answers):
            if self.damage is not None and len(answers) == 1:
                answer = self.damage(answer)
            ends = [start + (k + 1) * byte_us for k in range(len(answer))]
            if spoken and start < spoken[-1][0]:  # two at once garble each other
                spoken = [(t, self._random.randrange(256) if t > start else b) for t, b in spoken]
                overlapped = sum(t - byte_us < spoken[-1][0] for t in ends)
                answer = answer[overlapped:]
                ends = ends[overlapped:]
            spoken += zip(ends, answer, strict=True)
        if spoken:
            self.busy_us += spoken[-1][0] - min(start for start, _ in answers)
            self._coming.extend(spoken)
            self._spoken += [t for t, _ in spoken]

    def disturb(self, until: float) -> None:
        """Something of another speed is heard until then: no silence before."""
        self._quiet_from = max(self._quiet_from, until)

    def read(self, time: float, size: int) -> bytes:
        """At most `size` bytes that have arrived until `time`."""
        arrived = sum(t <= time for t, _ in self._coming)
        for _ in range(arrived - self._rxbuf):
            self._coming.pop()
            self.overflowed += 1
        arrived = min(arrived, self._rxbuf, size)
        return bytes(self._coming.popleft()[1] for _ in range(arrived))

    def of(self, serial: str) -> Slave:
        """The slave with that serial number; KeyError when there is none."""
        for slave in self.slaves:
            if getattr(slave, "serial", None) == serial:
                return slave
        raise KeyError(serial)
