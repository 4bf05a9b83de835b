"""What is wired wrong, or adds what is not there: nothing is measured with it in silence. Compared
with the waves made."""

import numpy as np
import pytest
from generated import VOLT, ampere, counts, measure, wave

COIL = 10000  # A rated
SECONDS = 4.2


def three(*parts, load=(10, 0), rated=50, declared=230, bits=32, direct=(0, 0, 0, 0)):
    """The reports of three voltages (rms, degrees) and a current (rms, degrees); direct: counts
    that the converters add to each."""
    waves = [wave(SECONDS, 50, (1, *part)) for part in [*parts, load]]
    samples = counts(np.array(waves), [VOLT] * 3 + [ampere(rated)])
    samples = samples + np.array(direct, dtype=np.int16)[:, None]
    return measure(samples, bits, points=[[0, rated]], frequency=50, declared=declared)


STAR = [(230, 0), (230, -120), (230, 120)]


@pytest.mark.parametrize("direct", [20, -20, 300])
def test_direct_current_of_a_converter_is_no_current(direct, bits):
    for report in three(*STAR, load=(0, 0), rated=COIL, direct=(0, 0, 0, direct), bits=bits):
        power, _, apparent, _, _, current, imported, exported, *_ = report["points"][0]
        assert (power, apparent, current, imported, exported) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("lag", [0, 60])
def test_direct_current_beside_a_true_one_is_taken_off(lag, bits):
    """At voltage and current: their product is no power."""
    direct = (40, 0, -30, 60)
    for report in three(*STAR, load=(200, -lag), rated=COIL, direct=direct, bits=bits)[1:]:
        power, _, apparent, _, _, current, *_ = report["points"][0]
        assert current == pytest.approx(200, rel=0.003)
        assert power == pytest.approx(46000 * np.cos(np.radians(lag)), abs=150)
        assert report["voltages"] == pytest.approx([230, 230, 230], rel=1e-4)


@pytest.mark.parametrize("frequency", [50, 60, 49.9, 55])
def test_harmonics_do_not_look_like_direct_current(frequency):
    parts = [(1, 10, 0), (7, 3, 90), (8, 2, 90), (9, 2, 90), (13, 1, 90)]
    waves = [wave(SECONDS, frequency, (1, 230, angle)) for angle in (0, -120, 120)]
    waves.append(wave(SECONDS, frequency, *parts))
    samples = counts(np.array(waves), [VOLT] * 3 + [ampere(50)])
    for report in measure(samples, points=[[0, 50]], frequency=50)[2:]:
        right = np.sqrt(sum(rms**2 for _, rms, _ in parts))
        assert report["points"][0][5] == pytest.approx(right, rel=0.001)


@pytest.mark.parametrize("volts", [0, 3, 28, 45, 80])
@pytest.mark.parametrize("angle", [0, 90, 180])
def test_a_current_without_a_voltage_is_not_measured(volts, angle, bits):
    """A phase lost, a wire that hangs free."""
    for report in three((volts, angle), *STAR[1:], load=(13, 0), bits=bits):
        reading = report["points"][0]
        assert reading[0] is None and reading[5] == pytest.approx(13, rel=0.01)
        assert reading[6:9] == [0, 0, [0, 0, 0, 0]]
        assert (report["count"], report["missed"]) == ([0], [report["samples"]])
        assert report["frequency"] == pytest.approx(50, abs=0.02)
        assert report["unbalance"] is None


def test_no_current_without_a_voltage_is_0_w(bits):
    for report in three((3, 0), *STAR[1:], load=(0, 0), bits=bits):
        assert report["points"][0][0] == 0
        assert report["missed"] == [0]


@pytest.mark.parametrize(("volts", "declared"), [(120, 120), (100, 120), (277, 277), (180, 230)])
def test_what_is_low_but_there_is_measured(volts, declared):
    parts = [(volts, angle) for _, angle in STAR]
    for report in three(*parts, declared=declared):
        assert report["points"][0][0] == pytest.approx(10 * volts, rel=0.003)


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("volts", [(230, 230, 230), (231, 224, 236)])
def test_swapped_phases_turn_back(order, volts, bits):
    parts = [(volts[p], STAR[p][1]) for p in range(3)]
    right = three(*parts, bits=bits)[-1]
    for report in three(*[parts[p] for p in order], bits=bits)[1:]:
        assert report["turns back"]
        assert report["unbalance"] == pytest.approx(right["unbalance"], abs=0.03)
    assert not right["turns back"]
