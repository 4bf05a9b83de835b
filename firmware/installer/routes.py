"""What the commissioning page asks of the gateway, and its answers. Owns the routes, and how long
an answer waits for a report."""

import asyncio
import sys

from micropython import const

from hotspot.http_request import RequestError
from hotspot.portal import language_of
from cloud.json_pieces import compact
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
_COMMANDS = ("/apply", "/undo", "/identify", "/scan")


class Routes:
    """As ServicePage."""

    def __init__(self, hardware: BoardHardware, count: Count, reach: Reach):
        self._hardware = hardware
        self._count = count
        self._reach = reach
        self._values = values.Values()
        self._commands = None

    async def answer(self, request: Request, path: str) -> HttpAnswer:
        """path: what follows the page's own."""
        if path in _COMMANDS:
            return await self._carry_out(request, path[1:])
        if request.method not in ("GET", "HEAD"):
            raise RequestError(405)
        if path == "":
            return 200, _HTML, _page()
        site, commands = self._reach.site(), self._with_commands()
        if path == "/site":
            language = language_of(request.fields.get("accept-language", ""))
            said = self._hardware.serial, language, commands.token
            return 200, _JSON, values.site(site, *said)
        if path == "/now":
            await self._wait(request.path.partition("?after=")[2])
            return 200, _JSON, self._values.pieces()
        if path == "/findings":
            from installer import findings

            entries, job = commands.changes.entries, commands.job
            return 200, _JSON, findings.pieces(site.fingerprint, self._reach, entries, job)
        raise RequestError(404)

    async def _carry_out(self, request, name):
        from installer.commands import Wrong

        if request.method != "POST":
            raise RequestError(405)
        try:
            said = await self._with_commands().carry_out(request, name)
        except Wrong as wrong:
            name, text = wrong.said
            said = compact({"error": name, "text": text})
            return wrong.status, _JSON, said.encode()
        return 202, _JSON, said.encode()

    def _with_commands(self):
        if self._commands is None:
            from installer.commands import PhoneCommands

            self._commands = PhoneCommands(self._reach, self._now_s, self._count)
        return self._commands

    def _now_s(self):
        now_ms = self._hardware.now_ms()
        return now_ms and now_ms // 1000

    async def _wait(self, after):
        """Until there is another report than the one that the phone has: at most 3 s."""
        if not after.isdigit():
            after = "-1"
        measuring = self._reach.measuring()
        for _ in range(_LOOKS):
            # While a report is worked through, its values are not whole.
            if not measuring.pending and str(measuring.reports) != after:
                break
            await asyncio.sleep_ms(_LOOK_MS)
        if not measuring.pending or self._values.number < 0:
            self._values.take(self._reach.site(), measuring, self._hardware.now_ms())


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
