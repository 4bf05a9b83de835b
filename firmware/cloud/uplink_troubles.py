"""What is wrong with the way to the broker, in words for people, and how long to wait after it.

Owns the last error and how it is judged.
"""

from errno import ECONNREFUSED, EHOSTUNREACH

from micropython import const

# Between two tries. A network that is back is used within 30 s; a broker that answers and does not
# keep us needs somebody who mends it, and each try costs 10 kB of a SIM card, and a handshake.
_MAX_PAUSE_S = const(20)
_MAX_REFUSED_S = const(240)
_NETWORK = ("uplink.name", "uplink.network", "uplink.timeout")
_SHORT_LIVED = (
    "the broker accepts us and soon closes the connection: does another client use the name %s?"
)
_NOBODY = "nothing listens on port %d of %s: is the broker running, and is mqtt.port right?"
_AWAY = "%s is not there: is it switched on, is it in this network, and is mqtt.host right?"


def no_connection(error: OSError, settings: Any) -> str:
    """Why there is none to the broker. settings: `mqtt` of settings.json."""
    if error.errno == ECONNREFUSED:
        return _NOBODY % (settings["port"], settings["host"])
    if error.errno == EHOSTUNREACH:
        return _AWAY % settings["host"]
    return "connection to the broker: %s" % error


class Troubles:
    """`last_error`: a text or None; `max_pause_s`: the longest pause between two tries now."""

    def __init__(self, client_id: str, counters: Counters):
        self.last_error = None
        self.max_pause_s = _MAX_PAUSE_S
        self._client_id = client_id
        self._counters = counters
        self._short_lived = 0  # connections in a row

    def note(self, name: str, text: str) -> None:
        """Something is wrong: counted under `name`."""
        self._counters.count(name)
        self.last_error = text

    def failed(self, name: str, text: str, short_lived: bool, suspicion: str | None) -> None:
        """What has ended a connection, or a try. short_lived: the broker had just accepted us;
        suspicion: what it may have closed at, a text or None."""
        self.max_pause_s = _MAX_PAUSE_S if name in _NETWORK else _MAX_REFUSED_S
        if short_lived:
            self._short_lived += 1
            if self._short_lived > 1 and name == "uplink.lost":
                text = suspicion or _SHORT_LIVED % self._client_id
        self.note(name, text)

    def steady(self) -> None:
        """The connection has lasted."""
        self._short_lived = 0

    def texts(self, connected: bool) -> list[str]:
        """[text] of what is wrong."""
        if self.last_error and (self._short_lived or not connected):
            return [self.last_error]
        return []
