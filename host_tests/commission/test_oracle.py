"""What could be known of a drawn site at most, by which the advisor's finds are measured too."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from gateway_host.advise.figures import figures
from gateway_host.advise.oracle import Oracle
from gateway_host.advise.run import WRONG, Verdict
from gateway_host.advise.sites import Ct, Supply

SECONDS = 600
TIME = np.arange(SECONDS)
THIRDS = np.exp(-2j * np.pi * np.arange(3) / 3)
STAR = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def site(ct: Ct, noise: float, rest: float) -> SimpleNamespace:
    """A star with one CT of a circuit. noise: of the voltages, per unit; rest: A, nobody's."""
    rng = np.random.default_rng(5)
    source = 230 * THIRDS
    walk = 1 + np.cumsum(rng.normal(0, noise, (3, SECONDS)), axis=1)
    supply = Supply(source, walk, 0.3 + 0.1j, 0.2 + 0j, rng.normal(0, rest, (3, SECONDS)) + 0j)
    volts = source[:, None] * walk
    ct.right = volts[0]
    return SimpleNamespace(scheme="3x400+N", volts=volts, cts=[ct], supply=supply)


def ct(current, turned=True) -> Ct:
    return Ct(0, "circuit", "L1", "turned", current + 0j, turned=turned, carries=STAR[0])


SWITCHED = np.where(TIME // 60 % 2, 8.0, 0.5)
STEADY = np.full(SECONDS, 0.5) * np.exp(-0.6j)


@pytest.mark.parametrize(
    ("current", "noise", "grid", "known"),
    [
        (SWITCHED, 0.0003, False, True),  # by the voltages
        (SWITCHED, 0.1, False, False),
        (SWITCHED, 0.1, True, True),  # by the grid's CTs
        (STEADY, 0.0003, True, False),  # it has never changed
    ],
)
def test_what_never_shows_could_not_be_known(current, noise, grid, known):
    assert Oracle(site(ct(current), noise, rest=0.2), grid).decides(0) == known


def test_what_could_be_known_has_a_share_of_its_own():
    def verdict(said, decidable):
        one = Verdict(0, 0, "3x400+N", "circuit", "turned", True, True, True, said, True)
        one.decidable = decidable
        return one

    found = figures([verdict(WRONG, True), verdict(1, True), verdict(1, False)], 1)
    assert (found["faults"], found["decidable_faults"]) == (3, 2)
    assert found["found_share"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["found_of_decidable_share"] == 0.5
