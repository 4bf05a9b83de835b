"""Trying Wi-Fi credentials: what every way in shares, the hotspot's page and the serial line.

Owns which networks there are, which one is being tried, and what came of it.
"""

import asyncio
import sys

from micropython import const

from hotspot.credentials import beyond_manual, check_network, may_join, text_of

_SEEN_S = const(10)  # from when the phone has shown the success
_UNSEEN_S = const(180)  # from the success, where no phone came to see it
_LOOK_MS = const(200)
_PATIENCE = const(25)  # looks: a request has 8 s (hotspot/http_server.py)
_MAX_LISTED = const(16)  # networks
_REFUSED = const(4)  # and places kept for those that cannot be joined, so that they say why


class Trial:
    """`state`: "ready" for credentials, "trying" some, or "done". `result`: what came of the last
    try, a word of joining.join_given() or reachability.check(), None before the first; `ssid`: the
    network that was chosen last, None at first; `unusual`: whether other gateways of the series
    may refuse what was given last; `networks`: the names, dBm and securities of what was found,
    first what can be joined, the strongest first: the 16 that are listed.

    radio: the board's; joining: joining.Joining; links: links.Links; networks: networks.Networks;
    window: the hotspot_window.HotspotWindow, which is closed soon after a success."""

    def __init__(
        self,
        radio: Radio,
        joining: Joining,
        links: Links,
        networks: Networks,
        window: HotspotWindow,
        counters: Counters,
    ):
        self.state = "ready"
        self.result = None
        self.ssid = None
        self.unusual = False
        self.networks = ()
        self._radio = radio
        self._joining = joining
        self._links = links
        self._known = networks
        self._window = window
        self._counters = counters
        self._search = None  # the task that looks for networks again
        self._attempt = None
        self._given = None  # the network that was joined and kept
        self._listeners = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """`listener`: a function, called at every change of the state, at once."""
        self._listeners.append(listener)

    def renew(self) -> None:
        """The hotspot opens: whoever comes has seen no result yet."""
        self.result = self.ssid = None
        if self.state == "done":
            self._become("ready")

    def provisioned(self) -> bool:
        """Whether the gateway has a network: one that was given, or one that it has joined."""
        return self.state == "done" or self._radio.connected()

    async def scan(self) -> None:
        """Look for networks again, unless one is being tried; what was known stays where the radio
        has no time."""
        if self.state == "trying":
            return
        # A request may be given up, the chip's scan not: it has a task of its own.
        if not self._search or self._search.done():
            self._search = asyncio.create_task(self.look())
        for _ in range(_PATIENCE):
            if self._search.done():
                return
            await asyncio.sleep_ms(_LOOK_MS)

    async def look(self) -> None:
        """Look for networks, however long the radio has no time."""
        found = {}
        for name, _, _, rssi, security, hidden in await self._joining.scan():
            hidden = hidden or not name.strip(b"\0")
            if security == "wpa":
                security = "wpa2"  # one network, joined alike
            network = ("" if hidden else text_of(name), security)
            found[network] = max(rssi, found.get(network, rssi))
        self.networks = networks = sorted(
            [(name, rssi, security) for (name, security), rssi in found.items()],
            key=lambda network: (not may_join(network[0], network[2]), -network[1]),
        )
        refused = sum(not may_join(name, security) for name, _, security in networks)
        del networks[_MAX_LISTED - min(refused, _REFUSED) : len(networks) - refused]
        del networks[_MAX_LISTED:]

    def submit(self, ssid: str, key: str, delay_ms: int = 0) -> None:
        """Check the credentials, CredentialError where a rule is broken, and begin to try them.
        Not in the state "trying"."""
        self.ssid, self.result = ssid, None
        known = [security for name, _, security in self.networks if name == ssid]
        check_network(ssid, key, known[0] if known else "wpa2")
        self.unusual = beyond_manual(ssid, key)
        self._become("trying")
        self._attempt = asyncio.create_task(self._try(ssid, key, delay_ms))

    def cancel(self) -> None:
        """Give up what is being tried."""
        if self._attempt:
            self._attempt.cancel()
            self._attempt = None
        if self.state == "trying":
            self._become("ready")

    def seen(self) -> None:
        """The phone has shown that all is well: the hotspot closes soon."""
        self._window.close_within(_SEEN_S)

    def follow_up(self) -> None:
        """While the hotspot is open: the network that was given may lead to the cloud at last."""
        links = self._links
        if self.state == "ready" and self._given is not None and self._given == self.ssid:
            if links.link == "wifi" and links.reachability == "ok":
                if self._known.joined == self._given:
                    self._succeed()

    def _succeed(self):
        """The network that was given leads to the cloud."""
        self.result = "ok"
        self._window.leave_open(_UNSEEN_S)
        self._become("done")

    async def _try(self, ssid, key, delay_ms):
        await asyncio.sleep_ms(delay_ms)
        try:
            self.result = await self._join(ssid, key)
        except Exception as error:
            self._counters.count("provision.try")
            sys.print_exception(error)
            self.result = "failed"
        if self.result == "ok":
            self._succeed()
        else:
            self._become("ready")

    async def _join(self, ssid, key):
        """What came of it: a network that was joined is kept, wherever it leads."""
        links = self._links
        self._given = None
        result = await self._joining.join_given(ssid, key)
        if result == "ok":
            self._given = ssid
            links.choose_wifi()
            links.select_link()
            result = await links.check(self._radio)
            links.set_reachability(self._radio, result)
            links.select_link()
        return result

    def _become(self, state):
        self.state = state
        for listener in self._listeners:
            listener()
