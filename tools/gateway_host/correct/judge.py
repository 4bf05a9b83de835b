"""Whether pairs can be believed, and what then becomes of the site document. Owns the limits
(docs/ct-correction.md)."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from typing import Any

from gateway_host.errors import UserError

from .fit import Fit, fit
from .reading import Pair, Pairs, full_load, point_of

_FEWEST = 3
_LEAST_LOAD = 1.0  # % of the rated current
_LEAST_LARGEST = 5.0
_APART = 2.0  # the largest load is at least so many times the smallest
_LEFT = 0.015  # of the apparent power, that a pair may be off behind the correction
_RATIO = 0.1  # more than this is no error of a CT
_DEGREES = 6.0
_NEAR = 12.0  # degrees within which an angle is that of another phase
_ADVISOR = "see what the advisor says (docs/commissioning.md), mend that, and measure again"
_TURNED = {
    180: "the CT is turned, or the other meter is: %s",
    120: "the point has a wrong phase: %s",
    60: "the point has a wrong phase and its CT is turned: %s",
}


class Correction:
    """What is found of a CT. `fit`: fit.Fit; `loads`: of each pair, % of the rated current;
    `ratio` and `degrees`: what is added to the document's own, with `ratio_sure` (parts) and
    `degrees_sure`: within which they lie, with 95 %, as far as the reference is as good as it
    says."""

    def __init__(self, document: dict[str, Any], pairs: Pairs):
        """UserError where they can not be believed, with the reason and the remedy."""
        self._document = document
        self._pairs = pairs
        point = point_of(document, pairs)
        full = full_load(document, point)
        self.loads = [100 * abs(pair.measured) / full for pair in pairs.pairs]
        _check_loads(self.loads)
        self.fit = fit(pairs.pairs)
        _check_agreement(self.fit)
        _check_phase(self.fit)
        self.ratio, self.degrees = self.fit.ratio, self.fit.degrees
        if abs(self.ratio - 1) > _RATIO:
            raise UserError(
                f"the gateway's values must be multiplied with {self.ratio:.3f}: no CT is so far "
                "off; look at the point's `ct` and `ratio`, whether its core is closed, how often "
                "the wire goes through it, and whether both measure the same wire"
            )
        accuracy = pairs.accuracy / 100
        self.ratio_sure = math.hypot(self.fit.scatter[0], accuracy)
        self.degrees_sure = math.degrees(math.hypot(self.fit.scatter[1], accuracy))
        _check_size(self)

    def rows(self) -> Iterator[tuple[Pair, float]]:
        """Each pair, and its load in % of the rated current."""
        return zip(self._pairs.pairs, self.loads, strict=True)

    def applied(self) -> dict[str, Any]:
        """The site document with the correction in its point. UserError where the one that is
        there and this one together are too large."""
        document = copy.deepcopy(self._document)
        point = point_of(document, self._pairs)
        old = point.get("correction", {})
        ratio = old.get("ratio", 1) * self.ratio
        degrees = old.get("degrees", 0) + self.degrees
        if abs(ratio - 1) > _RATIO or abs(degrees) > _DEGREES:
            raise UserError(
                f"with the correction of {old.get('date')} the CT is off by {ratio:.3f} and "
                f"{degrees:.1f} degrees, more than a CT is: remove that one, and measure again"
            )
        point["correction"] = {
            "ratio": round(ratio, 5),
            "degrees": round(degrees, 3),
            "date": self._pairs.date,
            "error_before": round(100 * max(self.fit.before), 2),
            "error_after": round(100 * max(self.fit.after), 2),
        }
        if self._pairs.reference:
            point["correction"]["reference"] = self._pairs.reference
        return document


def _check_size(found: Correction) -> None:
    """What is found must be more than may be the reference's error, or what the pairs scatter."""
    ratio, degrees = abs(found.ratio - 1), abs(found.degrees)
    if ratio > found.ratio_sure or found.fit.angle_known and degrees > found.degrees_sure:
        return
    angle = f", the angle by {degrees:.2f} degrees, within {found.degrees_sure:.2f}"
    raise UserError(
        f"nothing to correct: the ratio is off by {100 * ratio:.2f} %, within "
        f"{100 * found.ratio_sure:.2f} %{angle if found.fit.angle_known else ''}: where more is "
        "to be known, take a better reference, or more pairs of steadier loads"
    )


def _check_loads(loads: Sequence[float]) -> None:
    if len(loads) < _FEWEST:
        raise UserError(
            f"[[pair]]: {len(loads)}, and at least {_FEWEST} are wanted, at different currents"
        )
    for i, load in enumerate(loads, 1):
        if load < _LEAST_LOAD:
            raise UserError(
                f"[[pair]] {i}: {load:.2f} % of the CT's rated current, and below {_LEAST_LOAD:g} "
                "% a CT says little: switch on more"
            )
    if max(loads) < _LEAST_LARGEST:
        raise UserError(
            f"the largest load is {max(loads):.1f} % of the CT's rated current: at least one must "
            f"have {_LEAST_LARGEST:g} %, for a CT is off by more at small currents: switch on more"
        )
    if max(loads) < _APART * min(loads):
        raise UserError(
            f"the loads are alike ({min(loads):.1f} to {max(loads):.1f} % of the rated current): "
            "the largest must be at least twice the smallest"
        )


def _check_agreement(found: Fit) -> None:
    worst = max(found.after)
    if worst > _LEFT:
        raise UserError(
            f"[[pair]] {found.after.index(worst) + 1}: {100 * worst:.1f} % off what all of them "
            f"say together ({100 * _LEFT:g} % may be): measure it again while the load is steady; "
            "where the same ones are off again, the CT has no correction that fits all currents"
        )


def _check_phase(found: Fit) -> None:
    if not found.angle_known:
        if found.factor.real <= 0:
            text = "power has another sign than the reference's: the CT is turned, its phase is "
            raise UserError(f"{text}wrong, or the other meter is turned: {_ADVISOR}")
        return
    angle = abs(found.degrees)
    if angle <= _DEGREES:
        return
    for turn, text in _TURNED.items():
        if abs(angle - turn) <= _NEAR:
            raise UserError(text % _ADVISOR)
    raise UserError(
        f"the gateway's angle is {found.degrees:.1f} degrees off, and a CT's is by {_DEGREES:g} "
        "at most: look at the phase and the type of the CT, whether its core is closed, and at "
        "the signs of the vars (positive: the current lags)"
    )
