"""The hotspot's web site: what is answered to which request.

Owns the routes, the token of the form and the choice of language. What a phone asks by itself (is
there internet?) is sent to the page, which makes the phone open it.
"""

import os
from binascii import hexlify

from micropython import const

from hotspot.credentials import CredentialError, text_of
from hotspot.form import form
from hotspot.http_request import RequestError

_LANGUAGES = ("en", "nl", "fr", "de")  # the first where a phone speaks none of them
_TRYING_IN_MS = const(1000)  # the phone gets the next page before the radio changes its channel
_MAX_WRONG = const(5)  # sentences on the page
_FORM = "application/x-www-form-urlencoded"
_MISSING = ("/favicon.ico", "/wpad.dat")  # must not lead to a page
_TEXT = b"Content-Type: text/plain\r\n"


def language_of(accepted: str) -> str:
    """The language to answer in, by the value of Accept-Language (RFC 9110 section 12.5.4)."""
    best, most = _LANGUAGES[0], 0
    for one in accepted.split(","):
        name, _, quality = one.lower().partition(";")
        name = name.strip().replace("_", "-").split("-")[0]
        quality = quality.partition(";")[0].replace(" ", "")
        try:
            weight = float(quality[2:]) if quality.startswith("q=") else 1
        except ValueError:
            continue
        if name in _LANGUAGES and weight > most:
            best, most = name, weight
    return best


class Portal:
    """The site at `origin`: address, and port where it is not 80. trial: trial.Trial, which takes
    what the phone sends; serial: the gateway's, shown on the page; wrong: a function, sentences in
    English that say what is wrong with the gateway, the most serious first; service: what serves
    the commissioning page and knows the fingerprint of the site in use (installer.service_page),
    None where there is no site."""

    def __init__(
        self,
        trial: Trial,
        serial: str,
        origin: str,
        wrong: Callable[[], list[str]],
        service: ServicePage | None = None,
    ):
        self._trial = trial
        self._serial = serial
        self._origin = origin
        self._wrong = wrong
        self._service = service
        self._renew()

    def _renew(self):
        """A token is good for one use: who has an older page sends it in vain."""
        self._token = hexlify(os.urandom(8))

    async def handle(self, request: Request) -> HttpAnswer:
        """The answer to a request, as HttpServer takes it."""
        path = request.path.partition("?")[0]
        if path in _MISSING:
            return 404, _TEXT, b""
        # HTTP/1.0 has no Host; some name the port that needs no name.
        host = request.fields.get("host", self._origin)
        if host != self._origin and host != self._origin + ":80":
            return self._to_page(302)
        if self._service and self._service.has(path):
            return await self._service.answer(request, path)
        if request.method == "POST":
            if path in ("/join", "/scan"):
                return await self._act(request, path)
            return self._to_page(303)
        if request.method not in ("GET", "HEAD"):
            raise RequestError(405)
        if path == "/state":
            return 200, _TEXT, self._trial.state.encode()
        if path == "/":
            return self._page(request)
        return self._to_page(302)

    def _to_page(self, status):
        fields = b"Location: http://%s/\r\n" % self._origin.encode()
        return status, _TEXT + fields, b"This way to the gateway's page."

    async def _act(self, request, path):
        if not request.fields.get("content-type", "").lower().startswith(_FORM):
            raise RequestError(400)
        trial = self._trial
        if trial.state != "ready":
            return self._to_page(303)
        if int(request.fields.get("content-length", "0")) > len(request.body):
            return self._page(request, 413, "too_long")
        try:
            fields = form(request.body)
        except ValueError:
            raise RequestError(400)
        chosen = fields.get(b"ssid")
        name = chosen or fields.get(b"other", b"")
        # What was typed stays, for who has typed it.
        typed = (text_of(name) if name or chosen is not None else None,
                 text_of(fields.get(b"key", b"")))  # fmt: skip
        if fields.get(b"token") != self._token:
            return self._page(request, 403, "stale", typed=typed)
        self._renew()
        if path == "/scan":
            await trial.scan()
            if trial.state != "ready":
                return self._to_page(303)
            return self._page(request, typed=typed)
        if not name:
            return self._page(request, 200, "name_missing", typed=typed)
        try:
            trial.submit(typed[0] or "", typed[1], _TRYING_IN_MS)
        except CredentialError as error:
            return self._page(request, 200, error.rule, error.values, typed)
        return self._to_page(303)

    def _page(self, request, status=200, rule=None, values=(), typed=None):
        """The page as it is now. `rule`: what was wrong with what the phone has sent, a message's
        name, with its `values`; `typed`: (name or None, key) in its form. Without them the page
        shows the last result, if there is one."""
        trial = self._trial
        if trial.state == "done":
            if "text/html" in request.fields.get("accept", ""):  # not an app in the background
                trial.seen()
        elif rule is None and typed is None and trial.state == "ready":
            if trial.result:
                typed = (trial.ssid, "")
                rule, values = trial.result, typed[:1]
        # In memory only while a page is sent: trying credentials needs the room.
        from portal_static import FIELDS

        from hotspot.page import Page

        language = language_of(request.fields.get("accept-language", ""))
        fillings = {"serial": self._serial.encode(), "origin": self._origin.encode()}
        fillings["token"] = self._token
        about = self._serial
        if self._service:
            about += " " + self._service.fingerprint()
            fillings["service"] = self._service.PATH.encode()
        fillings["about"] = about.encode()
        wrong = self._wrong()[:_MAX_WRONG]
        return status, FIELDS, Page(trial, language, fillings, rule, values, typed, wrong)
