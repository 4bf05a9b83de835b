"""Phasors, as (x, y): turned, and the sequences of three."""

from math import cos, pi, sin, sqrt


def turned(phasor: Phasor, angle: float) -> Phasor:
    """A phasor (x, y) turned by an angle in radians."""
    x, y = phasor
    return x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)


def sequences(phasors: Sequence[Phasor]) -> list[float]:
    """How large the positive and the negative sequence of three phasors (x, y) are, three times
    each."""
    sizes = []
    for turn in (-2 * pi / 3, 2 * pi / 3):
        x, y = phasors[0]
        for k in (1, 2):
            dx, dy = turned(phasors[k], -turn * k)
            x += dx
            y += dy
        sizes.append(sqrt(x * x + y * y))
    return sizes
