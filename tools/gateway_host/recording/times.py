"""Times in recordings: clocks of relays, and the sampling rate that time stamps give."""

import re

import numpy as np

from .text import Unreadable

_CLOCK = re.compile(
    r"(\d{1,2})\s*:\s*(\d{1,2})(?:\s*:\s*(\d{1,2}(?:\s*[.,]\s*\d*)?))?"
    r"(?:\s*([AP])\.?M\b)?",
    re.IGNORECASE,
)
_STEPS = (1000, 500, 400, 320, 200, 100, 80, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.01, 0.001)
_MAX_GAPS = 0.2  # of the samples: beyond, time stamps that jump are not gaps
_DAY = 86400.0


def clock_of(text: str) -> float | None:
    """Seconds since midnight of "hh:mm:ss.fff" (or what is there of it, and AM or PM), or None."""
    match = _CLOCK.search(text)
    if match is None:
        return None
    hours, minutes, seconds, half = match.groups()
    exact = re.sub(r"\s", "", seconds or "0").replace(",", ".")
    hour = int(hours) % 12 + 12 * (half in "Pp") if half else int(hours)
    return hour * 3600 + int(minutes) * 60 + float(exact)


def between(first: str, second: str) -> float | None:
    """Seconds from one date and time to another ("date,time" each), or None. No date need be
    one: all that counts is whether midnight lies between.
    """
    before, after = clock_of(first), clock_of(second)
    if before is None or after is None:
        return None
    passed = after - before
    return passed + _DAY if passed < 0 and _date(first) != _date(second) else passed


def _date(text: str) -> str:
    return re.sub(r"\s", "", text.partition(",")[0])


def rate_of(stamps: np.ndarray, quantum: float) -> tuple[float, np.ndarray]:
    """(samples/s, index of each sample: 0, 1, 2, and beyond where some are missing) by its time
    stamps in s, of which one in `quantum` is the last digit.

    Unreadable when they are not even. NaN: a stamp is missing.
    """
    known = np.flatnonzero(np.isfinite(stamps))
    if len(known) < 2 or stamps[known[-1]] <= stamps[known[0]]:
        raise Unreadable("its time stamps do not go on; state a sampling rate")
    steps = np.diff(stamps[known])
    if (steps < 0).any():
        back = int(known[np.argmax(steps < 0) + 1]) + 1
        raise Unreadable(f"its time goes back at sample {back}; sort the samples by time")
    index = known.astype(float)
    usual = np.median(steps / np.diff(known))
    if usual > 2.5 * quantum:  # a gap is no rounding
        counts = np.maximum(1, np.rint(steps / usual))
        index = np.concatenate([[0.0], np.cumsum(counts)]) + known[0]
    period, begin = np.polyfit(index - index[0], stamps[known] - stamps[known[0]], 1)
    if usual > 2.5 * quantum:  # with a better period, once more
        counts = np.maximum(1, np.rint(steps / period))
        index = np.concatenate([[0.0], np.cumsum(counts)]) + known[0]
        period, begin = np.polyfit(index - index[0], stamps[known] - stamps[known[0]], 1)
    off = np.abs(stamps[known] - stamps[known[0]] - begin - period * (index - index[0]))
    missing = index[-1] - index[0] - (known[-1] - known[0])
    if off.max() > 1.05 * quantum + 0.1 * period or missing > _MAX_GAPS * len(stamps):
        where = int(known[int(off.argmax())]) + 1
        raise Unreadable(
            f"its samples are not evenly spaced in time (see sample {where}); "
            "export it with a constant sampling rate"
        )
    places = np.round(np.interp(np.arange(len(stamps)), known, index)).astype(int)
    span = stamps[known[-1]] - stamps[known[0]]
    return _plain_rate(1 / period, quantum / span + 1e-9), places - places[0]


def _plain_rate(rate: float, uncertain: float) -> float:
    """The roundest rate that is `rate` within what is uncertain of it (a fraction)."""
    for step in _STEPS:
        plain = round(rate / step) * step
        if plain and abs(plain - rate) <= uncertain * rate:
            return float(plain)
    return rate
