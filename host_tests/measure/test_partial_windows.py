"""What is published of a report in which a hub goes away: never the mean over a part of a cycle.
Rates are compared with those of the waves that were made."""

import numpy as np
import pytest
from generated import VOLT, ampere, counts, measure, wave

RATED = 50
VOLTS = 230.0


def installation(frequency: float, lags: tuple, amperes: float = 10.0, seconds: float = 4.0):
    """One voltage and a current of 10 A for each lag, as counts."""
    volts = [wave(seconds, frequency, (1, VOLTS, 0))] + [wave(seconds, frequency, (1, 0, 0))] * 2
    loads = [wave(seconds, frequency, (1, amperes, -lag)) for lag in lags]
    return counts(np.array(volts + loads), [VOLT] * 3 + [ampere(RATED)] * len(lags))


@pytest.mark.parametrize("frequency", [49.9, 50, 50.4, 60, 59.7])
@pytest.mark.parametrize("gone_from", range(100, 112))
def test_a_hub_that_goes_away_amid_a_report(frequency, gone_from):
    """A heater, a capacitor, a motor at 60 degrees; away for a second, from any block on."""
    lags = (0, -90, 60)
    samples = installation(frequency, lags)
    gone = [[3 + i, gone_from, gone_from + 50] for i in range(len(lags))]
    nominal = 60 if frequency > 55 else 50
    reports = measure(samples, points=[[0, RATED]] * 3, frequency=nominal, gone=gone)
    assert any(sum(report["missed"]) for report in reports)
    for report in reports:
        for i, lag in enumerate(lags):
            assert report["count"][i] + report["missed"][i] == report["samples"]
            power = report["points"][i][0]
            if power is None:
                assert report["count"][i] == 0
                continue
            assert power == pytest.approx(
                VOLTS * 10 * np.cos(np.radians(lag)), abs=0.005 * VOLTS * 10
            )


@pytest.mark.parametrize("frequency", [50, 50.2])
def test_single_blocks_lost_in_each_window_do_not_end_measuring(frequency):
    """A block is a cycle: what is left of the window is whole cycles."""
    samples = installation(frequency, (0, 60))
    gone = [[4, block, block + 1] for block in range(55, 190, 10)]
    reports = measure(samples, points=[[0, RATED]] * 2, frequency=50, gone=gone)
    for report in reports[1:3]:
        assert report["points"][1][0] == pytest.approx(VOLTS * 5, rel=0.003)
        assert report["count"][1] >= report["samples"] // 2
