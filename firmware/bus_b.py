"""The B-bus master: one Modbus RTU line, one transaction after another (docs/b-bus.md).

Owns the line's timing, the retries and the counters of each slave. It gets a UART (`write`,
`readinto`) and a microsecond clock; it never sleeps: `run()` is a generator that yields how long
it has nothing to do, so the A-bus and everything else go on in the meantime. Reading allocates
nothing but a new slave's counters.
"""

from time import ticks_diff

import modbus
from micropython import const

_RETRIES = const(2)
_SILENCE_US = const(1750)  # 3.5 characters; a fixed time above 19200 baud (serial line V1.02)
_MARGIN_US = const(4000)  # from a byte's end until it surely is in the driver's buffer
_LOOK_US = const(2000)  # between looks while no answer has begun
_IDLE_US = const(10000)  # between looks while nothing is asked
_BABBLE = const(40)  # how often silence is waited for before a request is sent in spite of it

# The Power Box: its unit, and what is where. Each value takes two registers; a phase or slot is
# STRIDE registers behind the one before.
POWER_BOX = const(61)
STRIDE = const(4)
VOLTAGE = const(0x0000)  # V, float32, by phase
CURRENT = const(0x0080)  # A, float32, by slot
IMPORTED = const(0x3000)  # Wh, int32, by slot
EXPORTED = const(0x3002)  # Wh, int32, by slot


class Slave:
    """What became of the requests to one unit, repeated ones included."""

    def __init__(self, unit):
        self.unit = unit
        self.answers = 0
        self.timeouts = 0
        self.damaged = 0  # answers cut short, with a wrong check, or not to what was asked
        self.exceptions = 0

    def count(self, result):
        if result == modbus.OK:
            self.answers += 1
        elif result == modbus.SILENT:
            self.timeouts += 1
        elif result == modbus.EXCEPTION:
            self.exceptions += 1
        else:
            self.damaged += 1


class BusB:
    """The master. Ask by read_registers() or write_registers(), resume `run()` until `result` is
    no longer None, use the answer before asking again.

    `uart`: `write(buffer)`, `readinto(buffer)` without waiting, 8N1. `ticks_us`: a clock as
    time.ticks_us. `reply_us`: the longest that an answer may take to begin.
    """

    def __init__(self, uart, ticks_us, baud=38400, reply_us=100000):
        self.result = None  # of the last transaction: modbus.OK, .SILENT ...; None until it ends
        self.slaves = {}  # unit: Slave
        self._uart = uart
        self._ticks_us = ticks_us
        self._reply_us = reply_us
        self._byte_us = 10000000 // baud + 1
        self._silence_us = _SILENCE_US if baud > 19200 else 38500000 // baud
        self._read = bytearray(modbus.READ_BYTES)
        self._request = None  # what is asked; None when nothing is
        self._answer = bytearray(modbus.LONGEST)
        self._have = 0  # bytes of the answer that are there
        self._piece = bytearray(modbus.LONGEST)

    # Asking

    def _ask(self, unit, request):
        if unit not in self.slaves:
            self.slaves[unit] = Slave(unit)
        self._request = request
        self.result = None

    def read_registers(self, unit, address, count):
        """Ask for `count` (1 to 125) registers of `unit` (1 to 247) from `address` on. ValueError
        when out of range, RuntimeError while a transaction is under way."""
        self._free()
        modbus.encode_read(self._read, unit, address, count)
        self._ask(unit, self._read)

    def write_registers(self, unit, address, values):
        """Ask to set the registers of `unit` from `address` on to `values` (1 to 123 of 0 to
        65535); allocates the request. Errors as read_registers()."""
        self._free()
        request = bytearray(modbus.write_bytes(len(values)))
        modbus.encode_write(request, unit, address, values)
        self._ask(unit, request)

    def _free(self):
        if self._request is not None:
            raise RuntimeError("a transaction is under way")

    # The answer

    def register(self, i):
        """Register `i` of what was read, 0 to 65535; only after `result` has become OK."""
        return modbus.register(self._answer, i)

    def take32(self, target, first=0, stride=STRIDE):
        """Fill `target`, an array("f") or array("i"), with the 32-bit values that were read, low
        word first: value k from registers first + k * stride and the one behind; only after
        `result` has become OK. ValueError when fewer registers were read."""
        modbus.take32(self._answer, first, stride, target)

    def exception(self):
        """The exception code (modbus.EXCEPTIONS), only after `result` has become EXCEPTION."""
        return self._answer[2]

    # The line

    def _collect(self):
        """Read what has come; the number of bytes."""
        piece, answer, have = self._piece, self._answer, self._have
        came = self._uart.readinto(piece) or 0
        fits = min(came, len(answer) - have)
        for i in range(fits):
            answer[have + i] = piece[i]
        self._have = have + fits
        return came

    def run(self):
        """Generator, without end: yields the us until it wants to be resumed; look at `result`
        after every step. Coming late does no harm."""
        while True:
            request = self._request
            if request is None:
                yield _IDLE_US
                continue
            slave = self.slaves[request[0]]
            request_us = len(request) * self._byte_us
            for _attempt in range(1 + _RETRIES):
                # What comes now belongs to nobody.
                for _look in range(_BABBLE):
                    yield self._silence_us
                    if not self._uart.readinto(self._piece):
                        break
                self._have = 0
                sent = self._ticks_us()
                self._uart.write(request)
                # Nothing to see before an answer that begins at once could be complete.
                yield (
                    request_us
                    + self._silence_us
                    + modbus.answer_bytes(request) * self._byte_us
                    + _MARGIN_US
                )
                while True:
                    late = ticks_diff(self._ticks_us(), sent) - request_us >= self._reply_us
                    came = self._collect()
                    missing = modbus.missing(self._answer, self._have)
                    if not missing:
                        break
                    if self._have == 0:
                        if late:
                            break
                        yield _LOOK_US
                    elif came:
                        yield missing * self._byte_us + _MARGIN_US
                    else:  # no more comes
                        break
                result = modbus.check(request, self._answer, self._have)
                slave.count(result)
                if result == modbus.OK or result == modbus.EXCEPTION:
                    break
            self._request = None
            self.result = result
            yield 0
