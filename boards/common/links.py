"""The links of the gateways with an ESP32 (docs/connection-contracts.md): Ethernet by a PHY on the
chip's MAC or by a chip on SPI, and its own Wi-Fi."""

import _thread
import asyncio
import time

import machine
import network
from micropython import const

from system.addresses import in_network

_SPI = const(1)
_STACK = const(4096)  # bytes of internal memory: the least of MicroPython's port
_WAIT_MS = const(100)
_SCAN_MS = const(10000)
_JOIN_MS = const(10000)  # until the access point has said yes
_ADDRESS_MS = const(15000)  # from then on
_4WAY_HANDSHAKE_TIMEOUT = const(15)
_SECURITIES = ("open", "wep", "wpa", "wpa2", "wpa2", "enterprise", "wpa3", "wpa2")
# Not a private address: some phones (Samsung's) open no page by themselves there. It is printed on
# the label.
HOTSPOT_IP = "4.3.2.1"
_OTHER_IP = "5.4.3.2"  # where the network that is joined has the first one
_MASK = "255.255.255.0"
_BUSY = (network.STAT_CONNECTING, network.STAT_IDLE)
# By the chip's reason (ESP-IDF's wifi_err_reason_t); what is not here is "failed".
_FAILURES = {
    network.STAT_NO_AP_FOUND: "not_found",
    network.STAT_WRONG_PASSWORD: "wrong_password",
    network.STAT_HANDSHAKE_TIMEOUT: "wrong_password",
    _4WAY_HANDSHAKE_TIMEOUT: "wrong_password",
}


def _pin(pins, name):
    return machine.Pin(pins[name]) if name in pins else None


def _by_rmii(pins) -> dict[str, Any]:
    """What LAN wants of a PHY on the chip's own MAC."""
    wired: dict[str, Any] = {"mdc": _pin(pins, "eth_mdc"), "mdio": _pin(pins, "eth_mdio")}
    if "eth_clock_out" in pins:
        wired["ref_clk"] = _pin(pins, "eth_clock_out")
        wired["ref_clk_mode"] = machine.Pin.OUT
    return wired


def _by_spi(pins) -> dict[str, Any]:
    """What it wants of a MAC and PHY in a chip of their own."""
    spi = machine.SPI(
        _SPI, sck=_pin(pins, "eth_sck"), mosi=_pin(pins, "eth_mosi"), miso=_pin(pins, "eth_miso")
    )
    return {"spi": spi, "cs": _pin(pins, "eth_cs"), "int": _pin(pins, "eth_int")}


class Link:
    """A network interface of the chip."""

    def __init__(self, interface: Any):
        self._interface = interface

    def connected(self) -> bool:
        return self._interface.isconnected()

    def ip(self) -> str | None:
        return self._interface.ifconfig()[0] if self.connected() else None

    def name_server(self) -> str:
        return self._interface.ifconfig()[3]

    def addresses(self) -> tuple[str, ...]:
        return self._interface.ifconfig()

    def dbm(self) -> int | None:
        return None


class Ethernet(Link):
    """pins: the board's. OSError where the PHY does not answer."""

    def __init__(self, pins: Pins):
        lan = network.LAN(
            power=_pin(pins, "eth_power"),
            reset=_pin(pins, "eth_reset"),
            phy_type=getattr(network, "PHY_" + pins.get("eth_phy", "LAN8720")),
            phy_addr=pins["eth_address"],
            **(_by_spi(pins) if "eth_sck" in pins else _by_rmii(pins)),
        )
        super().__init__(lan)
        lan.active(True)

    def plugged(self) -> bool:
        return self._interface.status() in (network.ETH_CONNECTED, network.ETH_GOT_IP)


class Radio(Link):
    """The chip's Wi-Fi, as station and as access point."""

    def __init__(self) -> None:
        super().__init__(network.WLAN(network.STA_IF))
        self.hotspot_ip = None
        self._interface.active(True)
        self._interface.config(reconnects=0)  # net/connection.py decides when
        self._hotspot = network.WLAN(network.AP_IF)

    async def scan(self) -> list[Heard]:
        heard = []  # then what the driver gives
        _thread.stack_size(_STACK)
        try:
            _thread.start_new_thread(self._scan, (heard,))  # the driver's scan takes 2 s
        except OSError:  # no memory for a thread: without PSRAM, where nothing is measured
            self._scan(heard)
        began = time.ticks_ms()
        while not heard and time.ticks_diff(time.ticks_ms(), began) < _SCAN_MS:
            await asyncio.sleep_ms(_WAIT_MS)
        found = []
        for ssid, bssid, channel, rssi, security, hidden in heard[0] if heard else ():
            kind = _SECURITIES[security] if security < len(_SECURITIES) else "enterprise"
            found.append((ssid, bssid, channel, rssi, kind, bool(hidden or not ssid)))
        return found

    def _scan(self, heard):
        found = ()
        try:
            found = self._interface.scan()
        except OSError:
            pass  # nothing is heard
        finally:
            heard.append(found)

    async def join(self, ssid: str, password: str, bssid: bytes = b"") -> str:
        wlan = self._interface
        self.leave()
        self._left = False
        began = time.ticks_ms()
        while wlan.isconnected():  # until the chip has reported that it has left
            if time.ticks_diff(time.ticks_ms(), began) > _JOIN_MS:
                return "failed"
            await asyncio.sleep_ms(_WAIT_MS)
        old = wlan.status()  # some failures are reported until there is another one, or success
        try:
            wlan.connect(ssid, password, bssid=bssid or None)
        except OSError:
            return "failed"
        began = time.ticks_ms()
        limit = _JOIN_MS
        while True:
            await asyncio.sleep_ms(_WAIT_MS)
            if self._left:
                return "failed"
            status = wlan.status()
            if status == network.STAT_GOT_IP:
                return "ok"
            joined = self.dbm() is not None
            if joined and limit == _JOIN_MS:
                began = time.ticks_ms()
                limit = _ADDRESS_MS
            if status != old:
                old = None
            waiting = joined or status in _BUSY or status == old
            if not waiting or time.ticks_diff(time.ticks_ms(), began) > limit:
                self.leave()
                return "no_address" if joined else _FAILURES.get(status, "failed")

    def leave(self) -> None:
        self._left = True
        self._interface.disconnect()

    def dbm(self) -> int | None:
        try:
            return self._interface.status("rssi") or None
        except OSError:
            return None

    def start_hotspot(self, ssid: str, password: str) -> None:
        self.hotspot_ip = ip = self._free_ip()
        # First the address: no phone is to be given another one.
        self._hotspot.ifconfig((ip, _MASK, ip, ip))
        self._hotspot.active(True)
        self._hotspot.config(ssid=ssid, key=password, security=network.AUTH_WPA2_PSK)

    def _free_ip(self):
        if self.connected() and in_network(HOTSPOT_IP, *self.addresses()[:2]):
            return _OTHER_IP
        return HOTSPOT_IP

    def is_on_hotspot(self, sender: tuple[str, int]) -> bool:
        return self.hotspot_ip is not None and in_network(sender[0], self.hotspot_ip, _MASK)

    def stop_hotspot(self) -> None:
        self.hotspot_ip = None
        self._hotspot.active(False)
