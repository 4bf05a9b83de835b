"""The handbook's tables, each from the one place where what it says lives: the boards' data, the
catalogues, the phone's texts, and the firmware's sentences with their rows (troubles.py)."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway_host import portal_pages
from gateway_host.boards.table import MEANINGS, data
from gateway_host.configure.catalogue import CTS, GATEWAYS, SCHEMES
from gateway_host.configure.words import SOURCE as CONFIGURATOR_TEXTS
from gateway_host.image import boards
from gateway_host.sim.catalogue import PHASES

from . import spoken, troubles
from .schemes import describe

COMMISSIONING = spoken.FIRMWARE / "installer" / "page" / "text.toml"
_LEAST_WORDS = 4  # of a text of the phone that explains something
_OVER = 1.5  # times its rated current: what a CT measures


def tables(language: str, words: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """name: HTML. words: a language of words.toml."""
    made = _Maker(language, words)
    found = {name: made.sentences(name) for name in troubles.TABLES}
    found |= {f"connections {scheme}": made.connections(scheme) for scheme in SCHEMES}
    own: dict[str, Callable[[], str]] = {
        "schemes": made.schemes,
        "pairs": made.pairs,
        "sensors": made.sensors,
        "articles": made.articles,
        "links": made.links,
        "led": made.led,
        "button": made.button,
        "devices": made.devices,
        "phone": made.phone,
        "commissioning": made.commissioning,
        "refusals": made.refusals,
    }
    return found | {name: make() for name, make in own.items()}


class _Maker:
    def __init__(self, language: str, words: Mapping[str, Mapping[str, str]]) -> None:
        self._language = language
        self._words = words["table"]
        self._boards = words["board"]

    def sentences(self, table: str) -> str:
        """What the gateway says, and what to do."""
        rows = []
        for row in troubles.read()[table]:
            says = _quote(troubles.sentence(row))
            says += "".join(
                f"<br><small>{self._words['also']}</small> {_quote(_piece(text))}"
                for text in row.get("also", ())
            )
            do = row[self._language]
            if self._language == "nl":
                do = f"<i>{_text(row['dutch'])}</i><br>{_text(do)}"
            else:
                do = _text(do)
            rows.append((f"{says}<br><small>{_text(row['name'])}</small>", do))
        return _table((self._words["says"], self._words["do"]), rows, kind="said")

    def connections(self, scheme: str) -> str:
        """How each load of a scheme is measured."""
        head = (self._words["connected"], self._words["around"], self._words["set_to"])
        rows = []
        for circuit in describe(scheme).circuits:
            name = circuit.name.replace("+", " + ").replace("-", " – ")
            around = "<br>".join(line for line, _ in circuit.cts)
            rows.append((name, around, "<br>".join(phase for _, phase in circuit.cts)))
        return _table(head, rows, kind="whole")

    def schemes(self) -> str:
        """Voltages and colours of all."""
        head = [
            self._words[key] for key in ("scheme", "line_to_neutral", "line_to_line", "colours")
        ]
        rows = []
        for scheme in SCHEMES:
            known = describe(scheme)
            colours = ", ".join(
                f"{name} {self._words[f'colour_{known.colours[name]}']}"
                for name in known.conductors
            )
            volts = (f"{volt} V" if volt else "-" for volt in known.volts)
            rows.append(
                (f'<a href="#scheme-{slug(scheme)}">{spaced(scheme)}</a>', *volts, colours)
            )
        return _table(head, rows)

    def pairs(self) -> str:
        """What a configured phase stands for in delta."""
        head = [self._words[key] for key in ("set_as", "between", "around")]
        rows = [
            (phase, f"{PHASES[first]} – {PHASES[second or 0]}", PHASES[first])
            for phase, (first, second) in SCHEMES["3x230"].ends.items()
        ]
        return _table(head, rows, kind="whole")

    def sensors(self) -> str:
        """All current sensors."""
        head = [self._words[key] for key in ("article", "kind", "rated", "beyond", "opening")]
        rows = [
            (ct.article, self._words[ct.kind], f"{ct.rated:g} A", f"{ct.rated * _OVER:g} A",
             f"{ct.opening_mm:g} mm")
            for ct in CTS
        ]  # fmt: skip
        return _table(head, rows)

    def articles(self) -> str:
        """What can be ordered."""
        source = CONFIGURATOR_TEXTS.read_text(encoding="utf-8")
        described = tomllib.loads(source)[self._language]["article"]
        rows = [
            (name if any(map(str.isdigit, name)) else "", _text(text))
            for name, text in described.items()
        ]
        return _table((self._words["article"], self._words["description"]), rows)

    def links(self) -> str:
        """What each gateway reaches the internet by."""
        head = [self._words[key] for key in ("gateway", "link", "chooses", "modules")]
        rows = []
        for name in _boards():
            board = data(name)
            rows.append((
                self._boards[name],
                ", ".join(self._boards[link] for link in board["LINKS"]),
                self._words[f"by_{board['CHOOSES']}"] if len(board["LINKS"]) > 1 else "-",
                self._words["yes" if board["HAS_B_MODULES"] else "no"],
            ))  # fmt: skip
        return _table(head, rows)

    def led(self) -> str:
        """Each sight of the LED: on which gateways, what it means there."""
        seen: dict[tuple[str, str], list[str]] = {}
        for state in MEANINGS:
            for name in _boards():
                board = data(name)
                if state in board["LED"]:
                    longest = board["MAX_STATE_S"].get(state)
                    limit = self._words["at_most"].format(seconds=longest) if longest else ""
                    shown = f"{self._sight(*board['LED'][state])}|{limit}"
                    seen.setdefault((state, shown), []).append(self._boards[name])
        rows = []
        for (state, shown), names in seen.items():
            sight, limit = shown.split("|")
            limit = f"<br><small>{limit}</small>" if limit else ""
            meaning = _text(troubles.read()["led"][state][self._language])
            rows.append((sight + limit, ", ".join(names), meaning))
        return _table([self._words[key] for key in ("led", "gateways", "meaning")], rows)

    def button(self) -> str:
        """What a held button shows, until all is reset."""
        rows = []
        for name in _boards():
            stages = (
                self._words["held"].format(
                    colour=self._dot(colour) + self._words[f"colour_{colour}"], seconds=seconds
                )
                for colour, seconds in data(name)["RESET"]
            )
            rows.append((self._boards[name], ", ".join(stages)))
        return _table((self._words["name"], self._words["button"]), rows, kind="whole")

    def devices(self) -> str:
        """The LEDs of what hangs on the buses."""
        rows = [
            (row["device"], row["shows"][self._language], _text(row[self._language]))
            for row in troubles.read()["devices"]
        ]
        head = [self._words[key] for key in ("device", "led", "do")]
        return _table(head, rows)

    def phone(self) -> str:
        """What the hotspot's page says of what went wrong, in the phone's language."""
        source = (portal_pages.SOURCE / "text.toml").read_text(encoding="utf-8")
        texts = tomllib.loads(source)[self._language]["messages"]
        return _table(
            (self._words["phone"],),
            [
                (_text(troubles.readable(text)),)
                for text in texts.values()
                if len(text.split()) >= _LEAST_WORDS and text[-1] in ".?"
            ],
        )

    def commissioning(self) -> str:
        """What the commissioning page says in words, in the phone's language."""
        texts = tomllib.loads(COMMISSIONING.read_text(encoding="utf-8"))
        own = dict(_flat(texts[self._language]))
        rows = [
            (_text(troubles.readable(own[key])),)
            for key, text in _flat(texts["en"])
            if len(text.split()) >= spoken.SENTENCE
        ]
        return _table((self._words["phone"],), rows)

    def refusals(self) -> str:
        """What a site.json is refused with."""
        dutch = troubles.read()["refused"]
        rows = []
        for text in spoken.refusals():
            said = _quote(troubles.readable(text))
            if self._language == "nl":
                said += f"<br><i>{_text(dutch[text])}</i>"
            rows.append((said,))
        return _table((self._words["refused"],), rows)

    def _sight(self, colour: str, pattern: str) -> str:
        words = self._words[f"colour_{colour}"], self._words[f"pattern_{pattern}"]
        return self._dot(colour) + " ".join(words)

    @staticmethod
    def _dot(colour: str) -> str:
        return f'<span class="led {colour}"></span>'


def _flat(texts: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """(key, text) of all texts in a table, and in those inside it."""
    for key, value in texts.items():
        if isinstance(value, str):
            yield above + key, value
        elif isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")


def slug(scheme: str) -> str:
    """A scheme's name as an anchor."""
    return re.sub(r"\W+", "-", scheme.lower()).strip("-")


def spaced(scheme: str) -> str:
    """A scheme's name for people: 3 × 400 V + N."""
    phases, _, rest = scheme.partition("x")
    volts, plus, neutral = rest.partition("+")
    return f"{phases} × {volts} V" + (f" + {neutral}" if plus else "")


def _boards() -> list[str]:
    """Those of gateways that are sold, in the catalogue's order."""
    order = {gateway.kind: k for k, gateway in enumerate(GATEWAYS.values())}
    names = [name for name in boards() if name != "SIMULATOR" and "PUBLIC" not in data(name)]
    return sorted(names, key=lambda name: order[data(name)["ARTICLE_TYPE"]])


def _quote(text: str) -> str:
    return f'<q lang="en">{html.escape(text.strip(), quote=False)}</q>'


def _text(text: str) -> str:
    return re.sub(r"`(.+?)`", r"<code>\1</code>", html.escape(text, quote=False))


def _piece(text: str) -> str:
    """What a sentence may have in another place, or at its end."""
    text = troubles.readable(text).strip()
    return text if text[0].isalnum() or text[0] == "…" else f"… {text}"


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]], kind: str = "") -> str:
    """kind: `said`, sentences and what to do; `whole`, on one page."""
    heads = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll {kind}" tabindex="0"><table>\n<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )
