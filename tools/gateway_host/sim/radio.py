"""What surrounds the gateway's links: Wi-Fi networks, a cable, an LTE cell, what lies behind them,
a phone, and a finger on the button (docs/connection-contracts.md).

Times are µs on the board's clock. Methods may be called from several threads.
"""

from __future__ import annotations

import json
import struct
import threading
from dataclasses import dataclass, field
from typing import Any

from gateway_host.sim.access_point import SCAN_US, SECURITIES, Joining, Network

__all__ = ("SECURITIES", "Network", "World")

LINKS = ("ethernet", "wifi", "lte")
INTERNET = ("on", "off", "captive")

_TICKS = 1 << 30
_DIAL_US = 4_000_000
_PHONE_AWAY_US = 6_000_000  # until a dropped phone has found the hotspot again
_BUTTON, _CABLE, _END = 8, 16, 128
_STATE = struct.Struct("<Bbb")


@dataclass
class _Dialling:
    """A try to dial, from `began` on, until there is a result."""

    began: float
    result: str | None = None


@dataclass
class World:
    """The world as it is now; fields may be changed at any time (by `make world` for one).

    cable: an Ethernet cable with a router at its end; dhcp_s: how long a router takes to give an
    address, inf for never; lte_dbm: what the modem receives, None for no cell; sim: whether a SIM
    card is there; addresses: what a router gives: ours, the mask, its own, its name server's.
    internet: what lies behind whatever link; cloud: whether the cloud's port is
    open. `refused`: what the gateway wanted of its radio while that was at something else.
    """

    networks: list[Network] = field(default_factory=list)
    cable: bool = True
    dhcp_s: float = 0.0
    internet: str = "on"
    cloud: bool = True
    lte_dbm: int | None = -85
    sim: bool = True
    addresses: tuple[str, str, str, str] = ("10.9.8.7", "255.255.255.0", "10.9.8.1", "127.0.0.53")
    phone_knows: tuple[str, str] | None = None  # the hotspot that the phone has to join

    def __post_init__(self) -> None:
        self.now = 0.0
        self.lock = threading.RLock()
        self.hotspot: tuple[str, str] | None = None
        self._host_name = "mpy-esp32"  # MicroPython's, until the board has another one
        self._cable_name = ""  # with which an address was asked for by cable
        self.refused: list[str] = []
        self._hotspot_channel = 1
        self._phone_from = 0.0
        self._wifi: Joining | None = None
        self._lte: _Dialling | None = None
        self._cable_since: float | None = None
        self._scanned: tuple[float, list[Network] | None] = (0.0, [])
        self._held_until = 0.0
        self.ending = False  # the board is asked to end

    # What people do

    def hold_button(self, seconds: float) -> None:
        """Presses the gateway's button for so long."""
        with self.lock:
            self._held_until = self.now + seconds * 1e6

    def join_phone(self, ssid: str, password: str) -> bool:
        """Tells the phone to join the gateway's hotspot; whether it could."""
        with self.lock:
            self.phone_knows = (ssid, password)
            self._phone_from = self.now
            return self.phone_joined

    @property
    def phone_joined(self) -> bool:
        """Whether the phone is in the gateway's hotspot now."""
        with self.lock:
            known = self.hotspot is not None and self.hotspot == self.phone_knows
            return known and self.now >= self._phone_from

    def network(self, ssid: str) -> Network:
        """The first access point of that name; KeyError when there is none."""
        for network in self.networks:
            if network.ssid == ssid:
                return network
        raise KeyError(ssid)

    # What is so

    def up(self, link: str) -> bool:
        """Whether the link has an address now: ethernet, wifi or lte."""
        with self.lock:
            self._step()
            if link == "ethernet":
                since = self._cable_since
                return since is not None and self.now >= since + self.dhcp_s * 1e6
            attempt = self._wifi if link == "wifi" else self._lte
            return attempt is not None and attempt.result == "ok"

    def passes(self) -> bool:
        """Whether traffic of the gateway's gets through to the internet now."""
        return self.internet == "on" and any(self.up(link) for link in LINKS)

    def joined(self) -> Network | None:
        """The access point that the gateway is joined to."""
        return self._wifi.network if self.up("wifi") and self._wifi else None

    def listed(self) -> dict[str, str]:
        """What the routers' lists call the gateway: link -> host name, where it has an address."""
        with self.lock:
            names = {"ethernet": self._cable_name, "wifi": self._wifi and self._wifi.host_name}
            return {link: name or "" for link, name in names.items() if self.up(link)}

    # The board's link (docs/simulator.md)

    def move_to(self, ticks: int) -> None:
        """The board's clock is at `ticks` (modulo 2^30 µs)."""
        with self.lock:
            ahead = (ticks - int(self.now)) % _TICKS
            if ahead < _TICKS // 2:
                self.now += ahead

    def state(self) -> bytes:
        """The answer to S."""
        with self.lock:
            flags = sum(1 << bit for bit, link in enumerate(LINKS) if self.up(link))
            flags |= _BUTTON if self.now < self._held_until else 0
            flags |= _CABLE if self.cable else 0
            flags |= _END if self.ending else 0
            network = self.joined()
            lte = self.lte_dbm if self.lte_dbm is not None else 0
            return _STATE.pack(flags, network.rssi if network else 0, lte)

    def ask(self, question: bytes) -> bytes:
        """The answer to N, both JSON."""
        with self.lock:
            (name, value), *_ = json.loads(question).items()
            # Names as they are: MicroPython leaves escaped ones in halves.
            return json.dumps(getattr(self, "_" + name)(value), ensure_ascii=False).encode()

    # Questions of the board, by name

    def _name_host(self, name: str) -> None:
        """The host name from now on: where an address was asked for it is the old one."""
        self._host_name = name

    def _addresses(self, _: Any) -> list[str]:
        return list(self.addresses)

    def _scan(self, _: Any) -> bool:
        """Begins a scan, unless one is running or a network is being joined (ESP-IDF's
        esp_wifi_scan_start: ESP_ERR_WIFI_STATE)."""
        self._step()
        if self._scanning() or (self._wifi is not None and self._wifi.result is None):
            self.refused.append("scan")
            return False
        self._scanned = (self.now + SCAN_US, None)
        return True

    def _scanning(self) -> bool:
        return self.now < self._scanned[0]

    def _found(self, index: int) -> list[Any] | int | None:
        """The index-th network that the scan heard, None after the last one, 0 while it runs."""
        if self._scanning():
            return 0
        ready, heard = self._scanned
        if heard is None:
            heard = [network for network in self.networks if network.heard()]
            self._scanned = (ready, heard)
        if index >= len(heard):
            return None
        network = heard[index]
        name = "" if network.hidden else network.ssid
        bssid = self._bssid(network)
        return [name, bssid, network.channel, network.rssi, network.security, network.hidden]

    def _join(self, wanted: list[str]) -> None:
        ssid, password, bssid = wanted
        if self._scanning():  # joining ends a scan, which has heard nothing
            self.refused.append("join")
            self._scanned = (self.now, [])
        network = self._access_point(ssid, bssid)
        self._wifi = Joining(self.now, network, password, self._host_name)
        if network is not None and self.hotspot and network.channel != self._hotspot_channel:
            # One radio, one channel: the hotspot goes with the station and loses its phone.
            self._hotspot_channel = network.channel
            self._phone_from = self.now + _PHONE_AWAY_US

    def _joined(self, _: Any) -> str | None:
        self._step()
        return self._wifi.result if self._wifi else "failed"

    def _leave(self, _: Any) -> None:
        self._wifi = None

    def _hotspot(self, wanted: list[str] | None) -> None:
        network = self.joined()
        self._hotspot_channel = network.channel if network else 1
        self.hotspot = None if wanted is None else (wanted[0], wanted[1])
        self._phone_from = max(self._phone_from, self.now)

    def _dial(self, _: Any) -> None:
        self._lte = _Dialling(self.now)

    def _dialled(self, _: Any) -> str | None:
        self._step()
        return self._lte.result if self._lte else "failed"

    def _hang_up(self, _: Any) -> None:
        self._lte = None

    # What tests ask by the board's link

    def _set(self, change: list[Any]) -> None:
        name, value = change
        what, _, which = name.partition(" ")
        if what == "bssid":
            next(n for n in self.networks if n.bssid == which).rssi = value
        elif which:
            setattr(self.network(which), what, value)
        else:
            setattr(self, name, value)

    def _hotspot_name(self, _: Any) -> str | None:
        return self.hotspot[0] if self.hotspot else None

    def _press(self, seconds: float) -> None:
        self.hold_button(seconds)

    def _phone(self, known: list[str]) -> None:
        self.join_phone(*known)

    def _phone_is_joined(self, _: Any) -> bool:
        return self.phone_joined

    # Inside

    def _access_point(self, ssid: str, bssid: str) -> Network | None:
        fitting = [
            network
            for network in self.networks
            if network.ssid == ssid and network.heard() and bssid in ("", self._bssid(network))
        ]
        return max(fitting, key=lambda network: network.rssi, default=None)

    def _bssid(self, network: Network) -> str:
        return network.bssid or f"02000000{self.networks.index(network):04x}"

    def _step(self) -> None:
        """Lets happen what is due."""
        if not self.cable:
            self._cable_since = None
        elif self._cable_since is None:
            self._cable_since = self.now
            self._cable_name = self._host_name
        if self._wifi is not None:
            self._wifi.step(self.now, self.networks, self.dhcp_s)
        self._step_lte()

    def _step_lte(self) -> None:
        attempt = self._lte
        if attempt is None:
            return
        if attempt.result == "ok":
            attempt.result = "ok" if self.sim and self.lte_dbm is not None else "failed"
        elif attempt.result is None and self.now - attempt.began >= _DIAL_US:
            if not self.sim:
                attempt.result = "no_sim"
            else:
                attempt.result = "not_found" if self.lte_dbm is None else "ok"
