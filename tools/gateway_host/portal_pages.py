"""The portal's pages, made into firmware modules: texts filled in, compressed ahead.

Owns build/portal. `firmware/hotspot/pages/*.html` hold `{{key}}`, filled in here from text.toml
for each language, and `<<name>>`, filled in by the gateway. What lies between is compressed
here; the gateway joins the parts into one gzip member (firmware/hotspot/gzip_parts.py).
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import struct
import tomllib
import zlib
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

SOURCE = ROOT / "firmware" / "hotspot" / "pages"
_TEXTS = "firmware/hotspot/pages/text.toml"
MADE = ROOT / "build" / "portal"
COMMON = ("head", "foot")  # the same in every language
PAGES = ("form", "trying", "done")

_POLICY = "Content-Security-Policy"
_FIELDS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Encoding", "gzip"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
)
_POLYNOMIAL = 0xEDB88320  # of CRC-32 (RFC 1952), bits reversed


def make() -> list[Path]:
    """Write what is not up to date; the modules: portal_static.py and one for each language."""
    texts = _texts()
    style, script = squeeze_style(_read("style.css")), squeeze(_read("script.js"))
    assets = {"style": style, "script": script}
    modules = {"portal_static": _static(assets)}
    for language, words in texts.items():
        parts = {page.upper(): compile_parts(_read(f"{page}.html"), words) for page in PAGES}
        # One constant: a table would take heap for each of its texts.
        lines = "".join(f"\n{key}={text}" for key, text in words["messages"].items()) + "\n"
        messages = {"MESSAGES": lines.encode()}
        modules[f"portal_{language}"] = _module(f"The portal in {language!r}.", parts | messages)
    MADE.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in modules.items():
        path = MADE / f"{name}.py"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def compile_parts(template: str, words: dict[str, str]) -> tuple[bytes | str, ...]:
    """A template as what the gateway sends: bytes are compressed (see `compressed`), a text is the
    name of what the gateway fills in."""
    filled = re.sub(r"\{\{(\w+)\}\}", lambda match: words[match[1]], squeeze(template))
    pieces = re.split(r"<<(\w+)>>", filled)
    return tuple(
        piece if i % 2 else compressed(piece.encode()) for i, piece in enumerate(pieces) if piece
    )


def compressed(data: bytes) -> bytes:
    """CRC-32, length, x ** (8 * length) modulo the CRC's polynomial, 4 bytes each, low byte first;
    then whole blocks of deflate (RFC 1951) that end on a byte and are not the last."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    blocks = deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
    power = 0x80000000  # x ** 0
    for _ in range(8 * len(data)):
        power = (power >> 1) ^ (_POLYNOMIAL if power & 1 else 0)
    return struct.pack("<3I", zlib.crc32(data), len(data), power) + blocks


def _static(assets: dict[str, str]) -> str:
    parts = {name.upper(): compile_parts(_read(f"{name}.html"), assets) for name in COMMON}
    style, script = (
        base64.b64encode(hashlib.sha256(assets[name].encode()).digest()).decode()
        for name in ("style", "script")
    )
    policy = (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    fields = "".join(f"{name}: {value}\r\n" for name, value in (*_FIELDS, (_POLICY, policy)))
    return _module("What the portal's pages share.", parts | {"FIELDS": fields.encode()})


def _module(doc: str, constants: dict) -> str:
    lines = [f'"""{doc} Made by tools/gateway_host/portal_pages.py."""', ""]
    lines += [f"{name} = {value!r}" for name, value in constants.items()]
    return "\n".join(lines) + "\n"


def _read(name: str) -> str:
    return (SOURCE / name).read_text(encoding="utf-8")


def squeeze(text: str) -> str:
    """A text without what begins and ends its lines, and without empty ones."""
    return re.sub(r"\s*\n\s*", "\n", text).strip()


def squeeze_style(text: str) -> str:
    """A style sheet without the blanks that mean nothing."""
    return re.sub(r"\s*([{};])\s*", r"\1", squeeze(text)).replace(";}", "}")


def _texts() -> dict[str, dict]:
    """The texts by language, ready for HTML; UserError where a language differs from English."""
    texts = tomllib.loads(_read("text.toml"))
    for language, words in texts.items():
        for here, there in ((words, texts["en"]), (words["messages"], texts["en"]["messages"])):
            for key in here.keys() ^ there.keys():
                raise UserError(f"{_TEXTS}: {key} is not in every language")
            for key, text in here.items():
                if isinstance(text, str):
                    if re.findall("%.?", text) != re.findall("%.?", there[key]):
                        raise UserError(f"{_TEXTS}: {language}, {key}: check %")
                    here[key] = html.escape(text, quote=False).replace('"', "&quot;")
    return texts
