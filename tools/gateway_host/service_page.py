"""The commissioning page (docs/commissioning-page.md), made into one compressed file: style,
script and the texts of all languages in it. Owns nothing: image.py puts it into an image."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import tomllib

from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT
from gateway_host.portal_pages import squeeze, squeeze_style

SOURCE = ROOT / "firmware" / "installer" / "page"
PLACE = "installer/page.gz"  # in an image
LIMIT = 40_000  # bytes of the page and of all that it asks for

# In this order they are one script, closed to the outside.
_SCRIPTS = ("elements", "values", "findings", "devices", "report", "show", "commands", "gateway")
_POLICY = (
    "default-src 'none'; style-src '{style}'; script-src '{script}'; connect-src 'self'; "
    "img-src data:; form-action 'none'; base-uri 'none'"
)


def texts() -> dict[str, dict[str, str]]:
    """The texts by language; UserError where a language lacks one."""
    found = tomllib.loads(_read("text.toml"))
    for language, words in found.items():
        for key in words.keys() ^ found["en"].keys():
            raise UserError(f"firmware/installer/page/text.toml: {language}, {key}: add it")
    return found


def html() -> str:
    """The page as a browser gets it."""
    words = json.dumps(texts(), ensure_ascii=False, separators=(",", ":"))
    style = squeeze_style(_read("style.css"))
    script = squeeze(_script()).replace("TEXTS", words, 1)
    policy = _POLICY.format(style=_digest(style), script=_digest(script))
    page = squeeze(_read("page.html")).replace("{{policy}}", policy)
    return page.replace("{{style}}", style).replace("{{script}}", script)


def packed() -> bytes:
    """The same, compressed; always the same bytes."""
    return gzip.compress(html().encode(), 9, mtime=0)


def _script() -> str:
    parts = "".join(_read(f"script/{name}.js") for name in _SCRIPTS)
    return f"(() => {{\n{parts}}})();\n"


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    return (SOURCE / name).read_text(encoding="utf-8")
