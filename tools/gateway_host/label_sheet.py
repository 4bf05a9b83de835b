"""A sheet of labels as they are sold, A4: where each one is. Owns nothing of what is on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LabelSheet:
    """`width`, `height`: of a label; `left`, `top`: where the first one is; `gap`: between
    columns; all in mm."""

    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    gap: float

    @property
    def places(self) -> int:
        """How many labels it has."""
        return self.columns * self.rows

    def svg(self, labels: Sequence[str], attributes: str = "") -> str:
        """The sheet with these labels, each drawn from its upper left corner on; attributes: of
        the whole, behind a space."""
        placed = []
        for number, label in enumerate(labels):
            x = self.left + number % self.columns * (self.width + self.gap)
            y = self.top + number // self.columns * self.height
            place = f'transform="translate({x:.2f} {y:.2f})"'
            placed.append(f'<g class="label" {place}>{label}</g>')
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" '
            f'viewBox="0 0 210 297"{attributes}>'
            '<rect width="210" height="297" fill="#fff"/>' + "".join(placed) + "</svg>"
        )
