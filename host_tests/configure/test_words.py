"""Every language has the same keys, filled in with the same values, and no text is forgotten."""

from __future__ import annotations

import re
import string
import tomllib

import pytest
from gateway_host.configure import words

TEXTS = tomllib.loads(words.SOURCE.read_text(encoding="utf-8"))
FOLDER = words.SOURCE.parent


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TEXTS)
def test_keys_and_places_are_those_of_english(language):
    for table, texts in TEXTS["en"].items():
        other = TEXTS[language][table]
        assert set(other) == set(texts), table
        for key, text in texts.items():
            assert other[key] and places(other[key]) == places(text), (table, key)


@pytest.mark.parametrize("language", [one for one in TEXTS if one != "en"])
def test_nothing_is_left_in_english(language):
    """But for names, and words that are the same."""
    same = [
        key
        for table in ("problem", "note", "page")
        for key, text in TEXTS["en"][table].items()
        if text == TEXTS[language][table][key] and len(text.split()) > 2 and not key[-1].isdigit()
    ]
    assert same == []


def test_every_text_is_used():
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in [*FOLDER.rglob("*.py"), *FOLDER.rglob("*.html")]
        + [FOLDER.parent / "commands" / "configure.py"]
    )
    stems = set(re.findall(r'"(\w+_)" ~|f"(\w+_)\{', sources))
    begun = tuple(one for pair in stems for one in pair if one)
    for table in ("problem", "note", "alternative", "page"):
        for key in TEXTS["en"][table]:
            assert re.search(rf"\b{key}\b", sources) or key.startswith(begun), (table, key)
