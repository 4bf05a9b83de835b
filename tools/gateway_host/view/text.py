"""Pieces of text that the view is put together from, and the styles that they share."""

from __future__ import annotations

from rich.text import Text

from gateway_host.view import units

EXPORT = "green"  # negative power
FAULT = "bold red"
LABEL = "dim"

_SEPARATOR = "  "


def line_of(parts: list[Text], width: int) -> Text:
    """As many of the parts, in their order, as fit into the width."""
    line = Text(no_wrap=True, overflow="ellipsis", end="\n")
    for part in parts:
        gap = _SEPARATOR if line.plain else ""
        if line.plain and line.cell_len + len(gap) + part.cell_len > width:
            continue
        line.append(gap).append_text(part)
    line.truncate(width, overflow="ellipsis")
    return line


def labelled(label: str, value: str) -> Text:
    """A dim label and its value."""
    return Text.assemble((f"{label} " if label else "", LABEL), value)


def counted(label: str, number: int) -> Text:
    """A label and a count that is yellow when it is not 0."""
    return Text.assemble((f"{label} ", LABEL), (str(number), "yellow" if number else ""))


def sign(value: float | None) -> str:
    """The style of a power or energy: export green, not measured red."""
    if value is None:
        return FAULT
    return EXPORT if round(value) < 0 else ""


def number(value: float | None, form: str) -> str:
    """The value in the given format, or an en dash for None."""
    return units.NOTHING if value is None else format(value, form)
