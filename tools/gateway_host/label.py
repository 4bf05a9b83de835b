"""The label of a gateway: its hotspot's name and password, and QR codes: with the first a phone
joins, the second is the page's address, the third the serial number.

Owns the sheet's layout and the factory's data. A4, eight labels of 99.1 x 67.7 mm. Texts are
outlines: no font of the machine that shows or prints them matters.
"""

from __future__ import annotations

import html
import json
import secrets
import string
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import segno
from littlefs import LittleFS

from gateway_host import image
from gateway_host.boards import data as boards
from gateway_host.errors import UserError
from gateway_host.label_sheet import LabelSheet

# The first four digits of a serial number, as the boards have them; the 4G Connect has no Wi-Fi.
ARTICLES = {
    "5010": "Genius",
    "5020": "Genius Flex",
    "5100": "Wi-Fi Connect",
    "5130": "Connect",
}
ALLOWED = string.ascii_letters + string.digits + "!#$%&'()*+,-./:;<>?@[^_`{|}~"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none can be taken for another
_KEY_LENGTH = 12
_SHEET = LabelSheet(2, 4, width=99.1, height=67.7, left=4.65, top=13.1, gap=2.5)
_EDGE = 3  # mm, at the right of texts
_UNITS = 2048  # of the font, for its size
_CAPTIONS = (
    ("Scan to connect to Wi-Fi", "No hotspot? Press the button briefly"),
    ("Scan om met wifi te verbinden", "Geen hotspot? Druk kort op de knop"),
    ("Scannez pour vous connecter au Wi-Fi", "Point d'accès absent ? Bref appui sur le bouton"),
    ("Scannen, um mit WLAN zu verbinden", "Kein Hotspot? Kurz die Taste drücken"),
)


@dataclass(frozen=True)
class Label:
    """`serial`: ten digits; `key`: the hotspot's password."""

    serial: str
    key: str

    @property
    def hotspot(self) -> str:
        """The hotspot's SSID, as the firmware makes it."""
        return f"Gateway-{self.serial}"

    @property
    def payload(self) -> str:
        """The QR code's text."""
        return f"WIFI:T:WPA;S:{escape(self.hotspot)};P:{escape(self.key)};;"

    @property
    def page(self) -> str:
        """Where the hotspot's page is, for a phone that does not open it by itself."""
        return f"http://{boards.hotspot_ip()}"

    @property
    def article(self) -> str:
        """What the gateway is called."""
        return ARTICLES[self.serial[:4]]


def escape(text: str) -> str:
    """A name or password for a Wi-Fi code."""
    return "".join("\\" + c if c in '\\;,":' else c for c in text)


def make(serial: str, key: str | None, folder: Path, built_in: str | None = None) -> Label:
    """The label, and the gateway's factory.json below `folder`, with the serial number and the
    password: that of an earlier label of the same serial number, `key`, or a new one; and a file
    system that holds it. built_in: the charger that it is a part of (docs/replacing.md). What an
    earlier label says beyond that stays. UserError where one of them cannot be."""
    if len(serial) != 10 or not (serial.isascii() and serial.isdecimal()):
        raise UserError(f"SERIAL={serial}: a serial number has ten digits, such as 5010000123")
    if serial[:4] not in ARTICLES:
        raise UserError(
            f"SERIAL={serial}: no gateway with Wi-Fi; those begin with {', '.join(ARTICLES)}"
        )
    factory = folder / serial / "factory.json"
    before = json.loads(factory.read_text(encoding="utf-8")) if factory.exists() else {}
    if key is None:
        key = before.get("hotspot_key")
    if key is None:
        key = "".join(secrets.choice(_ALPHABET) for _ in range(_KEY_LENGTH))
    if not 8 <= len(key) <= 20 or not set(key) <= set(ALLOWED):
        raise UserError(
            "KEY: a password has 8 to 20 characters, letters, digits and the signs of the manual"
        )
    factory.parent.mkdir(parents=True, exist_ok=True)
    table = before | {"serial": serial, "hotspot_key": key}
    if built_in:
        table["built_in"] = built_in
    text = json.dumps(table) + "\n"
    for path, data in ((factory, text.encode()), (factory.with_suffix(".littlefs"), _disk(text))):
        path.write_bytes(data)
        path.chmod(0o600)
    return Label(serial, key)


def _disk(factory: str) -> bytes:
    """The beginning of the partition `vfs` with factory.json in it; the rest is erased flash."""
    block = 4096
    system = LittleFS(block_size=block, block_count=image.partitions()["vfs"][1] // block)
    with system.open("factory.json", "wb") as file:
        file.write(factory.encode())
    used = bytes(system.context.buffer).rstrip(b"\xff")
    return used + b"\xff" * (-len(used) % block)


def sheet(labels: list[Label]) -> str:
    """The sheet as SVG; UserError for more labels than it has places."""
    if len(labels) > _SHEET.places:
        raise UserError(f"label: a sheet has {_SHEET.places} labels")
    return _SHEET.svg([_draw(label) for label in labels]) + "\n"


def _draw(label: Label) -> str:
    captions = "".join(
        text(50, 45.6 + 5.4 * k, 2.2, scan, "#222") + text(50, 48 + 5.4 * k, 2, press, "#555")
        for k, (scan, press) in enumerate(_CAPTIONS)
    )
    return (
        f'<rect x=".2" y=".2" width="{_SHEET.width - 0.4}" height="{_SHEET.height - 0.4}" '
        'rx="2.5" fill="none" stroke="#bbb" stroke-width=".2" stroke-dasharray="1 1"/>'
        '<rect x="5" y="5" width="9" height="9" rx="2.4" fill="#0b7a4b"/>'
        '<path transform="translate(6.3 6.3) scale(.266)" fill="#fff" '
        'd="M13 2 4 14h7l-1 8 9-12h-7z"/>'
        + text(16.5, 9.2, 5, label.article, face="bold")
        + text(16.5, 13.6, 3.6, label.serial, "#555")
        + _code(label.serial, 80, 2, 15)
        + _code(label.payload, 6, 15, 38)
        + _code(label.page, 4, 51.5, 15)
        + text(20, 57.5, 2.2, "Page · Pagina · Seite", "#555")
        + text(20, 61.8, 3.4, label.page, face="bold")
        + text(50, 21, 2.8, "Wi-Fi", "#555")
        + text(50, 25.5, 4, label.hotspot, face="bold")
        + text(50, 31.5, 2.3, "Password · Wachtwoord", "#555")
        + text(50, 34.3, 2.3, "Mot de passe · Passwort", "#555")
        + text(50, 39.5, 4.6, label.key, face="mono")
        + captions
    )


def _code(words: str, x: float, y: float, side: float) -> str:
    """A QR code with its quiet zone, in a square."""
    code = segno.make(words, error="m", micro=False)
    svg = code.svg_inline(omitsize=True, border=4, svgclass="code", lineclass=None)
    return svg.replace("<svg ", f'<svg x="{x}" y="{y}" width="{side}" height="{side}" ', 1)


def text(
    x: float, y: float, size: float, words: str, fill: str = "#000", face: str = "plain"
) -> str:
    """Words as outlines, which look the same everywhere; smaller where they would be too long."""
    glyphs = _font()[face]
    length = sum(glyphs[character][0] for character in words)
    scale = min(size, (_SHEET.width - _EDGE - x) * _UNITS / length) / _UNITS
    drawn, at = [], 0
    for character in words:
        advance, outline = glyphs[character]
        if outline:
            drawn.append(f'<path transform="translate({at} 0)" d="{outline}"/>')
        at += advance
    return (
        f'<g role="img" aria-label="{html.escape(words)}" fill="{fill}" '
        f'transform="translate({x} {y:.1f}) scale({scale:.6f} {-scale:.6f})">{"".join(drawn)}</g>'
    )


@cache
def _font() -> dict[str, dict[str, list]]:
    """Outlines of the fonts DejaVu (tools/label_font.py)."""
    return json.loads(Path(__file__).with_name("label_font.json").read_text(encoding="ascii"))
