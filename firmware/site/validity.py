"""From when to when the certificates in settings.json are valid, and what is said of that, a month
ahead. Owns what was read of them."""

from micropython import const

from system.modules import unload

_AHEAD_S = const(30 * 86400)
_NAMES = {"certificate": "the gateway's own certificate", "ca": "the CA in mqtt.tls.ca"}
_EXPIRED = (
    "%s expired on %s: give a new one, by the command renew or, without a connection, in "
    "settings.json"
)
_EARLY = (
    "%s is not valid before %s: give one that is, or wait until then; or the gateway's clock is "
    "wrong"
)
_SOON = "%s expires on %s: renew it before, by the command renew"


class Validity:
    """`begins_s`: from when on it is valid, epoch s; 0 where there is none, or it cannot be read.

    mqtt: of settings.json or None; whoever renews the certificate changes it there. field: of its
    `tls`; "certificate", of which the first counts, or "ca", of which any will do."""

    def __init__(self, mqtt: Table | None, field: str):
        self._mqtt = mqtt or {}
        self._field = field
        self._read: str | None = None
        self._forget()
        self.look()

    def look(self) -> None:
        """Read it, where it is another one than before."""
        text = (self._mqtt.get("tls") or {}).get(self._field)
        if text == self._read:
            return
        self._forget()
        if text:
            self._take(text)
        self._read = text

    def wrong(self, now_s: int) -> str | None:
        """Why it is not valid at that time: a text, or None."""
        if self._ends_s is not None and now_s > self._ends_s:
            return _EXPIRED % (_NAMES[self._field], self._ends)
        if now_s < self.begins_s:
            return _EARLY % (_NAMES[self._field], self._begins)
        return None

    def texts(self, now_s: int | None) -> list[AdviceText]:
        """What is wrong with it, or soon will be: [(name, text)]; nothing while the time is not
        known."""
        if now_s is None or self._ends_s is None:
            return []
        text = self.wrong(now_s)
        if text is None and now_s > self._ends_s - _AHEAD_S:
            text = _SOON % (_NAMES[self._field], self._ends)
        return [("certificate", text)] if text else []

    def _forget(self):
        self.begins_s = 0
        self._ends_s: int | None = None
        self._begins = self._ends = ""

    def _take(self, text):
        from site.certificate import Certificate

        pieces = [text]
        if self._field == "ca":
            pieces = ["-----BEGIN " + piece for piece in text.split("-----BEGIN ")[1:]]
        for piece in pieces:
            try:
                found = Certificate(piece)
            except ValueError:
                continue  # whether it is one, mbedtls decides
            if self._ends_s is None or found.ends_s > self._ends_s:
                self._ends_s, self._ends = found.ends_s, found.ends
            if not self.begins_s or found.begins_s < self.begins_s:
                self.begins_s, self._begins = found.begins_s, found.begins
        unload("site.certificate")
