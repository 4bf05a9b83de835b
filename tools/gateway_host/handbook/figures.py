"""The handbook's figures by name: the wiring of each scheme, arrows of CTs, the two buses."""

from __future__ import annotations

from collections.abc import Mapping

from gateway_host.configure.catalogue import A_BUS_M, B_BUS_M, MAX_MODULES, MAX_POINTS, SCHEMES

from .drawing import wiring
from .schemes import describe
from .sheet import CT, SOFT, Sheet, width_of

_ROLES = ("circuit", "solar", "battery")


def figures(words: Mapping[str, str]) -> dict[str, str]:
    """name: (SVG). words: a language's table `figure` of words.toml."""
    drawn = {f"scheme {name}": wiring(describe(name), words) for name in SCHEMES}
    return drawn | {"arrows": arrows(words), "buses": buses(words)}


def arrows(words: Mapping[str, str]) -> str:
    """Where the arrow of a CT points, and what the sign of the power says then."""
    rows = {
        role: [words[f"{role}_{part}"] for part in ("name", "arrow", "plus", "minus")]
        for role in ("grid", *_ROLES)
    }
    widths = {
        role: max(width_of(texts[0], 14), *map(width_of, texts[1:])) + 24
        for role, texts in rows.items()
        if role != "grid"
    }
    grid = max(map(width_of, rows["grid"])) + 24
    width = max(grid + 60, 30) + sum(widths.values()) + 16 * len(widths)
    sheet = Sheet(width, 236, words["arrows_title"])
    sheet.wire([(16, 24), (width - 40, 24)], "#111111")
    sheet.ct(grid / 2 + 14, 24, right=True)
    _note(sheet, 14, 62, grid, rows["grid"])
    x = grid + 40
    for role, room in widths.items():
        middle = x + room / 2
        sheet.wire([(middle, 24), (middle, 128)], "#111111")
        sheet.dot(middle, 24, "#111111")
        sheet.box(middle - 10, 40, 20, 22, fill="none")
        sheet.breaker(middle, 51)
        sheet.ct(middle, 96, right=False)
        _note(sheet, x, 128, room, rows[role])
        x += room + 16
    return sheet.svg()


def _note(sheet: Sheet, x: float, y: float, width: float, texts: list[str]) -> None:
    name, arrow, plus, minus = texts
    box = sheet.box(x, y, width, 98)
    sheet.text(x + width / 2, y + 23, name, box=box, size=14, bold=True)
    for k, (text, ink) in enumerate(((arrow, CT), (plus, SOFT), (minus, SOFT))):
        sheet.text(x + width / 2, y + 45 + 19 * k, text, box=box, ink=ink)


def buses(words: Mapping[str, str]) -> str:
    """What hangs on which bus, with the limits."""
    a_bus = words["a_limits"].format(metres=f"{A_BUS_M:g}", points=MAX_POINTS)
    b_bus = words["b_limits"].format(metres=f"{B_BUS_M:g}", modules=MAX_MODULES)
    top = [words["power_box"], "CT Hub", "CT Hub", "Solid Core", words["terminator"]]
    low = [words["input_module"], words["output_module"], words["meter"]]
    rooms = [max(96.0, width_of(text) + 20) for text in top]
    gap = 30
    left = max(width_of("Genius"), 110.0) + 20 + gap
    b_rooms = [max(96.0, width_of(text) + 20) for text in low]
    width = (
        14
        + left
        + max(
            sum(rooms) + gap * len(rooms),
            sum(b_rooms) + gap * len(b_rooms),
            width_of(a_bus) + 40,
            width_of(b_bus) + 40,
        )
    )
    sheet = Sheet(width, 192, words["buses_title"])
    box = sheet.box(14, 12, left - gap, 146, edge="#15803d", fill="#f0fdf4")
    middle = 14 + (left - gap) / 2
    sheet.text(middle, 80, words["gateway"], box=box, size=14, bold=True)
    sheet.text(middle, 102, words["to_internet"], box=box, ink=SOFT)
    edge = 14 + left - gap
    for y, name, rooms_of, texts, limits in (
        (34, "A", rooms, top, a_bus),
        (134, "B", b_rooms, low, b_bus),
    ):
        sheet.text(edge - 12, y + 5, name, box=box, bold=True, ink=CT)
        x = edge
        for room, text in zip(rooms_of, texts, strict=True):
            sheet.wire([(x, y), (x + gap, y)], "#1769d2")
            part = sheet.box(x + gap, y - 20, room, 40)
            sheet.text(x + gap + room / 2, y + 5, text, box=part)
            x += gap + room
        sheet.text(edge + gap, y + 40, limits, anchor="start", ink=SOFT)
    return sheet.svg()
