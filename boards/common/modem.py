"""The LTE modem of the boards with an ESP32: on a UART, by PPP (docs/connection-contracts.md)."""

import asyncio
import time

import machine
import network
from links import Link
from micropython import const
from reception import quality

_WAIT_MS = const(100)
_CLOSING_MS = const(15000)
_CONNECTING = const(3)  # PPP's status from here on: it runs, or has not ended yet
_DIAL_MS = const(60000)
_ADDRESS_MS = const(30000)
_COMMAND_MS = const(2000)
_CALL_MS = const(15000)
_START_MS = const(15000)  # from the power key until it listens
_GUARD_MS = const(1100)  # silence before and after +++, 1 s as a rule
_WATCH_MS = const(60000)
_SELDOM_MS = const(600000)  # where it does not understand +++, which costs 6 s
_STRONGEST = const(31)  # of +CSQ; 99 is no signal
_MAX_ANSWER = const(512)  # bytes that are kept of one, the last ones
_DONE = (b"OK\r", b"ERROR")
_CALLED = (b"CONNECT", b"NO CARRIER", b"ERROR")


def _fields(answer, name):
    """What stands behind the name in an answer, apart at the commas."""
    return answer.partition(name)[2].split(b"\r")[0].split(b",")


class Modem(Link):
    """The LTE modem: AT commands until PPP begins. Then PPP waits once a minute while the modem is
    asked for its signal. pins: the board's."""

    def __init__(self, pins: Pins):
        self._uart = machine.UART(
            2, 115200, tx=pins["lte_tx"], rx=pins["lte_rx"], timeout=0, rxbuf=1024
        )
        super().__init__(network.PPP(self._uart))
        self._pins = pins
        self._dbm = None
        self._quality = 0
        self._watching = None  # the task

    async def dial(self, apn: str) -> str:
        if self._watching:
            self._watching.cancel()
            self._watching = None
        self.leave()
        if not await self._until(lambda: self._interface.status() < _CONNECTING, _CLOSING_MS):
            return "failed"
        if not await self._to_commands() and not await self._switch_on():
            return "no_modem"
        await self._ask(b"ATH")
        if b"READY" not in await self._ask(b"AT+CPIN?"):
            return "no_sim"
        began = time.ticks_ms()
        while not await self._registered():
            if time.ticks_diff(time.ticks_ms(), began) > _DIAL_MS:
                return "not_found"
            await asyncio.sleep_ms(1000)
        await self._measure()
        await self._ask(b'AT+CGDCONT=1,"IP","%s"' % apn.encode())
        if not await self._call(b"ATD*99#"):
            return "failed"
        self._interface.connect()
        if not await self._until(self.connected, _ADDRESS_MS):
            self.leave()
            return "no_address"
        self._watching = asyncio.create_task(self._watch())
        return "ok"

    def leave(self) -> None:
        """End PPP, which ends the call: it takes 12 s where nobody is there to hear it."""
        self._interface.disconnect()

    def quality(self, limits: Sequence[int]) -> int:
        """Reception: reception.quality()."""
        self._quality = quality(self.dbm(), limits, self._quality)
        return self._quality

    def dbm(self) -> int | None:
        return self._dbm

    async def _watch(self):
        """While PPP runs, ask for the signal, and see by that whether the call is still there."""
        known = False  # that it understands +++
        pause_ms = _WATCH_MS
        while True:
            await asyncio.sleep_ms(pause_ms)
            if not self.connected():
                return
            heard = await self._look()
            if known and not heard:
                self.leave()
            known = known or heard
            pause_ms = _WATCH_MS if known else _SELDOM_MS

    async def _look(self):
        """Whether the modem listens. Where the call has ended, PPP is ended too."""
        self._interface.config(stream=None)  # what PPP sends now is lost, and sent again by TCP
        try:
            heard = await self._to_commands()
            if heard:
                await self._measure()
            goes_on = not heard or await self._call(b"ATO")
        finally:
            self._interface.config(stream=self._uart)
        if not goes_on:
            self.leave()
        return heard

    async def _to_commands(self):
        """Whether the modem listens to commands; a call stays."""
        await asyncio.sleep_ms(_GUARD_MS)
        self._uart.write(b"+++")
        await asyncio.sleep_ms(_GUARD_MS)
        # The first one may only end a line that +++ has begun.
        return b"OK" in await self._ask(b"AT") or b"OK" in await self._ask(b"AT")

    async def _switch_on(self):
        """Press the power key, where there is one; whether the modem listens then."""
        pins = self._pins
        if "lte_power" not in pins:
            return False
        released = pins.get("lte_power_low", 0)
        key = machine.Pin(pins["lte_power"], machine.Pin.OUT, value=not released)
        await asyncio.sleep_ms(pins.get("lte_power_ms", 1000))
        key.value(released)
        began = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), began) < _START_MS:
            if b"OK" in await self._ask(b"AT"):
                return True
        return False

    async def _registered(self):
        fields = _fields(await self._ask(b"AT+CEREG?"), b"+CEREG: ")
        return len(fields) > 1 and fields[1] in (b"1", b"5")

    async def _measure(self):
        level = _fields(await self._ask(b"AT+CSQ"), b"+CSQ: ")[0]
        if level.isdigit():
            known = len(level) < 3 and int(level) <= _STRONGEST
            self._dbm = 2 * int(level) - 113 if known else None

    async def _call(self, command):
        """Whether the modem goes from commands to data."""
        return b"CONNECT" in await self._ask(command, _CALLED, _CALL_MS)

    async def _ask(self, command, ends=_DONE, longest_ms=_COMMAND_MS):
        """The modem's answer up to one of `ends`, or what came in the time."""
        self._uart.read()
        self._uart.write(command + b"\r")
        answer = b""
        began = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), began) < longest_ms:
            await asyncio.sleep_ms(_WAIT_MS)
            answer = (answer + (self._uart.read() or b""))[-_MAX_ANSWER:]
            if any(end in answer for end in ends):
                break
        return answer

    async def _until(self, is_so, longest_ms):
        """Wait so long for something; whether it is so."""
        began = time.ticks_ms()
        while not is_so():
            if time.ticks_diff(time.ticks_ms(), began) > longest_ms:
                return False
            await asyncio.sleep_ms(_WAIT_MS)
        return True
