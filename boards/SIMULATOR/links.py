"""The simulated links: Ethernet and Wi-Fi in the simulated world
(docs/connection-contracts.md)."""

import asyncio

from micropython import const

_WAIT_MS = const(100)
_LOCAL = "127.0.0.1"
_PHONES = b"\x7f\0\0\x01"  # other addresses of this machine are the home's network


class Link:
    """A way to the network. `bit`: of the answer to S."""

    def __init__(self, uart: SimulatedUart, bit: int):
        self._uart = uart
        self._bit = bit

    def connected(self) -> bool:
        return bool(self._uart.world()[0] & self._bit)

    def ip(self) -> str | None:
        return _LOCAL if self.connected() else None

    def name_server(self) -> str:
        return "127.0.0.53"

    def addresses(self) -> tuple[str, ...]:
        return tuple(self._uart.ask("addresses"))

    def dbm(self) -> int | None:
        return None

    def _signal(self, place):
        """dBm, None without a signal."""
        level = self._uart.world()[place]
        return level - 256 if level else None

    async def _result(self, question, value, asked):
        """Begin something and wait for how it ends."""
        self._uart.ask(question, value)
        while True:
            await asyncio.sleep_ms(_WAIT_MS)
            result = self._uart.ask(asked)
            if result:
                return result


class Ethernet(Link):
    """The cable."""

    def __init__(self, uart: SimulatedUart):
        super().__init__(uart, 1)

    def plugged(self) -> bool:
        return bool(self._uart.world()[0] & 16)


class Radio(Link):
    """The Wi-Fi radio. Its hotspot is this machine."""

    def __init__(self, uart: SimulatedUart):
        super().__init__(uart, 2)
        self.hotspot_ip = None

    async def scan(self) -> list[Heard]:
        found = []
        if not self._uart.ask("scan"):
            return found  # the radio is at something else
        while True:
            heard = self._uart.ask("found", len(found))
            if heard is None:
                return found
            if heard:
                found.append((heard[0].encode(), bytes.fromhex(heard[1])) + tuple(heard[2:]))
            else:
                await asyncio.sleep_ms(_WAIT_MS)

    async def join(self, ssid: str, password: str, bssid: bytes = b"") -> str:
        return await self._result("join", (ssid, password, bssid.hex()), "joined")

    def leave(self) -> None:
        self._uart.ask("leave")

    def dbm(self) -> int | None:
        return self._signal(1)

    def start_hotspot(self, ssid: str, password: str) -> None:
        self.hotspot_ip = _LOCAL
        self._uart.ask("hotspot", (ssid, password))

    def is_on_hotspot(self, sender: bytes) -> bool:
        return bytes(sender[4:8]) == _PHONES  # of a sockaddr_in

    def stop_hotspot(self) -> None:
        self.hotspot_ip = None
        self._uart.ask("hotspot")
