"""The simulated access points, and how a try to join one ends (docs/connection-contracts.md)."""

from __future__ import annotations

from dataclasses import dataclass

SECURITIES = ("open", "wep", "wpa", "wpa2", "wpa3", "enterprise")
SCAN_US = 1_800_000  # 13 channels
WEAKEST_DBM = -92  # below, no frame gets through

_FIND_US = 400_000
_HANDSHAKE_US = 300_000
_REFUSAL_US = 2_500_000  # a wrong password is known by what does not come
_ADDRESS_WAIT_US = 15_000_000


@dataclass
class Network:
    """One access point. rssi in dBm as the gateway receives it; password "" only where `security`
    is open. addresses: whether its router gives any; lost_handshakes: so many fail though the key
    is right; refusals: so many tries are refused before one is taken, as an access point does that
    would have its clients on 5 GHz; gone_after_s: it goes away so long after somebody has begun
    to join it, None for never."""

    ssid: str
    password: str = ""
    security: str = "wpa2"
    rssi: int = -55
    channel: int = 6
    bssid: str = ""
    hidden: bool = False
    addresses: bool = True
    lost_handshakes: int = 0
    refusals: int = 0
    gone_after_s: float | None = None

    def heard(self) -> bool:
        """Whether it is near enough."""
        return self.rssi >= WEAKEST_DBM


@dataclass
class Joining:
    """A try to join an access point, None for one that is not there, from `began` on, µs; `result`
    when there is one. host_name: what the router's list calls the gateway."""

    began: float
    network: Network | None
    password: str
    host_name: str
    result: str | None = None

    def __post_init__(self) -> None:
        network = self.network
        self._refused = network is not None and network.refusals > 0
        self._lost = network is not None and not self._refused and network.lost_handshakes > 0
        if network is not None:
            network.refusals -= self._refused
            network.lost_handshakes -= self._lost

    def step(self, now: float, networks: list[Network], dhcp_s: float) -> None:
        """Lets happen what is due now. networks: those that are there; dhcp_s: how long a router
        takes to give an address."""
        network, passed = self.network, now - self.began
        if network is not None and network.gone_after_s is not None:
            if passed >= network.gone_after_s * 1e6:
                network.rssi = WEAKEST_DBM - 1
        if network is None or network not in networks or not network.heard():
            if self.result == "ok":
                self.result = "failed"
            elif self.result is None and passed >= SCAN_US:
                self.result = "not_found"
        elif self.result == "ok":
            self.result = "ok" if network.password == self.password else "failed"
        elif self.result is None:
            self.result = self._outcome(network, passed, dhcp_s)

    def _outcome(self, network: Network, passed: float, dhcp_s: float) -> str | None:
        if self._refused or not self._fits(network):
            return "failed" if passed >= _FIND_US else None
        if self._lost or network.password != self.password:
            return "wrong_password" if passed >= _REFUSAL_US else None
        passed -= _FIND_US + _HANDSHAKE_US
        if network.addresses and passed >= dhcp_s * 1e6:
            return "ok"
        return "no_address" if passed >= _ADDRESS_WAIT_US else None

    def _fits(self, network: Network) -> bool:
        """Whether the driver joins it with what it was given: ESP-IDF takes no weaker security
        than WPA where there is a key (wifi_scan_threshold_t)."""
        if network.security == "open":
            return not self.password
        return network.security in ("wpa", "wpa2")
