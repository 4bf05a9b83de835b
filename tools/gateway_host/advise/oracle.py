"""What could be known of how a load's CTs are wired, at most: an oracle that knows the supply's
impedance and its noise, what every other CT is on, and all phasors without any error.

It weighs each way of wiring the load's CTs by the changes of the voltages and of the grid's
currents from one second to the next, by whether the load gives though it consumes, and by how many
faults that needs. Written from the physics; knows nothing of the firmware's rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from .sites import Ct, Drawn, patterns_of
from .truth import is_right

_SURE = 6.0  # log of odds
_ONE_FAULT = 5.0  # log of how seldom
_GIVES = 6.0  # at most: there may be a plant that is not in the site
_LEAST_AMPERE = 0.006  # of noise
_LEAST_VOLT = 1e-3
_MAD = 1.4826

Wiring = tuple[int, ...]  # of each CT of a load its way, as truth.is_right takes it


class Oracle:
    """site: as drawn; grid: whether the grid's CTs are there."""

    def __init__(self, site: Drawn, grid: bool):
        assert site.supply is not None
        self._site, self._supply = site, site.supply
        self._patterns = np.array(list(patterns_of(site.scheme).values()))
        source = self._patterns @ self._supply.source
        self._unit = np.exp(-1j * np.angle(source))[:, None]
        walked = self._patterns @ (self._supply.source[:, None] * self._supply.walk)
        self._volt = np.maximum(_noise(np.real(walked * self._unit)), _LEAST_VOLT)
        rest = self._supply.rest
        self._ampere = np.hypot(_noise(np.abs(rest)), _LEAST_AMPERE) * rest.any(axis=1)
        self._grid = grid

    def decides(self, k: int) -> bool:
        """Whether point k's true wiring is much likelier than all in which its power is wrong."""
        ct = self._site.cts[k]
        cts = [one for one in self._site.cts if one.load == ct.load]
        lines = self._lines(cts)
        true = tuple(2 * lines.index(one.carries) + one.turned for one in cts)
        truth = self._currents(cts, lines, true)
        for ways in _wirings(len(lines), len(cts)):
            if not is_right(self._site, ct, ways[cts.index(ct)]):
                off = self._currents(cts, lines, ways) - truth
                odds = self._seen(off) + self._known(cts, lines, ways, true)
                if odds < _SURE:
                    return False
        return True

    def _lines(self, cts: list[Ct]) -> list[tuple[int, ...]]:
        """What the CTs of a load may be around: of each the lines that carry its current."""
        if len(cts) == 1:
            return [tuple(one) for one in self._patterns.tolist()]
        scheme = self._site.scheme
        return [(1, 0, 0), (0, 1, 0), (0, 0, 1)][: 2 if scheme == "2x120/240" else 3]

    def _seen(self, off: np.ndarray) -> float:
        """Log of how unlikely it is that currents that are off by this are not noticed."""
        drop = -self._supply.line * off - self._supply.neutral * off.sum(axis=0)
        volts = np.diff(np.real((self._patterns @ drop) * self._unit))
        total = np.sum(volts**2 / (2 * self._volt[:, None] ** 2))
        if self._grid:
            there = self._ampere > 0
            changes = np.abs(np.diff(off[there])) ** 2
            total += np.sum(changes / (2 * self._ampere[there, None] ** 2))
        return float(total)

    def _known(
        self, cts: list[Ct], lines: list[tuple[int, ...]], ways: Wiring, true: Wiring
    ) -> float:
        """The same of what is known of installers and of loads."""
        gives = self._gives(cts, lines, ways) and not self._gives(cts, lines, true)
        more = self._faults(cts, ways) - self._faults(cts, true)
        return _GIVES * gives + _ONE_FAULT * more

    def _currents(self, cts: list[Ct], lines: list[tuple[int, ...]], ways: Wiring) -> np.ndarray:
        """Through the lines, where the CTs, which see what they see, are wired so."""
        total = np.zeros((3, self._supply.walk.shape[1]), complex)
        for ct, way in zip(cts, ways, strict=True):
            total += np.multiply.outer(np.array(lines[way // 2]), _flowing(ct, way))
        if self._site.scheme == "3x230" and len(cts) == 2:  # it comes back on the third line
            free = ({0, 1, 2} - {way // 2 for way in ways}).pop()
            total[free] = -total.sum(axis=0)
        return total

    def _gives(self, cts: list[Ct], lines: list[tuple[int, ...]], ways: Wiring) -> bool:
        """Whether any of them would, in the mean, against its role."""
        for ct, way in zip(cts, ways, strict=True):
            volt = np.dot(lines[way // 2], self._supply.source)
            power = float(np.mean(np.real(volt * np.conj(_flowing(ct, way)))))
            if ct.role in ("circuit", "solar") and power * (-1) ** (ct.role == "solar") < 0:
                return True
        return False

    def _faults(self, cts: list[Ct], ways: Wiring) -> int:
        """How many an installer makes: two exchanged are one, and so are all turned."""
        names = list(patterns_of(self._site.scheme))
        moved = sum(way // 2 != names.index(ct.phase) for ct, way in zip(cts, ways, strict=True))
        turned = sum(way & 1 for way in ways)
        return (moved + 1) // 2 + min(turned, 1 + len(cts) - turned)


def _flowing(ct: Ct, way: int) -> np.ndarray:
    return ct.seen * (-1) ** (ct.turned + (way & 1))


def _noise(values: np.ndarray) -> np.ndarray:
    """Of its changes from second to second, without the steps."""
    return _MAD * np.median(np.abs(np.diff(values)), axis=1)


def _wirings(lines: int, cts: int) -> Iterator[Wiring]:
    for chosen in permutations(range(lines), cts):
        for turned in product((0, 1), repeat=cts):
            yield tuple(2 * line + t for line, t in zip(chosen, turned, strict=True))
