"""The links that may be used, which one is, where it leads (docs/connection-decisions.md). Owns
that choice; joins and dials nothing."""

from system.modules import unload

NOWHERE = ("captive", "router_page", "no_dns", "no_internet")
# What one look is enough for: a slow network may be silent once.
_CERTAIN = ("ok", "captive", "router_page", "address_clash")


class Links:
    """`link`: "ethernet", "wifi", "lte" or None; `reachability`: where it leads, what
    reachability.check() gives, None while unknown; `problem`: why there is no link, or None;
    `had_link`: whether there was one since power-up; `usable`: (name, link) of those that may be
    used, in the order of preference.

    hardware, board: the board's; settings: settings.Settings; networks: networks.Networks.
    """

    def __init__(
        self,
        hardware: BoardHardware,
        board: Board,
        settings: Settings,
        networks: Networks,
        counters: Counters,
    ):
        self.link: str | None = None
        self.reachability: str | None = None
        self.problem: str | None = None
        self.had_link = False
        self._hardware = hardware
        self._radio = hardware.radio
        self._settings = settings
        self._networks = networks
        self._counters = counters
        self._used: AnyLink | None = None  # the object of `link`
        self._avoided = None  # one that leads nowhere, while another one does better
        self._suspected = None  # what check() gave once
        names = board.LINKS
        links: dict[str, AnyLink | None]
        links = {"ethernet": hardware.ethernet, "wifi": hardware.radio, "lte": hardware.modem}
        chosen = settings.link
        if board.CHOOSES == "installer" and chosen and links.get(chosen):
            names = (chosen,)
        self.usable: list[tuple[str, AnyLink]] = [
            (name, link) for name in names if (link := links[name])
        ]
        self.select_link()

    def online(self) -> bool:
        """Whether a link is up."""
        return self._used is not None

    def name_server(self) -> str:
        """Address of the link's name server."""
        return self._used.name_server() if self._used else "0.0.0.0"

    def dbm(self) -> int | None:
        """What is received of the link, None where it has no radio."""
        return self._used.dbm() if self._used else None

    def describe(self) -> Table:
        """For people: which link, its signal, what is wrong."""
        return {
            "link": self.link,
            "dbm": self.dbm(),
            "leads": self.reachability,
            "problem": self.problem,
        }

    def select_link(self) -> bool:
        """Use the first link that has an address; whether it is another one than before."""
        up = [(name, link) for name, link in self.usable if link.connected()]
        good = [one for one in up if one[1] is not self._avoided]
        if len(good) in (0, len(up)):
            self._avoided = None  # it is alone, or gone
        name, link = (good or up or ((None, None),))[0]
        if link is self._used:
            return False
        self._used = link
        self.link = name
        self.reachability = self.problem = self._suspected = None
        if link:
            self.had_link = True
        else:
            self._counters.count("connection.lost")
        return True

    def leave_others(self) -> None:
        """Leave what is up beside the link: the chip would send through it, or it costs."""
        for other in (self._radio, self._hardware.modem):
            if self._used and other and other is not self._used and other.connected():
                other.leave()

    def choose_wifi(self) -> None:
        """Credentials were given: where the installer has chosen a link it is the Wi-Fi now."""
        if self._radio and self._settings.link is not None:
            self._networks.choose_wifi()
            self.usable = [("wifi", self._radio)]

    def set_problem(self, problem: str) -> None:
        """Why no link could be got."""
        if problem != self.problem:
            self._counters.count("connection." + problem)
        self.problem = problem

    def better(self) -> list[tuple[str, Link]]:
        """(name, link) of those to be got that may do better than the one that is used: what comes
        before it, and all others where it leads nowhere."""
        found = []
        for name, link in self.usable:
            if link is self._used:
                if self.reachability not in NOWHERE:
                    break
            elif link is not self._hardware.ethernet:  # a cable comes by itself
                found.append((name, link))
        return found

    async def check(self, link: Link) -> str:
        """Where the link leads: reachability.check()."""
        from net.reachability import check

        mqtt = self._settings.mqtt
        cloud = (mqtt["host"], mqtt["port"]) if mqtt else None
        try:
            hotspot_ip = self._radio.hotspot_ip if self._radio else None
            return await check(cloud, link.addresses(), self._hardware.probe, hotspot_ip)
        finally:
            unload("net.reachability")

    async def check_used(self) -> None:
        """Look where the link leads. To be cancelled where it is another one. What is not
        certain is believed when it is seen twice."""
        link = self._used
        if link is None:
            return
        found = await self.check(link)
        if link is self._radio or not self._radio or not self._radio.connected():
            # Else all goes through the radio, which is being tried.
            if found in _CERTAIN or found == self._suspected:
                self.set_reachability(link, found)
            self._suspected = found

    def set_in_cloud(self) -> None:
        """The cloud has accepted us: the link leads there."""
        self.set_reachability(self._used, "ok")

    def set_reachability(self, link: Link | None, found: str) -> None:
        """A link that is up leads there. One that leads somewhere is used in the place of one
        that does not."""
        if link is self._radio:
            self._networks.set_reachability(found in NOWHERE)
        if link is not self._used:
            if found == "ok" and self.reachability in NOWHERE:
                self._avoided = self._used
            return
        if found in NOWHERE:
            self._avoided = None  # it may do better now
        if found not in ("ok", self.reachability):
            self._counters.count("connection." + found)
        self.reachability = found
