"""What changes in the hotspot's page: the networks, the messages, what was typed. The rest is made
ahead (firmware/hotspot/pages/)."""

import portal_static

from system.modules import unload
from hotspot.credentials import CredentialError, check_name
from hotspot.gzip_parts import HEAD, Gzip

_STRENGTHS = (-55, -67, -75)  # dBm from which on a network is strong, good, fair
_REFRESH = b'<noscript><meta http-equiv="refresh" content="2"></noscript>'
# With the focus, so that a screen reader reads it: an alert that a page begins with is silent.
_NOTICE = b'<p class="note" id="note" tabindex="-1" autofocus role="alert">%s</p>'
_FIELD = b'value="%s"%s aria-describedby="%sabout-%s"'  # of the form
_WRONG = b' aria-invalid="true"'
_SERVICE = b"<p><a class=quiet href=%s>%s</a></p>"
_WRONG_NOW = b"<h2>%s</h2><ul class=soft lang=en>"
_UNUSUAL = b'<p class="soft">%s</p>'
_RADIO = b'<input type=radio name=ssid id="n%d" value="%s"%s><label class="n" for=n%d><b>'
_ISOLATED = "\u2068%s\u2069"  # a name whose letters may run the other way does not turn the rest


def escape(text: str) -> str:
    """`text` for HTML, also between quotes."""
    for character, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, name)
    return text


def texts_of(language: str) -> str:
    """The module with the texts in a language."""
    return "portal_" + language


class Page:
    """The page in one language, at one moment. `fillings`: texts for places of it, bytes; `rule`:
    the message that it begins with, its text's name; `values`: what the message names; `typed`:
    (name, key) that the form begins with, None for an empty one; no name: nothing is chosen;
    `wrong`: sentences that say what is wrong with the gateway."""

    def __init__(
        self,
        trial: Trial,
        language: str,
        fillings: dict[str, bytes],
        rule: str | None,
        values: Sequence[object],
        typed: tuple[str | None, str] | None,
        wrong: list[str],
    ):
        self._language = language
        self._texts = texts = __import__(texts_of(language))
        self._networks = trial.networks
        self._chosen, key = typed or (None, "")
        state = trial.state
        self._parts = {"ready": texts.FORM, "trying": texts.TRYING, "done": texts.DONE}[state]
        self._of_name = rule and (rule.startswith("name_") or rule == "not_found")
        self._fillings = fillings
        fillings["language"] = language.encode()
        fillings["refresh"] = _REFRESH if state == "trying" else b""
        fillings["notice"] = _NOTICE % self._message(rule, values) if rule else b""
        if state == "ready":
            service = fillings.get("service")
            link = _SERVICE % (service, self._text("service")) if service else b""
            fillings["wrong"] = link + self._wrong(wrong)
            of_key = rule and (rule.startswith("key_") or rule == "wrong_password")
            fillings["key"] = self._field(b"key", key, of_key)
            fillings["again"] = b"" if rule or not typed else b" autofocus"
        else:
            fillings["ssid"] = escape(trial.ssid or "").encode()
            unusual = _UNUSUAL % self._text("unusual") if trial.unusual else b""
            fillings["unusual"] = unusual

    def __iter__(self) -> Iterator[bytes | memoryview]:
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

    def close(self) -> None:
        """The page has been sent, or will not be."""
        unload("hotspot.gzip_parts", "hotspot.page", "portal_static", texts_of(self._language))

    def _rows(self):
        """The list's rows in pieces; where none is the network that is chosen, it was typed in."""
        chosen = self._chosen
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
            if name == self._chosen:
                checked, chosen = b" checked", None
            yield _RADIO % (number, shown, checked, number)
            yield b"%s</b>%s</label>" % (shown, self._strength(rssi))
        typed = chosen is not None
        self._fillings["other"] = self._field(b"name", chosen or "", typed and self._of_name)
        self._fillings["other_checked"] = b" checked" if typed else b""

    def _field(self, name, value, wrong):
        """What a field of the form begins with; `wrong`: the message is about it."""
        note = b"note " if wrong else b""
        return _FIELD % (escape(value).encode(), _WRONG if wrong else b"", note, name)

    def _wrong(self, sentences):
        if not sentences:
            return b""
        items = ["<li>" + escape(sentence) for sentence in sentences]
        return _WRONG_NOW % self._text("wrong") + "".join(items).encode() + b"</ul>"

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
        """A value of a message: a character by its number where it cannot be seen."""
        text = str(value)
        if len(text) == 1 and not 32 < ord(text) < 127 and not 0xA1 <= ord(text) < 0x2000:
            return b"U+%04X" % ord(text)
        if any(ord(character) > 0x58F for character in text):
            text = _ISOLATED % text
        return escape(text).encode()
