"""Labels to print: one for each sensor's lead, each device and each end of a bus cable.

Owns the sheet: A4, 65 labels of 38.1 x 21.2 mm, as they are sold.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from gateway_host.label_sheet import LabelSheet

from .design import Result
from .wiring import buses, rows

_SHEET = LabelSheet(5, 13, width=38.1, height=21.2, left=4.75, top=10.7, gap=2.5)
_MARGIN = 2.2
_SIZES = (3.6, 2.9, 2.6)  # mm, of a label's three lines
_WIDE = 0.62  # of a character, over its size


def texts(result: Result) -> Iterator[tuple[str, str, str]]:
    """The three lines of each label; room for a serial number that is not known yet."""

    def known(name: str, serial: str) -> str:
        return "_" * 10 if name in result.standing_in else serial

    for row in rows(result):
        yield f"{row.device} · {row.input}", row.load, f"{row.line} · {row.ct}"
    for unit in result.units:
        yield unit.name, result.plan.name, known(unit.name, unit.serial)
        if unit.head_name != unit.name:
            yield unit.head_name, unit.name, known(unit.head_name, unit.head)
        for device in (*unit.group.devices, *unit.modules):
            board = result.plan.boards[device.board].name
            yield device.name, board, known(device.name, device.serial)
    for bus in buses(result):
        for one in bus.segments:
            for here, there in ((one.start, one.end), (one.end, one.start)):
                yield f"{bus.name} → {there}", here, f"{one.metres:g} m"


def sheets(result: Result) -> list[str]:
    """The sheets as SVG."""
    labels = [_draw(lines) for lines in texts(result)]
    size = _SHEET.places
    return [
        _SHEET.svg(labels[k : k + size], ' font-family="sans-serif"')
        for k in range(0, len(labels), size)
    ]


def page(result: Result, title: str) -> str:
    """All sheets as one page that prints at its true size."""
    return (
        "<!doctype html>\n<html><head><meta charset='utf-8'>"
        f"<title>{html.escape(title)}</title><style>@page {{ size: A4; margin: 0 }} "
        "body { margin: 0 } svg { display: block; break-after: page }</style></head>"
        f"<body>{''.join(sheets(result))}</body></html>\n"
    )


def _draw(lines: tuple[str, str, str]) -> str:
    drawn, y = [], 0.0
    for number, (text, size) in enumerate(zip(lines, _SIZES, strict=True)):
        y += size + (2.6 if number == 0 else 2.0)
        room = _SHEET.width - 2 * _MARGIN
        squeezed = len(text) * size * _WIDE > room
        fit = f' textLength="{room:.1f}" lengthAdjust="spacingAndGlyphs"' if squeezed else ""
        weight = ' font-weight="bold"' if number == 0 else ""
        drawn.append(
            f'<text x="{_MARGIN}" y="{y:.1f}" font-size="{size}"{weight}{fit}>'
            f"{html.escape(text)}</text>"
        )
    frame = f'<rect width="{_SHEET.width}" height="{_SHEET.height}" rx="1.5" fill="none" '
    return frame + 'stroke="#ccc" stroke-width=".1"/>' + "".join(drawn)
