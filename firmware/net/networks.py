"""The Wi-Fi networks that the gateway knows. Owns their list in the settings, which of them is
joined, and which of them lead nowhere."""

from micropython import const

from site import settings as store

_NOWHERE_MS = const(3600000)  # so long a network that leads nowhere comes last


class Networks:
    """`joined`: the name of the one that the radio has joined last, None before the first;
    `unkept`: whether what was given last is in memory alone.

    settings: settings.Settings; uptime_ms: a function, ms since start; count: counts an error.
    """

    def __init__(self, settings: Settings, uptime_ms: UptimeMs, count: Count):
        self.joined: str | None = None
        self.unkept = False
        self._count = count
        self._settings = settings
        self._uptime_ms = uptime_ms
        self._nowhere_until = {}  # name: ms

    def keys(self) -> dict[str, str]:
        """{name: key}, a new dict."""
        return {network[0]: network[1] for network in self._settings.networks}

    def hidden(self, ssid: str) -> bool:
        """Whether it hid its name when it was joined first."""
        return any(len(network) > 2 for network in self._settings.networks if network[0] == ssid)

    def remember(self, ssid: str, key: str, hidden: bool) -> None:
        """Keep a network that was joined, over every restart; where the flash is full until the
        next one."""
        self._keep(lambda: store.remember(self._settings, ssid, key, hidden))

    def choose_wifi(self) -> None:
        """Wi-Fi is the link that the installer has chosen: kept in the same way."""
        self._keep(lambda: store.choose(self._settings, "wifi"))

    def set_joined(self, ssid: str) -> None:
        """The radio has joined it."""
        self.joined = ssid

    def set_reachability(self, nowhere: bool) -> None:
        """Whether the one that is joined leads nowhere."""
        if nowhere:
            self._nowhere_until[self.joined] = self._uptime_ms() + _NOWHERE_MS
        else:
            self._nowhere_until.pop(self.joined, None)

    def leads_nowhere(self, ssid: str | None) -> bool:
        """Whether it has led nowhere, within the last hour."""
        return self._nowhere_until.get(ssid, 0) > self._uptime_ms()

    def _keep(self, write):
        """What it writes are all of the settings."""
        try:
            write()
            self.unkept = False
        except OSError:
            self._count("provision.unkept")
            self.unkept = True
