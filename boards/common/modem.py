"""The LTE modem of the gateways with an ESP32: on a UART, by PPP (docs/connection.md)."""

import asyncio
import time

import machine
import network
from links import Link
from micropython import const
from reception import quality

_WAIT_MS = const(100)
_ADDRESS_MS = const(15000)
_DIAL_MS = const(60000)
_COMMAND_MS = const(2000)
_GUARD_MS = const(1100)  # silence before and after +++, 1 s as a rule
_NO_SIGNAL = const(99)  # of +CSQ


class Modem(Link):
    """The LTE modem: AT commands until PPP begins. Its signal is asked before dialling, and then
    whenever the line is not in use for PPP."""

    def __init__(self, pins):
        self._uart = machine.UART(
            2, 115200, tx=pins["lte_tx"], rx=pins["lte_rx"], timeout=0, rxbuf=1024
        )
        self._interface = network.PPP(self._uart)
        self._dbm = None
        self._quality = 0

    async def dial(self, apn):
        await self._to_commands()
        if b"READY" not in await self._ask(b"AT+CPIN?"):
            return "no_sim"
        began = time.ticks_ms()
        while not await self._registered():
            if time.ticks_diff(time.ticks_ms(), began) > _DIAL_MS:
                return "not_found"
            await asyncio.sleep_ms(1000)
        await self._measure()
        await self._ask(b'AT+CGDCONT=1,"IP","%s"' % apn.encode())
        self._uart.write(b"ATD*99#\r")
        await asyncio.sleep_ms(1000)
        self._uart.read()
        self._interface.active(True)
        self._interface.connect()
        while not self._interface.isconnected():
            if time.ticks_diff(time.ticks_ms(), began) > _DIAL_MS + _ADDRESS_MS:
                self.hang_up()
                return "no_address"
            await asyncio.sleep_ms(_WAIT_MS)
        return "ok"

    async def _to_commands(self):
        """Take the line back from a PPP that was lost, or that runs since before our start."""
        if self._interface.active():
            self.hang_up()
        await asyncio.sleep_ms(_GUARD_MS)
        self._uart.write(b"+++")
        await asyncio.sleep_ms(_GUARD_MS)
        await self._ask(b"ATH")

    def hang_up(self):
        self._interface.disconnect()
        self._interface.active(False)

    def quality(self, limits):
        """Reception: reception.quality()."""
        self._quality = quality(self.dbm(), limits, self._quality)
        return self._quality

    def dbm(self):
        return self._dbm

    async def _registered(self):
        answer = await self._ask(b"AT+CEREG?")
        return b",1" in answer or b",5" in answer

    async def _measure(self):
        answer = await self._ask(b"AT+CSQ")
        at = answer.find(b"+CSQ: ")
        if at >= 0:
            level = int(answer[at + 6 :].split(b",")[0])
            self._dbm = None if level == _NO_SIGNAL else 2 * level - 113

    async def _ask(self, command):
        """The modem's answer up to OK or ERROR, or what came within 2 s."""
        self._uart.read()
        self._uart.write(command + b"\r")
        answer = b""
        began = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), began) < _COMMAND_MS:
            await asyncio.sleep_ms(_WAIT_MS)
            answer += self._uart.read() or b""
            if b"OK\r" in answer or b"ERROR" in answer:
                break
        return answer
