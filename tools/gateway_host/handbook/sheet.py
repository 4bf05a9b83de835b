"""A drawing as SVG: boxes, wires, rings and texts. Owns the marks that a test looks for.

Every text names the box that it must stay in; `host_tests/handbook/test_figures.py` measures that
in a browser.
"""

from __future__ import annotations

import html

INK, SOFT, CT = "#1f2937", "#5b6675", "#c2410c"
FONT = 13
FONTS = "Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_WIDTH = 0.62  # of a character, in its size: the widest of the usual fonts (DejaVu Sans)
_ARROW = 10


def width_of(text: str, size: float = FONT) -> float:
    """How wide a text is at the most."""
    return len(text) * size * _WIDTH


class Sheet:
    """A drawing of `width` x `height` points."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self._size = (width, height)
        self._title = title
        self._parts: list[str] = []
        self._boxes = 0

    def svg(self) -> str:
        """The drawing."""
        width, height = self._size
        title = html.escape(self._title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'style="min-width:{width * 0.8:g}px;max-width:{width:g}px" role="img" '
            f'font-family="{FONTS}" aria-label="{title}">\n'
            f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>\n'
            + "\n".join(self._parts)
            + "\n</svg>"
        )

    def box(
        self, x: float, y: float, width: float, height: float,
        *, edge: str = INK, fill: str = "#fff", data: str = "",
    ) -> str:  # fmt: skip
        """A box; its name for text()."""
        self._boxes += 1
        name = f"b{self._boxes}"
        self._parts.append(
            f'<rect data-box="{name}"{data} x="{x:g}" y="{y:g}" width="{width:g}" '
            f'height="{height:g}" rx="5" fill="{fill}" stroke="{edge}" stroke-width="1.5"/>'
        )
        return name

    def text(
        self, x: float, y: float, text: str,
        *, box: str = "", size: float = FONT, anchor: str = "middle", bold: bool = False,
        ink: str = INK,
    ) -> None:  # fmt: skip
        """A text on the line y."""
        inside = f' data-in="{box}"' if box else ""
        weight = ' font-weight="bold"' if bold else ""
        self._parts.append(
            f'<text{inside} x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}"'
            f'{weight} fill="{ink}">{html.escape(text)}</text>'
        )

    def wire(self, points: list[tuple[float, float]], ink: str, *, data: str = "") -> None:
        """A conductor; a light one has dark edges."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        for colour, width in (("#374151", 4.5), (ink, 3.0)) if ink == "#ffffff" else ((ink, 3.0),):
            self._parts.append(
                f'<polyline{data} points="{path}" fill="none" stroke="{colour}" '
                f'stroke-width="{width:g}"/>'
            )

    def dot(self, x: float, y: float, ink: str) -> None:
        """A joint of two wires."""
        ink = "#374151" if ink == "#ffffff" else ink
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="4.5" fill="{ink}"/>')

    def ct(self, x: float, y: float, *, right: bool, data: str = "") -> None:
        """A CT around a wire, with its arrow: to the right, or down."""
        rx, ry = (5, 10) if right else (10, 5)
        self._parts.append(
            f'<ellipse{data} data-arrow="{"right" if right else "down"}" cx="{x:g}" cy="{y:g}" '
            f'rx="{rx}" ry="{ry}" fill="none" stroke="{CT}" stroke-width="3.5"/>'
        )
        if right:
            self.arrow((x - _ARROW, y + 13), (x + _ARROW, y + 13))
        else:
            self.arrow((x + 14, y - _ARROW), (x + 14, y + _ARROW))

    def arrow(
        self, start: tuple[float, float], end: tuple[float, float], *, ink: str = CT
    ) -> None:
        """To the right, to the left or down."""
        (x1, y1), (x, y) = start, end
        sign = -1 if x < x1 else 1
        tip = (
            f"{x - 6 * sign:g},{y - 4:g} {x:g},{y:g} {x - 6 * sign:g},{y + 4:g}"
            if y == y1
            else f"{x - 4:g},{y - 6:g} {x:g},{y:g} {x + 4:g},{y - 6:g}"
        )
        self._parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x:g}" y2="{y:g}" stroke="{ink}" '
            f'stroke-width="2"/><polygon points="{tip}" fill="{ink}"/>'
        )

    def breaker(self, x: float, y: float, *, across: bool = False) -> None:
        """A pole of a breaker, on a wire that goes down, or across."""
        dx, dy = (7, -6) if across else (6, 7)
        self._parts.append(
            f'<line x1="{x - dx:g}" y1="{y - dy:g}" x2="{x + dx:g}" y2="{y + dy:g}" '
            f'stroke="{INK}" stroke-width="1.5"/>'
        )

    def transformer(self, x: float, y: float) -> None:
        """A voltage transformer in a wire that goes down: two windings."""
        for dy in (-6, 6):
            self._parts.append(
                f'<circle cx="{x:g}" cy="{y + dy:g}" r="9" fill="none" stroke="{INK}" '
                'stroke-width="1.5"/>'
            )
