"""`make replay` as a user calls it: what the firmware measures of recordings made here, against
numpy in float64.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from recorded import AMPERE, LAG, VOLT, Comtrade, csv, mains

ROOT = Path(__file__).resolve().parents[2]
WATT = VOLT * AMPERE * np.cos(np.radians(LAG))
VAR = VOLT * AMPERE * np.sin(np.radians(LAG))


def replay(path: Path, *arguments: object) -> tuple[list[dict], str]:
    """The windows, and the notes."""
    command = [sys.executable, "-m", "gateway_host", "replay", "--recording", path, *arguments]
    done = subprocess.run(
        [str(word) for word in command], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.mark.parametrize("frequency", [49.9, 49.5, 59.9])
def test_the_run_in_has_the_recordings_own_frequency(tmp_path, frequency):
    windows, notes = replay(Comtrade(mains(0.7, frequency=frequency)).write(tmp_path))
    assert f"begins at {frequency:.3f} Hz" in notes
    assert len(windows) >= 3 and windows[0]["run_in"] < 3200 / frequency
    for window in windows:
        assert not window["settling"]
        assert window["frequency"] == pytest.approx(frequency, abs=0.002)
        for point in window["points"]:
            assert point["P"] == pytest.approx(WATT, rel=2e-3)
            assert point["Q"] == pytest.approx(VAR, rel=2e-3)


def test_a_fault_61_ms_after_the_begin(tmp_path):
    values = mains(1.6, frequency=49.9)
    values[0, 195:] *= 0.2
    values[3, 195:] *= 6
    windows, _ = replay(Comtrade(values).write(tmp_path))
    for window in windows:
        good = window["frequency"] == pytest.approx(49.9, abs=0.004)
        assert window["settling"] or good
        assert window["settling"] or all(point["Q"] is not None for point in window["points"])
    after = [w for w in windows if w["first_sample"] >= 195 and not w["settling"]]
    assert after
    for window in after:  # L1: a fifth of the voltage, six times the current
        assert window["points"][0]["Q"] == pytest.approx(1.2 * VAR, rel=5e-3)
        assert window["points"][1]["Q"] == pytest.approx(VAR, rel=5e-3)


def test_missing_samples_are_counted_as_missing(tmp_path):
    values = mains(0.7)
    values[3, 706:716] = np.nan  # of L1's current
    values[1, 1400:1401] = np.nan  # of L2's voltage
    windows, _ = replay(Comtrade(values).write(tmp_path))
    missing = np.sum([[p["missing"] for p in w["points"]] for w in windows], axis=0)
    assert missing.tolist() == [64, 64, 0]  # whole blocks
    for window in windows:
        for point in window["points"]:
            assert point["samples"] + point["missing"] == window["samples"]
            assert point["P"] == pytest.approx(WATT, rel=2e-3)


def test_a_current_that_is_missing_altogether_is_unknown(tmp_path):
    values = mains(0.5)
    values[3] = np.nan
    windows, _ = replay(Comtrade(values, form="FLOAT32").write(tmp_path))
    for window in windows:
        first, second, _ = window["points"]
        assert first["P"] is None and first["I"] is None and first["samples"] == 0
        assert second["P"] == pytest.approx(WATT, rel=2e-3)


@pytest.mark.parametrize("rate", [3199.5, 15360])
def test_another_rate_is_measured_right(tmp_path, rate):
    harmonics = {5: 0.06, 15: 0.03}
    values = mains(0.6, rate, harmonics=harmonics)
    windows, notes = replay(Comtrade(values, rate=rate, form="FLOAT32").write(tmp_path))
    assert f"resampled from {rate:g} to 3200" in notes
    volt = np.sqrt(np.mean(values[0] ** 2))
    watt = np.mean(values[0] * values[3])
    for window in windows:
        assert window["voltages"] == pytest.approx([volt] * 3, rel=2e-4)
        for point in window["points"]:
            assert point["P"] == pytest.approx(watt, rel=2e-3)


def test_a_table_of_a_script(tmp_path):
    path = csv(tmp_path, mains(0.5, 4000)[[0, 3]], 4000, "t;u;i", comma=True)
    windows, _ = replay(path)
    assert windows
    for window in windows:
        assert len(window["points"]) == 1
        assert window["points"][0]["P"] == pytest.approx(WATT, rel=2e-3)


def test_voltages_between_lines(tmp_path):
    u, v, w = mains(0.5)[:3]
    values = np.array([u - v, v - w, w - u, *mains(0.5)[3:]])
    path = Comtrade(values, names=["UAB", "UBC", "UCA", "IA", "IB", "IC"], phases=[""] * 6)
    windows, _ = replay(path.write(tmp_path))
    assert windows
    for window in windows:
        assert len(window["points"]) == 3
        assert sum(point["P"] for point in window["points"]) == pytest.approx(3 * WATT, rel=2e-3)
        assert window["lines"] == pytest.approx([VOLT * np.sqrt(3)] * 3, rel=2e-3)


def test_voltage_ratio_in_the_site(tmp_path):
    values = mains(0.5)
    values[:3] *= 50  # 11.5 kV, in primary values with ratio 1/1
    cfg = Comtrade(values, units=["kV"] * 3 + ["A"] * 3, form="FLOAT32")
    cfg.values = values / np.array([[1e3]] * 3 + [[1]] * 3)
    site = tmp_path / "site.toml"
    points = ", ".join(f'{{ channel = "I{x}", phase = "L{k}" }}' for k, x in enumerate("abc", 1))
    site.write_text(
        '[head]\nvoltages = ["Ua", "Ub", "Uc"]\nvoltage_ratio = 50\n'
        f'[[load]]\nname = "Bay"\nrole = "grid"\npoints = [{points}]\n'
    )
    windows, _ = replay(cfg.write(tmp_path), "--site", site)
    assert windows
    for window in windows:
        assert window["voltages"] == pytest.approx([50 * VOLT] * 3, rel=1e-3)
        for point in window["points"]:
            assert point["P"] == pytest.approx(50 * WATT, rel=2e-3)


def direct(seconds):
    """Switched on after a tenth of a second."""
    values = np.repeat([[230.0], [0], [0], [10.0], [0], [0]], round(seconds * 3200), axis=1)
    values[:, :320] = 0
    return values


NO_MAINS = {
    "400 Hz": mains(1.2, frequency=400),
    "16.7 Hz": mains(1.2, frequency=16.7),
    "direct current": direct(1.2),
    "nothing": np.zeros((6, 3840)),
    "noise": np.random.default_rng(1).normal(0, 30, (6, 3840)),
}


@pytest.mark.parametrize("kind", NO_MAINS)
def test_a_recording_without_any_mains_is_refused(kind, tmp_path):
    path = Comtrade(NO_MAINS[kind], form="FLOAT32").write(tmp_path)
    command = [sys.executable, "-m", "gateway_host", "replay", "--recording", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 2 and done.stdout == ""
    assert "no mains of 40 to 70 Hz in any part of it" in done.stderr.splitlines()[-1]


def test_a_recording_whose_mains_begin_late_is_played(tmp_path):
    values = mains(4.0)
    values[:, :3200] = 0
    windows, _ = replay(Comtrade(values).write(tmp_path))
    assert windows[0]["frequency"] is None and windows[0]["voltages"] == [0, 0, 0]
    assert windows[-1]["frequency"] == pytest.approx(50, abs=0.01)
    assert windows[-1]["points"][0]["P"] == pytest.approx(WATT, rel=2e-3)


@pytest.mark.parametrize("left", [0.2, 0.08])
def test_a_phase_that_dips_keeps_its_power(left, tmp_path):
    """For up to 3 s (IEC 61000-4-30); the energy of L1 is what flows."""
    values = mains(4.0)
    dip = slice(3200, 3200 + 6400)
    values[0, dip] *= left
    windows, _ = replay(Comtrade(values).write(tmp_path))
    inside = [w for w in windows if 3300 < w["first_sample"] < 3200 + 6400 - 700]
    assert len(inside) >= 7
    for window in inside:
        point = window["points"][0]
        assert point["P"] == pytest.approx(left * WATT, rel=5e-3)
        assert point["Q"] == pytest.approx(left * VAR, rel=2e-2)
        assert point["missing"] == 0
