"""Until when the gateway's hotspot is to be open. Owns that time, and nothing that is open."""

from micropython import const

SERVICE_S = const(900)


class HotspotWindow:
    """`used`: whether it was ever open since power-up. uptime_ms: a function, ms since start."""

    def __init__(self, uptime_ms: UptimeMs):
        self.used = False
        self._uptime_ms = uptime_ms
        self._until_ms = 0

    def open(self, seconds: int = SERVICE_S) -> None:
        """Open for so long from now on, whatever was said before."""
        self.used = True
        self._until_ms = self._uptime_ms() + seconds * 1000

    def is_open(self) -> bool:
        """Whether the hotspot is to be open now."""
        return self._until_ms > self._uptime_ms()

    def close_within(self, seconds: int) -> None:
        """Close in so many seconds at the latest; nothing where it is closed."""
        self._until_ms = min(self._until_ms, self._uptime_ms() + seconds * 1000)

    def leave_open(self, seconds: int) -> None:
        """Where it is open: for so long from now on."""
        if self.is_open():
            self.open(seconds)
