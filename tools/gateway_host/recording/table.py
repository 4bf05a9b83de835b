"""A table of numbers in a text file, as instruments and scripts export them: which sign separates
cells, where the numbers begin, what stands above them.
"""

import csv
import re
from dataclasses import dataclass

from .names import unit_of
from .text import Unreadable, lines_of

_COMMENTS = ("#", "%", "//", "'")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_CLOCK = re.compile(
    r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[T ]\s*)?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
    r"\s*(?:[AP]\.?M\.?)?\s*(?:Z|[A-Z]{3,4}|[-+]\d{2}:?(?:\d{2})?)?(?:\s*\[[\w/+-]+\])?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(
    r"[-+]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:\.\d{3})+,\d+|(?:[ '’]\d{3})+[.,]\d+)"
)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_MISSING = ("", "NAN", "NULL", "NONE", "-", "--", "---", "N/A", "#N/A", "INF", "-INF", "OL")
_MISSING += ("****", "?", "1.#QNAN", "-1.#IND", "1.#INF")
_TIME_UNITS = re.compile(r"[\[(]?(?:s|sec|ms|us|µs|μs|ns|seconds?)[\])]?", re.IGNORECASE)
_REMEDY = "export it as CSV with a column of times, then voltages and currents"


@dataclass
class Table:
    """names, units: of each column, "" where the file has none; rows: cells as texts, all of one
    length; lines: the number of each row's line in the file; above: cells of the lines before,
    and of those that are comments.
    """

    names: list[str]
    units: list[str]
    rows: list[list[str]]
    lines: list[int]
    above: list[list[str]]


def read_table(text: str) -> Table:
    """Unreadable when there is no table of numbers."""
    lines = lines_of(text)
    said = [line.strip("#%/' \t") for _, line in lines if line.startswith(_COMMENTS)]
    lines = [(n, line) for n, line in lines if not line.startswith(_COMMENTS)]
    lines = [(n, line) for n, line in lines if not re.fullmatch(r"sep=.", line.lower())]
    delimiter = _delimiter([line for _, line in lines[-60:]])
    split = [(n, _cells(line, delimiter)) for n, line in lines]
    if all(len(cells) > 2 and not cells[-1] for _, cells in split[-3:]):  # each line ends with it
        split = [(n, cells[:-1] if not cells[-1] else cells) for n, cells in split]
    begin = next(
        (
            k
            for k, (_, cells) in enumerate(split)
            if _is_data(cells)
            and all(_is_data(c) and len(c) == len(cells) for _, c in split[k + 1 : k + 3])
        ),
        None,
    )
    if begin is None or len(split) - begin < 2:
        raise Unreadable(f"no table of numbers is in it; {_REMEDY}")
    width = len(split[begin][1])
    rows, numbers = [], []
    for place, (n, cells) in enumerate(split[begin:], begin):
        if len(cells) == width and _is_data(cells):
            rows.append(cells)
            numbers.append(n)
        elif any(_is_data(c) and len(c) == width for _, c in split[place + 1 :]):
            raise Unreadable(
                f"line {n} is not {width} numbers as the lines before it; "
                "export the recording again, or remove that line"
            )
        else:
            break
    above = [cells for _, cells in split[:begin]]
    if above and len(above[-1]) > 1 and width == 2 * len(above[-1]):
        raise Unreadable(
            f"its lines have {width} cells for {len(above[-1])} names; separate the cells by "
            "something else than the decimals"
        )
    names, units = _head(above, width)
    return Table(names, units, rows, numbers, [*above, *([line] for line in said)])


def number(cell: str) -> float | None:
    """The number in a cell, with a point or a comma, thousands apart or not; NaN when it says
    that there is none; None when it is something else.
    """
    if _THOUSANDS.fullmatch(cell):
        cell = re.sub(r"[,. '’](?=.*[.,])", "", cell)
    word = cell.replace(",", ".")
    if _NUMBER.fullmatch(word):
        return float(word)
    return float("nan") if cell.upper() in _MISSING else None


def is_clock(cell: str) -> bool:
    """Whether it is a time of day, with a date or without."""
    return _CLOCK.fullmatch(cell) is not None


def is_date(cell: str) -> bool:
    """Whether it is a date alone."""
    return _DATE.fullmatch(cell) is not None


def _is_data(cells: list[str]) -> bool:
    known = [number(cell) for cell in cells]
    rest = [c for c, value in zip(cells, known, strict=True) if value is None]
    return (
        len(cells) > 1
        and sum(value is not None and value == value for value in known) + len(rest) > 0
        and all(is_clock(cell) or is_date(cell) for cell in rest)
        and any(value is not None for value in known)
    )


def _delimiter(lines: list[str]) -> str:
    for mark in ";\t|":
        if sum(mark in line for line in lines) > len(lines) / 2:
            return mark
    commas = [line for line in lines if "," in line]
    apart = sum(bool(re.search(r"\d\s+[-+]?\d+,\d", line)) for line in commas)
    if 2 * len(commas) > len(lines) and 2 * apart < len(commas):
        return ","
    return " "


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    try:
        cells = next(csv.reader([line], delimiter=delimiter))
    except (csv.Error, StopIteration):
        cells = line.split(delimiter)
    return [cell.strip().strip('"').strip() for cell in cells]


def _head(above: list[list[str]], width: int) -> tuple[list[str], list[str]]:
    """Names and units from the lines above the numbers."""
    names, units = [""] * width, [""] * width
    for cells in reversed(above):
        cells = cells + [""] * (width - len(cells))
        words = [cell for cell in cells[:width] if cell]
        if len(words) < max(2, width - 1):
            break
        known = [bool(unit_of(word)[0]) or _is_unit(word) for word in words]
        beside = all(known[1:]) and len(set(words[1:])) < len(words) - 1  # Time;V;V;V;A;A;A
        alike = len(words) > 2 and len(set(words[1:])) == 1 and number(words[1]) is not None
        if beside or all(known) and not any(units):
            if any(unit_of(word)[0] for word in words[1:]):
                units = cells[:width] if all(known) else ["", *cells[1:width]]
            if all(known) and len(above) == 1:
                return cells[:width], units
        elif not alike:  # such as SampleRate;5000;5000;5000
            names = cells[:width]
            break
    return (names if any(names) else units), units


def _is_unit(word: str) -> bool:
    return _TIME_UNITS.fullmatch(word) is not None or word.strip("[]()") in (
        "W",
        "VA",
        "var",
        "Hz",
    )
