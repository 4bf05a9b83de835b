"""The commissioning page's place in the hotspot's site (docs/commissioning-page.md). Owns when its
modules are in memory: from the first request to the hotspot's end."""

from system.modules import SERVICE, unload


class ServicePage:
    """Answers requests for PATH and what lies below it. hardware: the board's; site,
    measuring: functions, the Site in use and the pipeline.Measuring."""

    PATH = "/wiring"

    def __init__(
        self,
        hardware: BoardHardware,
        site: Callable[[], Site],
        measuring: Callable[[], Measuring],
    ):
        self._hardware = hardware
        self._site = site
        self._measuring = measuring
        self._routes = None

    def fingerprint(self) -> str:
        """Of the site in use."""
        return self._site().fingerprint

    def has(self, path: str) -> bool:
        """Whether a request with this path, without its query, is answered here."""
        return path == self.PATH or path.startswith(self.PATH + "/")

    async def answer(self, request: Request, path: str) -> HttpAnswer:
        """The answer, as HttpServer takes it. The request's Host was looked at."""
        if self._routes is None:
            from installer.routes import Routes

            self._routes = Routes(self._hardware, self._site, self._measuring())
        return await self._routes.answer(request, path[len(self.PATH) :])

    def close(self) -> None:
        """The hotspot is closed."""
        self._routes = None
        unload(*SERVICE)
