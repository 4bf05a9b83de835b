"""Whether the power of a drawn point is right when it is configured in a certain way."""

from __future__ import annotations

import numpy as np

from .sites import Ct, Drawn, patterns_of

_ALIKE = 0.05  # of a power, by which it may be off and is still right


def is_right(site: Drawn, ct: Ct, way: int) -> bool:
    """way: the number of the phase times 2, and 1 where it is turned."""
    names = list(patterns_of(site.scheme))
    if way // 2 >= len(names):
        return False
    seen = ct.seen * (-1 if ct.turned else 1) * (-1 if way & 1 else 1)
    true = ct.right * np.conj(ct.seen)
    off = np.abs(site.volts[way // 2] * np.conj(seen) - true)
    return bool(np.sum(off) <= _ALIKE * np.sum(np.abs(true)) + 1e-9)
