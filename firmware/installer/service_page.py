"""The commissioning page's place in the hotspot's site (docs/commissioning-page.md). Owns when its
modules are in memory: from the first request to the hotspot's end."""

from system.modules import SERVICE, unload


class Reach:
    """What the page sees and may do, functions all: the Site in use, pipeline.Measuring, the
    advice, the devices on the B-bus, all that is wrong as [(name, text)]; the commands "identify"
    and "scan", Service.edit, that the flash is written so often (Refused: too often)."""

    def __init__(
        self,
        site: Callable[[], Site],
        measuring: Callable[[], Measuring],
        advice: Callable[[], Any],
        devices: Callable[[], Sequence[Any]],
        texts: Callable[[], list[AdviceText]],
        identify: CarryOut,
        scan: Callable[[object], object],
        edit: EditSite,
        spend: Callable[[int], None],
    ):
        self.site = site
        self.measuring = measuring
        self.advice = advice
        self.devices = devices
        self.texts = texts
        self.identify = identify
        self.scan = scan
        self.edit = edit
        self.spend = spend


class ServicePage:
    """Answers requests for PATH and what lies below it. hardware: the board's; count: of
    errors."""

    PATH = "/wiring"

    def __init__(self, hardware: BoardHardware, count: Count, reach: Reach):
        self._hardware = hardware
        self._count = count
        self._reach = reach
        self._routes = None

    def fingerprint(self) -> str:
        """Of the site in use."""
        return self._reach.site().fingerprint

    def has(self, path: str) -> bool:
        """Whether a request with this path, without its query, is answered here."""
        return path == self.PATH or path.startswith(self.PATH + "/")

    async def answer(self, request: Request, path: str) -> HttpAnswer:
        """The answer, as HttpServer takes it. The request's Host was looked at."""
        if self._routes is None:
            from installer.routes import Routes

            self._routes = Routes(self._hardware, self._count, self._reach)
        return await self._routes.answer(request, path[len(self.PATH) :])

    def close(self) -> None:
        """The hotspot is closed."""
        self._routes = None
        unload(*SERVICE)
