"""What `make advise` counts as a false alarm."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from gateway_host.advise import run
from gateway_host.advise.sites import Ct

SECONDS = 60


@pytest.mark.parametrize(
    ("scheme", "fault", "alarm"),
    [
        ("2x120/240", "", True),
        ("2x120/240", "wrong_phase", False),  # and turned: its power is right both ways
        ("3x400+N", "wrong_phase", True),
        ("3x400+N", "", True),
    ],
)
def test_a_fault_that_is_said_of_a_point_whose_power_is_right(scheme, fault, alarm):
    seen = np.full(SECONDS, 5 + 0j)
    volts = np.array([[230 + 0j] * SECONDS, [-230 + 0j] * SECONDS, [230 + 0j] * SECONDS])
    ct = Ct(0, "circuit", "L1", fault, seen, volts[0])
    site = SimpleNamespace(scheme=scheme, cts=[ct], volts=volts, power=volts[:1] * seen)
    turned_on_l2 = 3
    verdict = run._verdict(1, site, 0, [[30, [run.WRONG], [turned_on_l2], [0]]])
    assert (verdict.fault, verdict.right, verdict.alarm) == ("", True, alarm)
