"""The ratio and the angle by which a CT is off, from pairs, by least squares in float64. Owns the
equations and how sure their solution is."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

from .reading import Pair

# What the pairs must say of the angle, in squares of sines: of three pairs without
# the reference's vars, two of them at PF 1, the third one's PF is 0.816 at the border.
_ENOUGH = 0.25
# Student's t for 95 % of both sides, from 1 degree of freedom on; later 2.2.
_STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)


@dataclass(frozen=True)
class Fit:
    """`factor`: what the gateway's P + jQ must be multiplied with; `angle_known`: whether the
    pairs say anything of its angle, which is 0 else; `before` and `after`: of each pair what it is
    off, in parts of its apparent power; `scatter`: of factor's real and imaginary part, parts, as
    far as the pairs disagree, with 95 %."""

    factor: complex
    angle_known: bool
    before: Sequence[float]
    after: Sequence[float]
    scatter: tuple[float, float]

    @property
    def ratio(self) -> float:
        """What the current must be multiplied with."""
        return abs(self.factor)

    @property
    def degrees(self) -> float:
        """By which the CT's output leads."""
        return math.degrees(cmath.phase(self.factor))


def fit(pairs: Sequence[Pair]) -> Fit:
    """The factor a + jb with the least squares of what is left, each pair in parts of its own
    apparent power: P = a P' - b Q', Q = a Q' + b P'; the second where the reference shows Q."""
    rows = [row for pair in pairs for row in _rows(pair)]
    aa = sum(x * x for x, _, _ in rows)
    ab = sum(x * y for x, y, _ in rows)
    bb = sum(y * y for _, y, _ in rows)
    at = sum(x * t for x, _, t in rows)
    bt = sum(y * t for _, y, t in rows)
    known = aa > 0 and bb - ab * ab / aa >= _ENOUGH
    if known:
        area = aa * bb - ab * ab
        factor = complex((at * bb - bt * ab) / area, (bt * aa - at * ab) / area)
        spread = bb / area, aa / area
    else:
        factor = complex(at / aa if aa else 0, 0)
        spread = (1 / aa if aa else 0), 0.0
    free = len(rows) - (2 if known else 1)
    left = sum((x * factor.real + y * factor.imag - t) ** 2 for x, y, t in rows)
    error = math.sqrt(left / free) * student(free) if free > 0 else math.inf
    return Fit(
        factor,
        known,
        [_off(pair, factor, 1) for pair in pairs],
        [_off(pair, factor, factor) for pair in pairs],
        (error * math.sqrt(spread[0]), error * math.sqrt(spread[1])),
    )


def student(free: int) -> float:
    """Student's t of 95 %, both sides."""
    return _STUDENT[free - 1] if free <= len(_STUDENT) else 2.2


def _rows(pair: Pair) -> list[tuple[float, float, float]]:
    """Equations x a + y b = t, in parts of the apparent power."""
    size = abs(pair.measured) or 1.0
    p, q = pair.measured_watts / size, pair.measured_vars / size
    rows = [(p, -q, pair.watts / size)]
    if pair.vars is not None:
        rows.append((q, p, pair.vars / size))
    return rows


def _off(pair: Pair, factor: complex, said: complex) -> float:
    """What the gateway's values, times `said`, are off, in parts of the apparent power that
    `factor` makes of them."""
    found, size = said * pair.measured, abs(factor * pair.measured) or 1.0
    if pair.reference is None:
        return abs(found.real - pair.watts) / size
    return abs(found - pair.reference) / size
