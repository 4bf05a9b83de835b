"""The firmware's advisor on drawn sites of every scheme, whose truth is known: as `make advise`,
with few sites. What is said for sure is right, and most faults are found."""

from __future__ import annotations

import pytest
from gateway_host.advise.run import WRONG, judge
from gateway_host.advise.sites import SCHEMES


def test_what_is_sure_is_right_and_faults_are_found():
    verdicts = judge(list(range(2 * len(SCHEMES))))
    assert {one.scheme for one in verdicts} == set(SCHEMES)
    assert [one for one in verdicts if one.wrong or one.alarm] == []
    faults = [one for one in verdicts if one.fault and one.flows]
    found = [one for one in faults if one.said == WRONG and one.right]
    assert len(faults) >= 10
    assert len(found) >= 0.75 * len(faults)


def test_the_other_leg_is_not_said_from_a_few_coincidences():
    """A motor between two lines of a split phase: its change on L2 is always hidden by another
    load's, and that on L1 seen. Turned on L1 is nearly the same power."""
    said = judge([59])
    assert {one.scheme for one in said} == {"2x120/240"}
    assert [one for one in said if one.wrong or one.alarm] == []


def test_what_was_found_stays_found():
    """Two of three CTs of a vehicle are turned, and rise slowly; later coincidences make that less
    sure, and nothing else likelier."""
    found = [one for one in judge([830]) if one.fault and one.flows]
    assert [(one.point, one.fault) for one in found] == [(4, "turned"), (9, "turned")]
    assert [(one.said, one.right, one.wrong) for one in found] == [(WRONG, True, False)] * 2


@pytest.mark.parametrize("seed", [9002, 9383, 9714])
def test_what_happens_at_once_is_no_evidence(seed):
    """Inverters, a battery and loads that ramp or switch together; legs that are nearly alike."""
    said = judge([seed])
    assert said
    assert [one for one in said if one.wrong or one.alarm] == []
