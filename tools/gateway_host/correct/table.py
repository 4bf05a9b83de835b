"""The correction in words: the error of each pair before and after it, and how sure it is."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator

from .judge import Correction
from .reading import Pair

_HEAD = "pair  load %   reference W        var   ratio before   after   angle before   after"
_NO_ANGLE = (
    "The pairs say nothing of the angle, which stays: give the vars, or loads with a motor."
)


def lines(correction: Correction) -> Iterator[str]:
    """Of a CT: ratio errors in %, angles in degrees, positive where its output leads. Where the
    reference shows no var the ratio is that of the active powers."""
    yield _HEAD
    factor = correction.fit.factor
    for i, (pair, load) in enumerate(correction.rows(), 1):
        before, after = _errors(pair, 1), _errors(pair, factor)
        reactive = "-" if pair.vars is None else f"{pair.vars:.1f}"
        yield (
            f"{i:4} {load:7.1f} {pair.watts:13.1f} {reactive:>10}"
            f" {before[0]:+12.2f} % {after[0]:+5.2f} % {before[1]:>14} {after[1]:>7}"
        )
    yield (
        f"ratio: times {correction.ratio:.5f}, within {100 * correction.ratio_sure:.2f} % (95 of "
        "100, with the reference's own accuracy)"
    )
    if correction.fit.angle_known:
        sure = correction.degrees_sure
        yield f"angle: {correction.degrees:+.3f} degrees, within {sure:.2f}"
    else:
        yield _NO_ANGLE
    before, after = max(correction.fit.before), max(correction.fit.after)
    yield f"largest error: {100 * before:.2f} % before, {100 * after:.2f} % after"


def _errors(pair: Pair, factor: complex) -> tuple[float, str]:
    """(ratio error in %, angle) of the gateway's values, so multiplied."""
    found = factor * pair.measured
    if pair.reference is None:
        return 100 * (found.real / pair.watts - 1) if pair.watts else math.nan, "-"
    part = found / pair.reference
    return 100 * (abs(part) - 1), f"{-math.degrees(cmath.phase(part)):+.3f}"
