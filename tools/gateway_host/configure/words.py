"""Words for messages and articles, in each language (text.toml). Owns how they are filled in."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from .problems import Message

SOURCE = Path(__file__).with_name("text.toml")


@cache
def _texts() -> dict[str, dict[str, Any]]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def languages() -> tuple[str, ...]:
    """Those that there are, English first."""
    return tuple(_texts())


class Words:
    """The words of one language."""

    def __init__(self, language: str = "en"):
        self.language = language
        self._of = _texts()[language]

    def page(self, key: str, **values: object) -> str:
        """A text of the page."""
        return self._of["page"][key].format(**values)

    def problem(self, message: Message) -> str:
        """What is wrong and what to do."""
        return self._of["problem"][message.key].format(**message.values)

    def note(self, message: Message) -> str:
        """What is said beside a result."""
        return self._of["note"][message.key].format(**message.values)

    def article(self, article: str) -> str:
        """An article's description."""
        return self._of["article"][article]

    def alternative(self, key: str) -> str:
        """What could be taken in an article's place: an article, or a text."""
        texts = self._of["alternative"]
        return texts[key] if key in texts else f"{key} ({self.article(key)})"
