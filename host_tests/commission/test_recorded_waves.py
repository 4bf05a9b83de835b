"""The advisor on the waves of a real substation: seven lines of three currents, 0.2 s until a
fault. A cycle is taken for a report; the CTs are wired at random.

How the three of a line lie to each other follows from the waves. By how many phases all three are
shifted does not: no consumption tells the direction there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gateway_host.advise.run import AS_CONFIGURED, WRONG
from gateway_host.recording.recording import load_recording
from watched import judgements

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "recordings" / "ygz.cfg"
NO_SHARED = "no recording: put ygz.cfg and ygz.dat into shared/recordings beside this folder"
CYCLE, HOP = 64, 4  # samples
STEADY = 600  # of them; the fault is at 640
LINES = 7
TO_VOLT, TO_AMPERE = 4, 100  # from the recorder's inputs to those of a house
GIVE = (2, 3, 6)  # lines that feed the bus


def phasors(inputs: list, frequency: float) -> np.ndarray:
    """Rms, of each cycle that begins at a multiple of HOP."""
    values = np.array([mapped.channel.stored[:STEADY] for mapped in inputs])
    turn = np.exp(-2j * np.pi * frequency / 3200 * np.arange(values.shape[1]))
    sums = np.cumsum(np.pad(values * turn, ((0, 0), (1, 0))), axis=1)
    return (sums[:, CYCLE:] - sums[:, :-CYCLE])[:, ::HOP] * np.sqrt(2) / CYCLE


@pytest.mark.skipif(not SHARED.exists(), reason=NO_SHARED)
@pytest.mark.parametrize("seed", range(20))
def test_how_the_cts_of_a_line_lie_to_each_other_is_found_from_the_waves(seed):
    recording = load_recording(SHARED)
    frequency = recording.true_frequency
    volts = TO_VOLT * phasors(recording.voltages, frequency)
    currents = TO_AMPERE * phasors(recording.currents[: 3 * LINES], frequency)
    rng = np.random.default_rng(seed)
    true = [2 * int(k) + int(rng.integers(2)) for _ in range(LINES) for k in rng.permutation(3)]
    power = np.zeros((3 * LINES, volts.shape[1]), complex)
    for i, way in enumerate(true):
        power[i] = volts[i % 3] * np.conj(currents[i // 3 * 3 + way // 2]) * (-1) ** (way % 2)
    loads = [
        {"name": f"Line {k}", "role": "solar" if k in GIVE else "circuit"} for k in range(LINES)
    ]
    points = [(f"L{i % 3 + 1}", f"Line {i // 3}") for i in range(3 * LINES)]
    ways: list[int] = []
    for _, states, ways in judgements("3x400+N", loads, points, volts, power):
        for i, state in enumerate(states):
            assert state != AS_CONFIGURED or true[i] == 2 * (i % 3)
            assert state != WRONG or true[i] == ways[i]
    assert len(ways) == len(true)
    for first in range(0, 3 * LINES, 3):
        line = zip(true[first : first + 3], ways[first : first + 3], strict=True)
        assert len({((a // 2 - b // 2) % 3, (a - b) % 2) for a, b in line}) == 1
