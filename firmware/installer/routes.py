"""What the commissioning page asks of the gateway, and its answers. Owns the routes, and how long
an answer may wait for a report."""

import asyncio
import sys

from micropython import const

from hotspot.http_server import RequestError
from hotspot.portal import language_of
from installer import values

_PAGE = "/installer/page.gz"
_PIECE = const(512)
_LOOK_MS = const(50)
_LOOKS = const(60)  # for a report that the phone does not have yet
_HTML = (
    b"Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
    b"X-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n"
    b"Content-Security-Policy: frame-ancestors 'none'\r\n"
)
_JSON = b"Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n"


class Routes:
    """As ServicePage; measuring: pipeline.Measuring."""

    def __init__(self, hardware: BoardHardware, site: Callable[[], Site], measuring: Measuring):
        self._hardware = hardware
        self._site = site
        self._measuring = measuring
        self._values = values.Values()

    async def answer(self, request: Request, path: str) -> HttpAnswer:
        """path: what follows the page's own."""
        if request.method not in ("GET", "HEAD"):
            raise RequestError(405)
        if path == "":
            return 200, _HTML, _page()
        if path == "/site":
            language = language_of(request.fields.get("accept-language", ""))
            return 200, _JSON, values.site(self._site(), self._hardware.serial, language)
        if path == "/now":
            await self._wait(request.path.partition("?after=")[2])
            return 200, _JSON, self._values.pieces()
        raise RequestError(404)

    async def _wait(self, after):
        """Until there is another report than the one that the phone has: at most 3 s."""
        if not after.isdigit():
            after = "-1"
        measuring = self._measuring
        for _ in range(_LOOKS):
            # While a report is worked through, its values are not whole.
            if not measuring.pending and str(measuring.reports) != after:
                break
            await asyncio.sleep_ms(_LOOK_MS)
        if not measuring.pending or self._values.number < 0:
            self._values.take(self._site(), measuring, self._hardware.now_ms())


def _page():
    """The page in pieces, as it lies in the flash."""
    for folder in sys.path:
        try:
            file = open(folder + _PAGE, "rb")
        except OSError:
            continue
        with file:
            while piece := file.read(_PIECE):
                yield piece
        return
