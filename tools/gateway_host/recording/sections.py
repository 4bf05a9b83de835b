"""Which part of a COMTRADE recording is played: sections of one sampling rate, in a row."""

from dataclasses import dataclass

import numpy as np

from .cfg import Configuration
from .dat import Rows
from .text import Unreadable
from .times import rate_of

LEAST_RATE = 500.0  # samples/s: ten a cycle
LEAST_SECONDS = 0.02
_CONTRARY = 0.005  # of the rate: more is no rounding


@dataclass(frozen=True)
class Part:
    """Samples `first` to `end` (exclusive) at `rate`; began: s from the recording's begin.

    index: where samples belong when some are missing among them, else None.
    """

    first: int
    end: int
    rate: float
    began: float
    index: np.ndarray | None = None


def played_part(about: Configuration, rows: Rows) -> Part:
    """The first part that can be played. Unreadable when there is none, or its data are cut."""
    sections = _sections(about, rows.count)
    if not sections:
        return _by_stamps(about, rows)
    slow = ""
    for part in _merged(sections):
        if part.rate < LEAST_RATE:
            slow = slow or f"it has {part.rate:g} samples/s; at least {LEAST_RATE:g} are needed"
        elif part.end - part.first < LEAST_SECONDS * part.rate:
            slow = slow or (
                f"only {part.end - part.first} samples at {part.rate:g} samples/s; "
                f"at least {round(LEAST_SECONDS * part.rate)} are needed"
            )
        elif rows.count < part.end:
            raise Unreadable(
                f"its data end at sample {rows.count} of {sections[-1][1]}; "
                "get the whole data file"
            )
        else:
            return part
    raise Unreadable(f"{slow}; record faster or for longer")


def contrary_rate(about: Configuration, rows: Rows, part: Part) -> float | None:
    """What the time stamps say of a part's rate where they say something else than stated."""
    try:
        quantum = about.stamp_unit
        rate, _ = rate_of(rows.stamps[part.first : part.end] * quantum, quantum)
    except Unreadable:
        return None
    return rate if abs(rate - part.rate) > _CONTRARY * part.rate else None


def _sections(about: Configuration, held: int) -> list[tuple[float, int]]:
    """(rate, last sample) each, or nothing when time stamps have to give the rate."""
    stated = [(rate, end) for rate, end in about.sections if rate > 0]
    if not stated:
        return []
    ends = [end for _, end in stated]
    if len(ends) > 1 and any(b <= a for a, b in zip(ends, ends[1:], strict=False)):
        ends = np.cumsum(ends).tolist()  # some count each section by itself
    if ends[-1] <= 0:
        ends[-1] = held
    return [(rate, end) for (rate, _), end in zip(stated, ends, strict=True)]


def _merged(sections: list[tuple[float, int]]) -> list[Part]:
    parts: list[Part] = []
    first, began = 0, 0.0
    for rate, end in sections:
        if parts and abs(parts[-1].rate - rate) <= 1e-6 * rate:
            last = parts.pop()
            parts.append(Part(last.first, end, last.rate, last.began))
        else:
            parts.append(Part(first, end, rate, began))
        began += (end - first) / rate
        first = end
    return parts


def _by_stamps(about: Configuration, rows: Rows) -> Part:
    stated = max((end for _, end in about.sections), default=0)
    if rows.count < stated:
        raise Unreadable(
            f"its data end at sample {rows.count} of {stated}; get the whole data file"
        )
    count = min(rows.count, stated) if stated > 0 else rows.count
    quantum = about.stamp_unit
    rate, index = rate_of(rows.stamps[:count] * quantum, quantum)
    if rate < LEAST_RATE:
        raise Unreadable(
            f"its time stamps mean {rate:g} samples/s; at least {LEAST_RATE:g} are needed"
        )
    if count < LEAST_SECONDS * rate:
        raise Unreadable(f"it holds only {count} samples; record for longer")
    return Part(0, count, rate, 0.0, index if index[-1] != count - 1 else None)
