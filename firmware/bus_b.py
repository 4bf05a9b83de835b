"""The B-bus master: one Modbus RTU line, one transaction after another (docs/b-bus.md).

Owns the line's timing, the repetitions and the counters of each slave. It gets a UART (`write`,
`readinto`), a microsecond clock and an awaitable sleep; any number of tasks may ask, each request
waits for at most one other of every task.
"""

import asyncio
from array import array
from time import ticks_diff

from micropython import const

from b_bus import modbus

BAUD = const(38400)
_REPLY_MS = const(20)  # a module begins to answer within 5 ms
_BROADCAST_US = const(5000)
_TRIES = const(3)
_BUSY_US = const(50000)
_SILENCE_US = const(1750)  # 3.5 characters; a fixed time above 19200 baud (serial line V1.02)
_MARGIN_US = const(4000)  # from a byte's end until it surely is in the driver's buffer
_LOOK_US = const(2000)  # between looks while no answer has begun
_SURPLUS = const(8)  # bytes behind an answer that are read with it
_PLACES = (0, 1, 2, 2, 2, 2, 2, 2, 3)  # by the result
_BABBLE = const(40)  # how often silence is waited for before a request is sent in spite of it


# Places in the counters of a unit, repetitions included. DAMAGED: cut short, with a wrong check,
# or not to what was asked.
ANSWERS, TIMEOUTS, DAMAGED, EXCEPTIONS = const(0), const(1), const(2), const(3)


class BusB:
    """The master. `counts`: unit -> array of ANSWERS to EXCEPTIONS. `busy_us`: how long the line
    was in use, modulo 2^30.

    uart: `write(buffer)`, `readinto(buffer)` without waiting, `set_baud(baud)`. ticks_us: a clock
    as time.ticks_us. sleep_us: to be awaited.
    """

    def __init__(self, uart, ticks_us, sleep_us):
        self.counts = {}
        self.busy_us = 0
        self._uart = uart
        self._ticks_us = ticks_us
        self._sleep_us = sleep_us
        self._lock = asyncio.Lock()
        self._baud = BAUD

    async def ask(
        self, unit, function, address, what, tries=_TRIES, reply_ms=_REPLY_MS, baud=BAUD
    ):
        """One request (see modbus.request) and the data of its answer: the bytes of the bits or
        registers that were read, b"" of a write. Broadcasts (unit 0) are not answered.

        tries: how often it is sent at most; reply_ms: the longest that an answer may take to
        begin. modbus.ModbusError when there is no good answer, ValueError when out of range.
        """
        request = modbus.request(unit, function, address, what)
        if unit not in self.counts:
            self.counts[unit] = array("I", [0] * 4)
        code = 0
        for _ in range(tries):
            async with self._lock:
                begun = self._ticks_us()
                try:
                    answer, have = await self._transact(request, reply_ms * 1000, baud)
                finally:
                    used = ticks_diff(self._ticks_us(), begun)
                    self.busy_us = (self.busy_us + used) & 0x3FFFFFFF
            if not unit:
                return b""
            result = modbus.check(request, answer, have)
            code = answer[2] if result == modbus.EXCEPTION else 0
            self.counts[unit][_PLACES[result]] += 1
            if result == modbus.OK:
                return memoryview(answer)[3 : 3 + answer[2]] if function <= modbus.INPUT else b""
            if code in (5, 6):
                await self._sleep_us(_BUSY_US)
            elif code:
                break
        raise modbus.ModbusError(result, code)

    async def _transact(self, request, reply_us, baud):
        if baud != self._baud:
            self._baud = baud
            self._uart.set_baud(baud)
        uart, sleep_us = self._uart, self._sleep_us
        byte_us = 10000000 // baud + 1
        silence_us = _SILENCE_US if baud > 19200 else 38500000 // baud
        due = modbus.answer_bytes(request)
        answer = bytearray(due + _SURPLUS)
        # What comes now belongs to nobody.
        for _ in range(_BABBLE):
            await sleep_us(silence_us)
            if not uart.readinto(answer):
                break
        sent = self._ticks_us()
        uart.write(request)
        request_us = len(request) * byte_us
        if not request[0]:
            await sleep_us(request_us + _BROADCAST_US)
            return answer, 0
        # Nothing to see before an answer that begins at once could be complete.
        await sleep_us(request_us + silence_us + due * byte_us + _MARGIN_US)
        view = memoryview(answer)
        have = 0
        while have < len(answer):
            late = ticks_diff(self._ticks_us(), sent) - request_us >= reply_us
            came = uart.readinto(view[have:]) or 0
            have += came
            missing = modbus.missing(answer, have)
            if not missing or have and not came or late and not have:
                break
            await sleep_us(missing * byte_us + _MARGIN_US if have else _LOOK_US)
        return answer, have
