"""Phasors, as (x, y): turned, and how unbalanced three are."""

from math import cos, pi, sin, sqrt


def turned(phasor, angle):
    """A phasor (x, y) turned by an angle in radians."""
    x, y = phasor
    return x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)


def unbalance(phasors):
    """Negative over positive sequence, % (IEC 61000-4-30): of three phasors (x, y)."""
    sizes = []
    for turn in (-2 * pi / 3, 2 * pi / 3):
        x, y = phasors[0]
        for k in (1, 2):
            dx, dy = turned(phasors[k], -turn * k)
            x += dx
            y += dy
        sizes.append(sqrt(x * x + y * y))
    return 100 * sizes[1] / sizes[0] if sizes[0] else None
