"""The results as text for a terminal, and as build/accuracy.json."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from math import cos, radians, sin
from typing import Any

import numpy as np

from .judge import LIMITS, SHARE, Result, Verdict, largest
from .run import Run
from .tables import Load

Line = tuple[str, bool]  # text, whether all that it says is as good as it must be

_ROW = "  {:<24} {:<28} {:>8} {:>8} {:>8} {:>7} {:>8}"
_HEAD = _ROW.format("mains", "load", "error %", "float32", "change %", "limit %", "of limit")
_READINGS = "  {:<24}" + " {:>9} {:>8}" * 4
_PROMISE = "  {:<53} {:>8} {:>8} {:>16}"
_UNITS = {"frequency": "mHz", "voltage": "%", "current": "%", "distortion": "points"}
_IMAX = 1.2
# Key in build/accuracy.json: what it is, its limit
PROMISES = {
    "worst_error_to_limit": ("active energy, over the class 1 limit", SHARE),
    "worst_reactive_percent": ("reactive power, %", 0.2),
    "worst_voltage_percent": ("voltage, %", LIMITS["voltage"]),
    "worst_current_percent": ("current, %", LIMITS["current"]),
    "worst_frequency_millihertz": ("frequency, mHz", LIMITS["frequency"]),
    "worst_distortion_points": (
        "THD of voltage and current, percentage points",
        LIMITS["distortion"],
    ),
    "worst_register_joules": ("registers less the sum of all samples, J", 2.0),
}


def lines(double: Verdict, single: Verdict | None) -> Iterator[Line]:
    """Every point. single: the same with single-precision floats, where there is that."""
    pairs = _pairs(double.results, single and single.results)
    for title, group in groupby(pairs, key=lambda pair: pair[0].row.table):
        group = list(group)
        yield f"\n{title} ({group[0][0].row.source})", True
        yield _HEAD, True
        for result, other in group:
            text = _ROW.format(
                str(result.row.mains),
                load_text(result.row.load, result.row.quantity),
                f"{result.error:+.4f}",
                f"{other.error:+.4f}" if other else "-",
                "" if result.variation is None else f"{result.variation:+.4f}",
                f"{result.row.limit:g}",
                f"{result.to_limit:.1%}",
            )
            yield text, result.good and (other is None or other.good)
    yield "\nThe worst of each second's readings", True
    heads = ("f mHz", "V %", "I %", "THD pts")
    yield _READINGS.format("mains", *(word for head in heads for word in (head, "float32"))), True
    pairs = _pairs(double.worst, single and single.worst)
    for mains, group in groupby(pairs, key=lambda pair: pair[0].mains):
        both = [one for pair in group for one in pair]
        words = [f"{one.error:+.4f}" if one else "-" for one in both]
        yield _READINGS.format(str(mains), *words), all(one is None or one.good for one in both)
    yield (
        _READINGS.format("limit", *(f"{limit:g}" for limit in LIMITS.values() for _ in "12")),
        True,
    )


def _pairs(double: list, single: list | None) -> list[tuple]:
    return list(zip(double, single or [None] * len(double), strict=True))


def load_text(load: Load, quantity: str) -> str:
    """`0.05 In PF 0.5 ind`, `Imax sin 0.25 cap`."""
    current = "Imax" if load.current == _IMAX else f"{load.current:g} In"
    lag = (load.lag + 90) % 180 - 90  # against the arrow it is the same load
    if quantity == "reactive":
        lag = load.lag
    part = abs((sin if quantity == "reactive" else cos)(radians(lag)))
    kind = "" if abs(lag) < 1e-6 else " cap" if lag < 0 else " ind"
    name = "sin" if quantity == "reactive" else "PF"
    more = (", distorted" if load.harmonics else "") + (", swings" if load.swing else "")
    ct = "" if load.ct == Load.ct else f" {load.ct.removeprefix('AC-')}"
    return f"{current} {name} {part:.2g}{kind}{more}{ct}"


def figures(verdict: Verdict) -> dict[str, float]:
    """What the product promises, by the keys of PROMISES, but for the registers."""
    active = [one.to_limit for one in verdict.results if one.row.quantity == "active"]
    reactive = [one.error for one in verdict.results if one.row.quantity == "reactive"]
    found = {"worst_error_to_limit": active, "worst_reactive_percent": reactive}
    for quantity, unit in zip(LIMITS, ("millihertz", "percent", "percent", "points"), strict=True):
        errors = [one.error for one in verdict.worst if one.quantity == quantity]
        found[f"worst_{quantity}_{unit}"] = errors
    return {key: round(abs(largest(errors)), 6) for key, errors in found.items()}


def conservation(runs: list[Run]) -> dict[str, float]:
    """How far the worst register (whole joules, read at the begin and at the end) is from the sum
    of all samples in between.
    """
    worst = max(np.abs(run.readings.joules - run.summed()).max() for run in runs)
    return {"worst_register_joules": round(float(worst), 3)}


def promises(double: dict[str, float], single: dict[str, float] | None) -> Iterator[Line]:
    """The figures beside their limits."""
    yield _PROMISE.format("the worst of all", "error", "float32", "limit"), True
    for key, (what, limit) in PROMISES.items():
        values = [figures[key] for figures in (double, single or {}) if key in figures]
        texts = [f"{value:.4f}" for value in values] + ["-"]
        good = all(value <= limit for value in values)
        yield _PROMISE.format(what, *texts[:2], f"{limit:g}"), good


def as_json(double: Verdict, single: Verdict | None, runs: list[Run]) -> dict[str, Any]:
    """build/accuracy.json: the figures, those with single-precision floats (null without the
    emulator), every point, and the worst readings.
    """
    return {
        **figures(double),
        **conservation(runs),
        "single_precision": single and figures(single),
        "points": [_point(*pair) for pair in _pairs(double.results, single and single.results)],
        "readings": [
            {
                "mains": str(one.mains),
                "quantity": one.quantity,
                "unit": _UNITS[one.quantity],
                "error": round(one.error, 6),
                "single_precision_error": other and round(other.error, 6),
                "limit": LIMITS[one.quantity],
            }
            for one, other in _pairs(double.worst, single and single.worst)
        ],
    }


def _point(result: Result, single: Result | None) -> dict[str, Any]:
    row = result.row
    return {
        "table": row.table,
        "source": row.source,
        "quantity": row.quantity,
        "mains": str(row.mains),
        "load": load_text(row.load, row.quantity),
        "wiring": row.load.wiring,
        "error_percent": round(result.error, 6),
        "variation_percent": None if result.variation is None else round(result.variation, 6),
        "single_precision_error_percent": single and round(single.error, 6),
        "limit_percent": row.limit,
        "error_to_limit": round(result.to_limit, 6),
    }
