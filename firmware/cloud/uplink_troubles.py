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
_STEADY_S = const(30)
# Two clients of one name put each other out for ever. The one whose pauses have grown leaves the
# other one in peace for as long as its longest pause.
_KEPT_S = const(300)
_PUT_OUT = "the broker closes the connection again and again: does another client use the name %s?"
_NOBODY = "nothing listens on port %d of %s: is the broker running, and is mqtt.port right?"
_UNKNOWN = "nobody knows %s: is mqtt.host right, and does the network's name server answer?"
_AWAY = "%s is not there: is it switched on, is it in this network, and is mqtt.host right?"


def no_connection(error: OSError, settings: Any) -> str:
    """Why there is none to the broker. settings: `mqtt` of settings.json."""
    if error.errno == ECONNREFUSED:
        return _NOBODY % (settings["port"], settings["host"])
    if error.errno == EHOSTUNREACH:
        return _AWAY % settings["host"]
    return "connection to the broker: %s" % error


def no_address(settings: Any) -> str:
    """Why the broker's name leads nowhere."""
    return _UNKNOWN % settings["host"]


class Troubles:
    """`last_error`: a text or None; `max_pause_s`: the longest pause between two tries now."""

    def __init__(self, client_id: str, counters: Counters):
        self.last_error = None
        self.max_pause_s = _MAX_PAUSE_S
        self._client_id = client_id
        self._counters = counters
        self._ended = None  # the last connection: why, a text
        self._short_lived = False  # so it was
        self._put_out = 0  # times, since a connection was kept

    def note(self, name: str, text: str) -> None:
        """Something is wrong: counted under `name`."""
        self._counters.count(name)
        self.last_error = text

    def failed(
        self, name: str, text: str, age_s: int | None, closed: bool, suspicion: str | None
    ) -> None:
        """What has ended a connection, or a try. age_s: how long the broker had accepted us, None:
        it had not; closed: it was the broker who closed the connection; suspicion: what it may
        have closed at, a text or None."""
        self.max_pause_s = _MAX_PAUSE_S if name in _NETWORK else _MAX_REFUSED_S
        if age_s is not None:
            self._short_lived = age_s < _STEADY_S
            self._put_out = self._put_out + 1 if closed and age_s < _KEPT_S else 0
            if self._put_out > 1:
                text = suspicion or _PUT_OUT % self._client_id
            self._ended = text
        self.note(name, text)

    def lasts(self, age_s: int) -> None:
        """The connection has lasted so long."""
        if age_s == _STEADY_S:
            self._short_lived = False
        elif age_s == _KEPT_S:
            self._put_out = 0

    def texts(self, connected: bool) -> list[str]:
        """[text] of what is wrong: while there is a connection, with the one before."""
        if connected:
            text = self._ended if self._short_lived or self._put_out > 1 else None
        else:
            text = self.last_error
        return [text] if text else []
