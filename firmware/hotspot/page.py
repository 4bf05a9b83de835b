"""What changes in the hotspot's page: the networks, the messages, the token. The rest is made
ahead (firmware/hotspot/pages/)."""

import portal_static

from system.modules import unload
from hotspot.credentials import CredentialError, check_name
from hotspot.gzip_parts import HEAD, Gzip

_STRENGTHS = (-55, -67, -75)  # dBm from which on a network is strong, good, fair
_REFRESH = b'<noscript><meta http-equiv="refresh" content="2"></noscript>'
_NOTICE = b'<p class="note" role="alert">%s</p>'


def escape(text):
    """`text` for HTML, also between quotes."""
    for character, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, name)
    return text


def texts_of(language):
    """The module with the texts in a language."""
    return "portal_" + language


class Page:
    """The page in one language, at one moment. `rule`: the message that it begins with, its
    text's name; `values`: what the message names."""

    def __init__(self, provisioning, language, serial, token, rule=None, values=()):
        self._language = language
        self._texts = texts = __import__(texts_of(language))
        self._networks = provisioning.networks
        self._ssid = ssid = provisioning.ssid or ""
        state = provisioning.state
        self._parts = {"ready": texts.FORM, "trying": texts.TRYING, "done": texts.DONE}[state]
        self._fillings = {
            "language": language.encode(),
            "serial": serial.encode(),
            "token": token,
            "refresh": _REFRESH if state == "trying" else b"",
            "notice": _NOTICE % self._message(rule, values) if rule else b"",
            "ssid": escape(ssid).encode(),
            "other": escape(ssid).encode(),  # until a row is found to be it
            "other_checked": b" checked" if ssid else b"",
        }

    def __iter__(self):
        """The whole page, a gzip member in pieces."""
        gzip = Gzip()
        yield HEAD
        for half in (portal_static.HEAD, self._parts, portal_static.FOOT):
            for part in half:
                if isinstance(part, bytes):
                    yield gzip.part(part)
                elif part == "networks":
                    for text in self._rows():
                        yield gzip.text(text)
                else:
                    yield gzip.text(self._fillings[part])
        yield gzip.tail()

    def close(self):
        """The page has been sent, or will not be."""
        unload("hotspot.gzip_parts", "hotspot.page", "portal_static", texts_of(self._language))

    def _rows(self):
        if not self._networks:
            yield b'<div class="n x"><small>%s</small></div>' % self._text("none")
        for number, (name, rssi, security) in enumerate(self._networks):
            try:
                check_name(name, security)
            except CredentialError as error:
                yield b'<div class="n x"><b>%s</b>' % (
                    escape(name).encode() or self._text("hidden_name")
                )
                yield self._strength(rssi)
                yield b"<small>%s</small></div>" % self._message(error.rule, error.values)
                continue
            shown = escape(name).encode()
            checked = b""
            if name == self._ssid:
                checked = b" checked"
                self._fillings["other"] = self._fillings["other_checked"] = b""
            yield b'<input type="radio" name="ssid" id="n%d" value="%s"%s>' % (
                number,
                shown,
                checked,
            )
            yield b'<label class="n" for="n%d"><b>%s</b>' % (number, shown)
            yield self._strength(rssi)
            yield b"</label>"

    def _strength(self, rssi):
        steps = 4 - sum(rssi < step for step in _STRENGTHS)
        words = self._text("strength_%d" % steps)
        return b'<i class="s s%d" role="img" aria-label="%s"></i>' % (steps, words)

    def _message(self, rule, values):
        words = tuple(self._describe(value) for value in values)
        return self._text(rule) % words if words else self._text(rule)

    def _text(self, key):
        """A text of the language: those of pages/text.toml, as lines `key=text`."""
        texts = self._texts.MESSAGES
        key = b"\n%s=" % key.encode()
        begin = texts.index(key) + len(key)
        return texts[begin : texts.index(b"\n", begin)]

    def _describe(self, value):
        """A value of a message: a character by name where it cannot be seen."""
        text = str(value)
        if text == " ":
            return self._text("space")
        if len(text) == 1 and not 32 < ord(text) < 127 and not 0xA1 <= ord(text) < 0x2000:
            return b"U+%04X" % ord(text)
        return escape(text).encode()
