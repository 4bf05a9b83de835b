"""A recording as a table in a text file: a column of times, then voltages and currents."""

import re
from pathlib import Path

import numpy as np

from .comtrade_file import read_bytes
from .names import Phase, Phases, kind_in, unit_of
from .steady import find_frequency
from .table import Table, is_clock, is_date, number, read_table
from .text import Unreadable, decode
from .times import clock_of, rate_of
from .waveform import Channel, Waveform

SUFFIXES = (".csv", ".txt", ".tsv", ".asc", ".prn")

_TIME = re.compile(
    r"(?:(?:relative|rel)\W*)?(?:time|zeit|temps|tiempo|tempo|tijd|时间|t|timestamp|x|x-axis|sec|"
    r"seconds?|secs|s|ms|us|µs|μs|milli\w*|micros\w*|czas|čas|idő|tid|時間|время)(?:[\W_].*)?|"
    r".*\btime\b.*",
    re.IGNORECASE,
)
_COUNTER = re.compile(
    r"(?:sample|index|idx|nr|no|n|#|point|row|nummer|number)\W*(?:no|nr)?\W*", re.I
)
_TIME_SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_TIMES_WITHOUT_UNIT = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (86400.0, "days"))
_UNIT_AT_END = re.compile(
    r"\s*(?:[\[(]\s*([^\])]+)\s*[\])]|[/_\s]\s*([kKmMµμu]?[VA](?:olts?|mps?)?)|\s+in\s+(\S+))\s*$"
)
_STATED = re.compile(
    r"\W*(?:(sampl\w*[\s_]*(?:rate|freq\w*)|abtast(?:rate|frequenz)|fs)|"
    r"(?:sampl\w*[\s_]*)?(?:interval|period)|increment|x_?incr\w*|delta[\s_]?[xt]|dt)"
    r"[\s:=\[(]*([kM]?Hz|[kM]?S/s|[mµu]?s)?[\s:=\])]*",
    re.IGNORECASE,
)
_VALUE = re.compile(r"([-+]?[\d.,]+(?:E[-+]?\d+)?)\s*([kM]?Hz|[kM]?S/s|[mµu]?s)?", re.IGNORECASE)
_FRACTION = re.compile(r":\d+[.,](\d+)")  # of a clock's seconds
_CALLED = re.compile(r"([UVI])\((\w+)\)", re.IGNORECASE)  # V(line), as circuit simulators have it
_ALIKE = 5  # so much the peaks of three voltages, or currents, without names may differ
_MIN_RATE, _MAX_RATE = 500.0, 5e6
_UNNAMED = {2: "VA", 6: "VVVAAA"}  # kinds of the columns after the time
_REMEDY = "give the first line names, such as t;U1;U2;U3;I1;I2;I3"


def read_csv(path: Path) -> Waveform:
    """Unreadable when it cannot be played."""
    table = read_table(decode(read_bytes(path)))
    notes: list[str] = []
    place = _time_column(table)
    stated = _stated_rate(table.above) if place is None else 0.0
    if place is None and not stated:
        raise Unreadable(
            "no column of times is in it; add one, in seconds, as the first and name it t"
        )
    others = [k for k in range(len(table.names)) if k != place and not _beside(table, k)]
    values = {k: np.array([_number(row[k]) for row in table.rows]) for k in others}
    if any(table.names):
        found = [_named(table, k, values[k]) for k in others]
        phases = Phases.of([], [name for name, *_ in found])
        channels = [
            Channel(name, kind, phases.in_name(name), 1.0, True, stored)
            for name, kind, stored in found
        ]
    else:
        channels = _unnamed([values[k] for k in others])
        notes.append("it has no names: its columns are taken as the time, voltages, then currents")
    if place is None:
        rate, index = _checked(stated, np.arange(len(table.rows)))
        notes.append(f"it has no times: {rate:g} samples/s are what the lines above them state")
    else:
        rate, index = _rate(table, place, channels, notes)
    if index[-1] != len(index) - 1:
        notes.append(f"{index[-1] + 1 - len(index)} rows are missing among its samples")
        channels = [_spread(channel, index) for channel in channels]
    return Waveform(path, "", None, rate, channels, None, notes)


def _number(cell: str) -> float:
    value = number(cell)
    return np.nan if value is None else value


def _beside(table: Table, column: int) -> bool:
    """Whether the column is a date, a clock or a count of the samples."""
    cell = table.rows[0][column]
    return is_clock(cell) or is_date(cell) or bool(_COUNTER.fullmatch(table.names[column]))


def _stated_rate(above: list[list[str]]) -> float:
    """samples/s that the lines above the numbers state, or the time from one to the next; 0:
    neither.
    """
    for line, below in zip(above, [*above[1:], []], strict=True):
        for place, cell in enumerate(line):
            if match := _STATED.match(cell):
                rest = cell[match.end() :] or ([*line[place + 1 :], ""][0])
                value = _VALUE.fullmatch(rest.strip())
                if value is None and place < len(below):
                    value = _VALUE.fullmatch(below[place])
                amount = number(value.group(1)) if value else None
                if amount and amount > 0:
                    unit = value.group(2) or match.group(2) or ""
                    amount *= {"k": 1e3, "M": 1e6, "m": 1e-3, "µ": 1e-6, "u": 1e-6}.get(
                        unit[:-1][:1], 1.0
                    )
                    return amount if match.group(1) else 1 / amount
    return 0.0


def _time_column(table: Table) -> int | None:
    """None: there is none."""
    clocks = [k for k, cell in enumerate(table.rows[0]) if is_clock(cell)]
    named = [k for k, name in enumerate(table.names) if name and _TIME.fullmatch(name)]
    named = [k for k in named if not is_date(table.rows[0][k])]
    if named:
        return named[0]
    if clocks:
        return clocks[0]
    first = np.array([_number(row[0]) for row in table.rows])
    steps = np.diff(first)
    counted = np.all(steps == 1) and np.all(first == np.rint(first))
    if not np.all(steps >= 0) or counted or bool(_COUNTER.fullmatch(table.names[0])):
        return None
    return 0


def _named(table: Table, column: int, values: np.ndarray) -> tuple[str, str, np.ndarray]:
    """(name, kind, V or A)."""
    name, unit = table.names[column], table.units[column]
    match = _UNIT_AT_END.search(name)
    if not unit and (called := _CALLED.fullmatch(name)) and _is_node(called, table.names):
        return name, "A" if called.group(1) in "iI" else "V", values
    if match and not _is_phase(match, table.names):
        said = next(group for group in match.groups() if group)
        if unit_of(said)[0]:
            name = name[: match.start()] or name
        unit = unit or said
    kind, scale = unit_of(unit or name)
    if not kind and not unit:
        numbered = {"A1", "A2", "A3"}  # beside V1, V2, V3
        kind = "A" if name in numbered and numbered <= set(table.names) else kind_in(name)
    return name, kind, values * scale


def _is_node(called: re.Match, names: list[str]) -> bool:
    """Whether the a of V(a) is a place in a circuit, not a unit."""
    kind = unit_of(called.group(2))[0]
    current = called.group(1) in "iI"
    return kind != ("A" if current else "V") or f"{called.group(1)}(b)" in names


def _is_phase(match: re.Match, names: list[str]) -> bool:
    """Whether the A of I_A, or the V of U_V, is a phase: others are beside it, or it would be the
    wrong unit.
    """
    letter = match.group(2)
    if letter not in ("A", "V"):
        return False
    stem = match.string[: match.start(2)]
    others = "BC" if letter == "A" else "UW"
    known = kind_in(re.sub(r"[\W_]+$", "", stem))
    return any(stem + other in names for other in others) or known not in ("", letter)


def _unnamed(columns: list[np.ndarray]) -> list[Channel]:
    kinds = _UNNAMED.get(len(columns))
    if kinds is None:
        raise Unreadable(f"it has {len(columns)} columns without names beside the time; {_REMEDY}")
    size = len(columns) // 2
    for half in (columns[:size], columns[size:]):
        peaks = [float(np.nanmax(np.abs(column), initial=0.0)) for column in half]
        if max(peaks) > _ALIKE * min(peaks):
            raise Unreadable(f"its columns have no names and are not alike; {_REMEDY}")
    return [
        Channel(
            f"{'U' if kind == 'V' else 'I'}{k % size + 1}",
            kind,
            Phase(k % size),
            1.0,
            True,
            column,
        )
        for k, (kind, column) in enumerate(zip(kinds, columns, strict=True))
    ]


def _rate(
    table: Table, place: int, channels: list[Channel], notes: list[str]
) -> tuple[float, np.ndarray]:
    cells = [row[place] for row in table.rows]
    if is_clock(cells[0]):
        stamps = np.array([_seconds(cell) for cell in cells])
        stamps[np.append(False, np.diff(stamps) < -43200).cumsum() > 0] += 86400.0
        return _checked(*rate_of(stamps - stamps[0], _quantum(cells)))
    exact = np.array([_number(cell) for cell in cells])
    stamps, quantum = exact - exact[0], _quantum(cells)
    stamps[np.append(False, np.diff(stamps) < -(2**31)).cumsum() > 0] += 2.0**32  # micros()
    unit = table.units[place]
    if not unit and (match := _unit_of_time(table.names[place])):
        unit = match
    scale = _TIME_SCALES.get(re.sub(r"[\[\]()\s]", "", unit).lower().replace("µ", "u")
                             .replace("μ", "u").replace("sec", "s"))  # fmt: skip
    if scale is not None:
        return _checked(*rate_of(stamps * scale, quantum * scale))
    rate, index = rate_of(stamps, quantum)
    volts = np.array([c.stored for c in channels if c.kind == "V"])
    for scale, word in _TIMES_WITHOUT_UNIT:
        likely = _MIN_RATE <= rate / scale <= _MAX_RATE
        if likely and len(volts) and find_frequency(volts, rate / scale) is not None:
            if scale != 1:
                notes.append(f"its times are taken as {word}")
            return rate_of(stamps * scale, quantum * scale)
    return _checked(rate, index)


def _seconds(cell: str) -> float:
    seconds = clock_of(cell) if is_clock(cell) else None
    return np.nan if seconds is None else seconds


def _unit_of_time(name: str) -> str:
    if match := re.match(r"(?:(milli)|micro)s", name, re.IGNORECASE):  # millis(), microseconds
        return "ms" if match.group(1) else "us"
    match = re.search(r"(?:^|[\W_])(s|[mµμu]s(?:ec)?|ns|sec)\W*$", name, re.IGNORECASE)
    return match.group(1).lower() if match else ""


def _checked(rate: float, index: np.ndarray) -> tuple[float, np.ndarray]:
    if rate < _MIN_RATE:
        raise Unreadable(
            f"its times mean {rate:g} samples/s; at least {_MIN_RATE:g} are needed: record "
            "the waveform, not its r.m.s. values"
        )
    if rate > _MAX_RATE:
        raise Unreadable(
            f"its times mean {rate:g} samples/s; at most {_MAX_RATE:g} are played: name their "
            "unit in the first line, such as t [ms]"
        )
    return rate, index


def _quantum(cells: list[str]) -> float:
    """What the last digit of the times is worth."""
    if is_clock(cells[-1]):
        return 10.0 ** -max(len("".join(_FRACTION.findall(cell)[:1])) for cell in cells)
    last = cells[-1].upper()
    if "E" in last:
        digits, _, exponent = last.partition("E")
        return 10.0 ** (int(exponent) - _decimals(digits))
    return 10.0 ** -max(_decimals(cell) for cell in cells)


def _decimals(cell: str) -> int:
    return len(re.sub(r"\D*$", "", re.split(r"[.,]", cell)[-1])) if re.search(r"[.,]", cell) else 0


def _spread(channel: Channel, index: np.ndarray) -> Channel:
    whole = np.full(index[-1] + 1, np.nan)
    whole[index] = channel.stored
    return Channel(
        channel.name, channel.kind, channel.phase, channel.ratio, channel.primary, whole
    )
