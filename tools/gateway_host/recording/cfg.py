"""The configuration of a COMTRADE recording (IEEE C37.111-1991, -1999, -2013): text to values.

Only what is needed to play is looked at: a date that is none, or a missing time, spoils nothing.
"""

import math
import re
from dataclasses import dataclass, field

from .text import Unreadable, lines_of

FORMS = ("ASCII", "BINARY", "BINARY32", "FLOAT32")

_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_COUNT = re.compile(r"\s*(\d+)\s*([AD]?)\s*", re.IGNORECASE)
_FIELDS = 13  # of an analog channel from 1999 on
_FEWEST = 8  # fields of an analog channel: up to its offset and skew
_REMEDY = "get the .cfg file again as the recorder wrote it"


@dataclass(frozen=True)
class Analog:
    """An analog channel: value = factor * stored + offset, in `unit`; low, high: range of what is
    stored; ratio: of its transformer; skew: µs.
    """

    name: str
    phase: str
    unit: str
    factor: float
    offset: float
    skew: float
    low: float
    high: float
    ratio: float
    primary: bool


@dataclass
class Configuration:
    """sections: (rate, number of the last sample) each; 0: not stated. times: the lines with the
    first sample's and the trigger's. form: one of FORMS, or "" when the file does not say.
    """

    station: str
    revision: str
    analogs: list[Analog]
    status: int
    frequency: float | None = None
    sections: list[tuple[float, int]] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    form: str = ""
    multiplier: float = 1.0

    @property
    def stamp_unit(self) -> float:
        """s: what one in the time stamps of the data is worth."""
        fine = any(re.search(r"[.,]\d{7}", time) for time in self.times)
        return self.multiplier * (1e-9 if fine else 1e-6)


def number(text: str) -> float | None:
    """The finite number at the start of `text` ("50 Hz"), or None."""
    match = _NUMBER.match(text)
    value = float(match.group()) if match else math.inf
    return value if math.isfinite(value) else None


def read_cfg(text: str) -> Configuration:
    """Reads a .cfg file's text. Unreadable when what it takes to play is not there."""
    lines = lines_of(text)
    if len(lines) < 3:
        raise Unreadable("not a COMTRADE configuration; give the .cfg file of a recording")
    separator = _separator([line for _, line in lines[:2]])
    if separator != ",":  # then it is for decimals
        lines = [(n, line.replace(",", ".")) for n, line in lines]
    rows = [(n, [cell.strip(" \t\"'") for cell in line.split(separator)]) for n, line in lines]
    if all(_COUNT.fullmatch(cell) for cell in rows[0][1]):  # the station's line is empty
        rows = [(0, [""]), *rows]
    head = rows[0][1]
    analogs, status = _counts(*rows[1])
    revision = head[2] if len(head) > 2 and re.fullmatch(r"\d{4}", head[2]) else "1991"
    body = rows[2:]
    if len(body) < analogs:
        raise Unreadable(f"its .cfg file ends within the channels; {_REMEDY}")
    found = Configuration(
        head[0], revision, [_analog(n, cells) for n, cells in body[:analogs]], status
    )
    rest = body[analogs:]
    for place in range(min(status, len(rest))):
        if len(rest[0][1]) < 3 or number(rest[0][1][0]) != place + 1:
            break  # some writers leave them out
        rest = rest[1:]
    _rest(found, rest)
    return found


def _separator(lines: list[str]) -> str:
    """What stands between the cells of the numbers of channels, one of these lines: with tabs
    beside commas it is the commas."""
    for mark in ";\t":
        for line in lines:
            cells = line.split(mark)
            if len(cells) > 1 and all(_COUNT.fullmatch(cell.strip("\"' ")) for cell in cells[:3]):
                return mark
    return ","


def _counts(line: int, cells: list[str]) -> tuple[int, int]:
    """Analog and status channels."""
    matches = [_COUNT.fullmatch(cell) for cell in cells[:3]]
    if not cells or not all(matches):
        raise Unreadable(
            "not a COMTRADE configuration: line 2 has no numbers of channels; "
            "give the .cfg file of a recording"
        )
    marked = {match.group(2).upper(): int(match.group(1)) for match in matches}
    total = int(matches[0].group(1))
    analogs = marked.get("A", total - marked.get("D", 0))
    return analogs, marked.get("D", total - analogs if len(cells) > 1 else 0)


def _analog(line: int, cells: list[str]) -> Analog:
    if len(cells) < _FEWEST:
        raise Unreadable(f"line {line} of its .cfg file is no analog channel; {_REMEDY}")
    while len(cells) > _FIELDS and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > _FIELDS:  # a name with commas
        end = len(cells) - _FIELDS + 2
        cells = [cells[0], ",".join(cells[1:end]), *cells[end:]]
        if number(cells[4]) is not None:  # where the unit would be: half of a number
            problem = f"line {line} of its .cfg file has more than {_FIELDS} cells"
            raise Unreadable(f"{problem}; where its decimals have commas, write points")
    cells = cells + [""] * (_FIELDS - len(cells))
    factor = number(cells[5])
    if not factor:
        problem = f"line {line} of its .cfg file: {cells[1]!r} has no factor"
        raise Unreadable(f"{problem}; {_REMEDY}")
    low, high = number(cells[8]), number(cells[9])
    primary, secondary = number(cells[10]) or 1.0, number(cells[11]) or 1.0
    return Analog(
        cells[1],
        cells[2],
        cells[4],
        factor,
        number(cells[6]) or 0.0,
        number(cells[7]) or 0.0,
        -math.inf if low is None else low,
        math.inf if high is None else high,
        abs(primary / secondary),
        not cells[12].upper().startswith("S"),
    )


def _rest(found: Configuration, rows: list[tuple[int, list[str]]]) -> None:
    """The lines after the channels, by what they look like: some writers leave some out."""
    single: list[float] = []  # frequency and number of sections
    known = False  # the multiplier
    for _, cells in rows:
        line = ",".join(cells)
        word = re.sub(r"[\s\"']", "", cells[0]).upper()
        values = [number(cell) for cell in cells[:2]]
        if word in FORMS:
            found.form = word
        elif found.form:  # then the multiplier; codes of time and its quality follow in 2013
            if not known:
                found.multiplier = values[0] or 1.0
            known = True
        elif "/" in cells[0] or ":" in line or not line.strip(","):
            found.times.append(line)
        elif found.times:
            continue
        elif len(values) > 1 and None not in values:
            found.sections.append((values[0], int(values[1])))
        elif values[0] is not None:
            single.append(values[0])
    if single and 15 <= single[0] <= 70:
        found.frequency = single[0]
