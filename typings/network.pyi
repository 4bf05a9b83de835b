"""The ESP32's network interfaces, as far as boards/ uses them."""

from typing import Any

STA_IF: int
AP_IF: int
AUTH_WPA2_PSK: int
STAT_IDLE: int
STAT_CONNECTING: int
STAT_GOT_IP: int
STAT_NO_AP_FOUND: int
STAT_WRONG_PASSWORD: int
STAT_HANDSHAKE_TIMEOUT: int
ETH_CONNECTED: int
ETH_GOT_IP: int

def hostname(name: str = ..., /) -> str: ...

class _Interface:
    def active(self, up: bool = ..., /) -> bool: ...
    def isconnected(self) -> bool: ...
    def ifconfig(
        self, addresses: tuple[str, str, str, str] = ..., /
    ) -> tuple[str, str, str, str]: ...
    def config(self, *asked: str, **given: Any) -> Any: ...
    def status(self, what: str = ..., /) -> int: ...

class WLAN(_Interface):
    def __init__(self, interface: int, /) -> None: ...
    def scan(self) -> list[tuple[bytes, bytes, int, int, int, bool]]: ...
    def connect(self, ssid: str | bytes, key: str, /, *, bssid: bytes | None = None) -> None: ...
    def disconnect(self) -> None: ...

class LAN(_Interface):
    def __init__(
        self,
        *,
        power: Any,
        reset: Any,
        phy_type: int,
        phy_addr: int,
        mdc: Any = ...,
        mdio: Any = ...,
        ref_clk: Any = ...,
        ref_clk_mode: int = ...,
        spi: Any = ...,
        cs: Any = ...,
        int: Any = ...,
    ) -> None: ...

class PPP(_Interface):
    def __init__(self, stream: Any, /) -> None: ...
    def connect(self) -> None: ...
    def disconnect(self) -> None: ...
