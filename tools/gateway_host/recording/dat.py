"""The data of a COMTRADE recording: rows of samples, ASCII or one of three binary forms."""

from dataclasses import dataclass

import numpy as np

from .cfg import Analog, Configuration, number
from .text import Unreadable, decode, lines_of

_CODES = {"BINARY": "<i2", "BINARY32": "<i4", "FLOAT32": "<f4"}
_MISSING = {"BINARY": -(1 << 15), "BINARY32": -(1 << 31)}
_NINES = (99999.0, 999999.0)
_NO_VALUES = ("", "NAN", "NULL", "-", "--", "---", "N/A", "#N/A", "INF", "-INF", "*", "***")
_NO_STAMP = 0xFFFFFFFF
_LARGEST = 1e30  # as a float; beyond it is none
_LEAST = float(np.finfo(np.float32).tiny)  # some write this
_OUTLIER = 0.1  # of the peak: so far a -1 of 1991 is from what its neighbours make likely


@dataclass
class Rows:
    """values [channel, row] as stored, NaN where one is missing; stamps: as stored, NaN likewise.

    gaps: rows that the numbering of the samples shows to be missing; they are there, as NaN.
    """

    values: np.ndarray
    stamps: np.ndarray
    gaps: int = 0

    @property
    def count(self) -> int:
        """Of each channel."""
        return self.values.shape[1]


def read_dat(raw: bytes, about: Configuration) -> Rows:
    """Reads data as `about` describes them. Unreadable when they do not fit it; data that end too
    soon are shorter.
    """
    form = about.form or _form_of(raw)
    if form == "ASCII":
        numbers, stamps, values = _read_text(raw, about)
    else:
        numbers, stamps, values = _read_binary(raw, about, form)
    return _in_order(numbers, stamps, values)


def _form_of(raw: bytes) -> str:
    """What data are of which the .cfg file says nothing."""
    return "ASCII" if raw[:200].strip() and not set(raw[:200]) - set(b" \t\r\n,;+-.eE0123456789") \
        else "BINARY"  # fmt: skip


def _read_binary(
    raw: bytes, about: Configuration, form: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    analogs, words = len(about.analogs), -(-about.status // 16)
    code = _CODES[form]
    unsigned = form == "BINARY" and all(a.low >= 0 and a.high > 32767 for a in about.analogs)
    layout = np.dtype(
        [
            ("number", "<u4"),
            ("stamp", "<u4"),
            ("values", "<u2" if unsigned else code, (analogs,)),
            ("status", "<u2", (words,)),
        ]
    )
    rows = np.frombuffer(raw, layout, len(raw) // layout.itemsize)
    numbers = rows["number"].astype(float)
    steps = np.diff(numbers)
    if len(steps) > 2 and not (np.median(steps) in (0, 1) and np.mean(steps == 1) != 0):
        if numbers.any() and not np.all(steps == steps[0]):
            raise Unreadable(
                f"its data are not {form} records of {analogs} analog and {about.status} status "
                "channels; get the .cfg and .dat files of one recording"
            )
    stamps = np.where(rows["stamp"] == _NO_STAMP, np.nan, rows["stamp"])
    values = rows["values"].T.astype(float)
    if form == "FLOAT32":
        values[~(np.abs(values) < _LARGEST) | (np.abs(values) == _LEAST)] = np.nan
    elif unsigned:
        values[values == 0xFFFF] = np.nan
    else:
        values[values == _MISSING[form]] = np.nan
        if about.revision == "1991":
            for channel in values:
                _drop_ones(channel)
    return numbers, stamps, values


def _read_text(raw: bytes, about: Configuration) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    analogs = len(about.analogs)
    lines = lines_of(decode(raw))
    separator = next((mark for mark in ",;\t" if lines and mark in lines[0][1]), None)
    rows: list[list[float]] = []
    if lines and number(lines[0][1]) is None and number(lines[0][1].strip('"')) is None:
        lines = lines[1:]  # names
    for place, (line, text) in enumerate(lines):
        cells = text.split(separator)
        last = place == len(lines) - 1
        if len(cells) < analogs + 2 + (last and about.status):
            if last:  # cut off within a row
                break
            raise Unreadable(
                f"line {line} of its data has {max(0, len(cells) - 2)} values for {analogs} "
                "analog channels; get the .cfg and .dat files of one recording"
            )
        try:
            rows.append([float(cell) for cell in cells[: analogs + 2]])
        except ValueError:
            rows.append([_value(cell, line) for cell in cells[: analogs + 2]])
    table = np.array(rows, float).reshape(len(rows), analogs + 2)
    values = table[:, 2:].T.copy()
    values[~(np.abs(values) < _LARGEST)] = np.nan
    for channel, settings in zip(values, about.analogs, strict=True):
        _drop_nines(channel, settings)
    return table[:, 0], table[:, 1], values


def _value(cell: str, line: int) -> float:
    word = cell.strip().strip('"')
    if word.upper() in _NO_VALUES:
        return np.nan
    try:
        return float(word)
    except ValueError:
        raise Unreadable(
            f"line {line} of its data has {word[:20]!r} in place of a number; "
            "get the whole .dat file as the recorder wrote it"
        ) from None


def _drop_nines(values: np.ndarray, settings: Analog) -> None:
    """99999 (999999 in 1991) is a missing value, unless the channel comes near it otherwise."""
    for nines in _NINES:
        peak = np.nanmax(np.abs(values[values != nines]), initial=0.0)
        beyond = nines < settings.high < np.inf
        if not (beyond and peak > 0.97 * nines):
            values[values == nines] = np.nan


def _drop_ones(values: np.ndarray) -> None:
    """FFFF hex was the missing value in 1991, and is -1: it is one where it fits nothing."""
    ones = values == -1
    if ones.any() and not ones.all():
        place = np.arange(len(values))
        likely = np.interp(place[ones], place[~ones], np.nan_to_num(values[~ones]))
        peak = np.nanmax(np.abs(values), initial=0.0)
        gone = np.zeros(len(values), bool)
        gone[ones] = np.abs(likely + 1) > _OUTLIER * peak
        values[gone] = np.nan


def _in_order(numbers: np.ndarray, stamps: np.ndarray, values: np.ndarray) -> Rows:
    """Puts NaN where the samples' numbers leave rows out; numbers that do not count are none.
    Unreadable when they count down."""
    steps = np.diff(numbers)
    if len(steps) and np.mean(steps == -1) > 0.5:
        raise Unreadable("its sample numbers go down; sort the samples by their numbers")
    counts = len(steps) and np.all(steps >= 1) and np.mean(steps == 1) > 0.5
    length = int(numbers[-1] - numbers[0]) + 1 if counts else 0
    if not counts or length == len(numbers) or length > 2 * len(numbers):
        return Rows(values, stamps)
    places = (numbers - numbers[0]).astype(int)
    whole = np.full((len(values), length), np.nan)
    whole[:, places] = values
    times = np.full(length, np.nan)
    times[places] = stamps
    return Rows(whole, times, length - len(numbers))
