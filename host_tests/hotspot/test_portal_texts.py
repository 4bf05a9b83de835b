"""The texts of the hotspot's page: where no line may end, and spacing in French."""

from __future__ import annotations

import re
import tomllib

import pytest
from gateway_host.portal_pages import SOURCE

LANGUAGES = tomllib.loads((SOURCE / "text.toml").read_text(encoding="utf-8"))
NARROW, WIDE = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
UNITS = "k?Hz|[MG]Hz|dBm?|m?s|min|h|[kM]?W|[kM]?Wh|m?A|m?V|k?VA|%|mm|cm|km|m|kB|MB|°C|€"


def texts(language: str) -> list[str]:
    """All texts in this language."""
    words = LANGUAGES[language]
    found = [text for text in words.values() if isinstance(text, str)]
    return found + list(words["messages"].values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_and_its_unit_stay_on_one_line(language):
    """A no-break space between them (ISO 80000-1, 7.1.4); a line may end after a hyphen."""
    every = "\n".join(texts(language))
    assert not re.findall(rf"\d[ -](?:{UNITS})\b", every)
    assert len(re.findall(rf"2[.,]4{WIDE}GHz", every)) == 3
    counted = "bytes?|octets|characters|tekens|caractères|Zeichen"
    assert not re.findall(rf"(?:%s|\d) (?:{counted})", every)
    assert len(re.findall(rf"(?:place|plaats|Stelle){WIDE}%s", every)) == 2


def test_french_spacing():
    """Imprimerie nationale: a no-break space before a colon and inside quotation marks, a narrow
    one before a semicolon, an exclamation mark and a question mark."""
    for text in texts("fr"):
        for found in re.finditer(r"[;!?]", text):
            assert text[found.start() - 1] == NARROW, text
        for found in re.finditer(r":(?=\s|$)|»", text):
            assert text[found.start() - 1] == WIDE, text
        assert not re.search(f"«(?!{WIDE})", text), text


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"fr"}))
def test_no_line_begins_with_a_punctuation_mark(language):
    assert not re.findall(" [:;!?…»]", "\n".join(texts(language)))
