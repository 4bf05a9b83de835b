"""The B-bus master: one Modbus RTU line, one transaction after another (docs/b-bus.md).

Owns the line's timing, the repetitions, the counters of each slave, and whose answer it is that
comes. It gets a UART (`write`, `readinto`, `set_format`), a microsecond clock and an awaitable
sleep; any number of tasks may ask, each request waits for at most one other of every task.
"""

import asyncio
from array import array
from time import ticks_add, ticks_diff

from micropython import const

from b_bus import modbus
from b_bus.manner import MODULE

_BROADCAST_US = const(5000)
_TRIES = const(3)
_BUSY_US = const(50000)
_SILENCE_US = const(1750)  # 3.5 characters; a fixed time above 19200 baud (serial line V1.02)
_MARGIN_US = const(4000)  # from a byte's end until it surely is in the driver's buffer
_LOOK_US = const(2000)  # between looks while no answer has begun
_PLACES = (0, 1, 2, 2, 2, 2, 2, 2, 3, 2)  # by the result
_BABBLE = const(40)  # how often silence is waited for before a request is sent in spite of it
_MAX_FRAME = const(256)
_MAX_NOISE = const(8)  # bytes 00 or FF before an answer, which never begins with one
_MAX_LATE = const(5)  # how often the time for an answer is doubled
_MAX_REPLY_US = const(2000000)
_JUDGED = (modbus.OK, modbus.EXCEPTION)  # the answer, without doubt


# Places in the counters of a unit, repetitions included. DAMAGED: cut short, with a wrong check,
# or not to what was asked.
ANSWERS, TIMEOUTS, DAMAGED, EXCEPTIONS = const(0), const(1), const(2), const(3)


class BusB:
    """The master. `counts`: unit -> array of ANSWERS to EXCEPTIONS. `busy_us`: how long the line
    was in use, modulo 2^30. `noise`: how often something was heard that no slave says, modulo
    2^30; `echoes`: whether what is sent comes back. `late`: unit -> how often its answer came
    after its time, which is doubled each time.

    uart: `write(buffer)`, `readinto(buffer)` without waiting, `set_format(baud, parity, stop)`.
    ticks_us: a clock as time.ticks_us. sleep_us: to be awaited.
    """

    def __init__(
        self, uart: UartLineB, ticks_us: Ticks, sleep_us: Callable[[int], Awaitable[None]]
    ):
        self.counts = {}
        self.busy_us = 0
        self.noise = 0
        self.echoes = False
        self.late = {}
        self._uart = uart
        self._ticks_us = ticks_us
        self._sleep_us = sleep_us
        self._lock = asyncio.Lock()
        self._format = MODULE
        self._answer = bytearray(_MAX_FRAME + _MAX_NOISE)
        self._sent = b""
        self._ended = ticks_us()
        self._pending = {}  # unit -> (request, until when its answer may still come)

    async def ask(
        self,
        unit: int,
        function: int,
        address: int,
        what: What,
        tries: int = _TRIES,
        manner: Manner = MODULE,
    ) -> bytes:
        """One request (see modbus.request) and the data of its answer: the bytes of the bits or
        registers that were read, b"" of a write. Broadcasts (unit 0) are not answered.

        tries: how often it is sent at most. manner: manner.Manner of the slave. modbus.ModbusError
        when there is no good answer, ValueError when out of range.

        While an earlier answer of this unit may still come, only the request that it belongs to is
        sent; another one waits.
        """
        request = modbus.request(unit, function, address, what)
        if unit not in self.counts:
            self.counts[unit] = array("I", [0] * 4)
        result = modbus.SILENT
        code = 0
        for _ in range(tries):
            await self._wait_for_pending(unit, request, manner)
            async with self._lock:
                begun = self._ticks_us()
                try:
                    result, have = await self._transact(unit, request, manner)
                finally:
                    self._ended = self._ticks_us()
                    used = ticks_diff(self._ended, begun)
                    self.busy_us = (self.busy_us + used) & 0x3FFFFFFF
                if not unit:
                    return b""
                self.counts[unit][_PLACES[result]] += 1
                answer = self._answer
                if result == modbus.OK:
                    return bytes(answer[3 : have - 2]) if function <= modbus.INPUT else b""
                code = answer[2] if result == modbus.EXCEPTION else 0
            if code in (5, 6):
                await self._sleep_us(_BUSY_US)
            elif code or not manner.repeats and result in (modbus.SILENT, modbus.BEHIND):
                break
        raise modbus.ModbusError(result, code)

    # Whose answer is it?

    async def _wait_for_pending(self, unit, request, manner):
        """Wait until no answer to another request can come from this unit any more."""
        while unit in self._pending:
            earlier, until = self._pending[unit]
            left = ticks_diff(until, self._ticks_us())
            if not 0 < left <= manner.late_us:
                del self._pending[unit]
            elif earlier == request:
                break
            else:
                await self._sleep_us(left)

    def _note(self, unit, request, manner, result, have):
        """Keep whether an answer to `request`, which was sent just now, may still come: it was
        the one where as many bytes came, even damaged."""
        came = result in _JUDGED or have >= modbus.answer_bytes(request)
        if not came or unit in self._pending:
            self._pending[unit] = (request, ticks_add(self._ticks_us(), manner.late_us))

    def _whose(self, answer, have):
        """The unit whose answer to another request this is, 0 where it is none."""
        unit = answer[0]
        if have >= 5 and unit in self.counts:
            size = modbus.length(answer, have)
            if size <= have and not modbus.crc16(answer, size):
                return unit
        return 0

    def _note_late(self, unit):
        self.late[unit] = min(self.late.get(unit, 0) + 1, _MAX_LATE)

    # The line

    async def rest(self) -> None:
        """Let the others run, on the line's own clock: no time passes in between."""
        await self._sleep_us(0)

    async def _transact(self, unit, request, manner):
        """(what modbus.check() says, bytes of the answer, or that came instead)."""
        if not manner.like(self._format):
            self._format = manner
            self._uart.set_format(manner.baud, manner.parity, manner.stop)
        char_us = manner.char_us
        silence_us = _SILENCE_US if manner.baud > 19200 else 7 * char_us // 2
        await self._quiet(silence_us, manner.pause_us)
        self._uart.write(request)
        self._sent = request
        sent = self._ticks_us()
        request_us = len(request) * char_us
        if not unit:
            await self._sleep_us(request_us + _BROADCAST_US)
            return modbus.OK, 0
        due = modbus.answer_bytes(request)
        # Nothing to see before an answer that begins at once could be complete.
        await self._sleep_us(request_us + silence_us + due * char_us + _MARGIN_US)
        reply_us = manner.reply_us
        if unit in self.late:
            reply_us = max(reply_us, min(reply_us << self.late[unit], _MAX_REPLY_US))
        result, have = await self._receive(request, sent, request_us + reply_us, char_us)
        self._note(unit, request, manner, result, have)
        return result, have

    async def _quiet(self, silence_us, pause_us):
        """Wait for silence; what comes now belongs to nobody."""
        passed = ticks_diff(self._ticks_us(), self._ended)
        wait = pause_us - passed if 0 <= passed < pause_us else 0
        for _ in range(_BABBLE):
            await self._sleep_us(max(silence_us, wait))
            have = self._uart.readinto(self._answer) or 0
            if not have:
                break
            wait = 0
            unit = self._whose(self._answer, have)
            if self._answer[:have] == self._sent:
                self.echoes = True
            elif unit:
                self._note_late(unit)
            else:
                self._count_noise()

    async def _receive(self, request, sent, limit_us, char_us):
        """As _transact(). An intact frame that is no answer to this request is dropped: the answer
        may come behind it."""
        answer = self._answer
        view = memoryview(answer)
        have = skipped = behind = 0  # behind: a unit, where an answer of its was dropped
        dropped = modbus.SILENT
        while True:
            late = ticks_diff(self._ticks_us(), sent) >= limit_us
            came = self._uart.readinto(view[have:]) or 0
            have += came
            noise = self._noise(request, have, skipped)
            if noise:
                skipped += noise
                have = self._drop(noise, have)
                self._count_noise()
            missing = modbus.missing(answer, have)
            if not missing:
                result = modbus.check(request, answer, have)
                if result in _JUDGED:
                    if behind:
                        self._note_late(behind)
                    return result, modbus.length(answer, have)
                if result == modbus.BAD_CRC:
                    left = modbus.answer_bytes(request) - have
                    if left > 0 and came:  # its length may be what is damaged
                        await self._sleep_us(left * char_us + _MARGIN_US)
                        have += self._uart.readinto(view[have:]) or 0
                    return result, have
                behind = self._whose(answer, have) or behind
                have = self._drop(modbus.length(answer, have), have)
                # Another function is that of no request that was sent to it before.
                wrong = behind and result != modbus.WRONG_FUNCTION
                dropped = modbus.BEHIND if wrong else result
                if late:
                    return dropped, 0
                continue
            if have and not came:
                return modbus.SHORT, have
            if late and not have:
                return dropped, 0
            await self._sleep_us(missing * char_us + _MARGIN_US if have else _LOOK_US)

    def _noise(self, request, have, skipped):
        """How many of the first bytes are no part of an answer: an echo, or 00 and FF, which no
        answer begins with and drivers leave when they take or release the line."""
        answer, size = self._answer, len(request)
        # The answer to a write of one value is equal to the request.
        if have >= size and (request[1] not in (5, 6) or self.echoes) and not skipped:
            if answer[:size] == request:
                self.echoes = True
                return size
        n = 0
        while n < have and answer[n] in (0, 255) and skipped + n < _MAX_NOISE:
            n += 1
        return n

    def _drop(self, count, have):
        """Take `count` bytes away at the begin; returns how many are left."""
        have -= count
        self._answer[:have] = self._answer[count : count + have]
        return have

    def _count_noise(self):
        self.noise = (self.noise + 1) & 0x3FFFFFFF
