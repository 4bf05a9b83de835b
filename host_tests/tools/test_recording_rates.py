"""Sampling rates: sections, time stamps, and what resampling costs, against numpy in float64."""

from pathlib import Path

import numpy as np
import pytest
from gateway_host.errors import UserError
from gateway_host.recording.names import Phase
from gateway_host.recording.recording import load_recording
from gateway_host.recording.resample import ERROR, KEPT, at_bus_rate
from gateway_host.recording.steady import find_frequency
from gateway_host.recording.waveform import Channel, Waveform
from recorded import Comtrade, mains

RATES = [1600, 1920, 3199.5, 3200.4, 3333.333, 4000, 4800, 5760, 6400, 7680, 10000, 12800]
RATES += [15360, 20000, 51200]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("frequency", "order"), [(49.9, 15), (60.0, 5)])
def test_a_harmonic_keeps_its_size_and_its_angle(rate, frequency, order):
    count = round(0.6 * rate)
    turns = 2 * np.pi * frequency * np.arange(count) / rate
    wave = np.cos(turns) + 0.1 * np.cos(order * turns + 0.3)
    channel = Channel("u", "V", Phase(0), 1.0, True, wave)
    got = at_bus_rate(Waveform(Path("x"), "", None, rate, [channel])).channels[0].stored
    assert len(got) == int((count - 1) * 3200 / rate) + 1
    turns = 2 * np.pi * frequency * np.arange(len(got)) / 3200
    parts = [np.ones(len(got))]
    for n in (1, order):
        parts += [np.cos(n * turns), np.sin(n * turns)]
    found, *_ = np.linalg.lstsq(np.array(parts).T, got, rcond=None)
    one, other = found[1] - 1j * found[2], found[3] - 1j * found[4]
    assert abs(one) == pytest.approx(1, abs=ERROR)
    if order * frequency <= KEPT * min(rate, 3200):
        assert abs(other) == pytest.approx(0.1, rel=ERROR)
        # What the first sample is off moves all alike.
        turned = (np.angle(other) - 0.3 - order * np.angle(one) + np.pi) % (2 * np.pi) - np.pi
        assert abs(turned) < 10 * ERROR
    if rate != 3200.4:  # 3200 and this one meet every 2.5 s only
        assert abs(np.angle(one)) < ERROR


def test_what_lies_above_half_the_rate_does_not_fold_back():
    turns = 2 * np.pi * np.arange(12800) / 12800
    wave = np.cos(50 * turns) + 0.1 * np.cos(3150 * turns)  # would be one of 50 Hz
    channel = Channel("u", "V", Phase(0), 1.0, True, wave)
    got = at_bus_rate(Waveform(Path("x"), "", None, 12800, [channel])).channels[0].stored
    exact = np.cos(2 * np.pi * np.arange(3200) / 64)
    assert got[320:-320] == pytest.approx(exact[320:-320], abs=1e-5)


@pytest.mark.parametrize("rate", [4000, 12800])
def test_missing_samples_stay_missing(tmp_path, rate):
    values = mains(0.5, rate)
    values[4, 1000] = np.nan
    stored = load_recording(Comtrade(values, rate=rate).write(tmp_path)).file.channels[4].stored
    gone = np.flatnonzero(np.isnan(stored))
    assert abs(np.median(gone) - 1000 * 3200 / rate) < 2 and 5 < len(gone) < 64
    good = np.isfinite(stored)
    exact = mains(0.5, 3200)[4, : len(stored)]
    assert stored[good] == pytest.approx(exact[good], abs=0.01)


@pytest.mark.parametrize(
    ("sections", "samples"),
    [
        (["3200,800", "3200,1600", "3200,2400", "3200,3200"], 3200),
        (["3200,800"] * 4, 3200),  # each counted by itself
        (["3200,1600", "50,1700", "3200,3200"], 1600),
        (["3200,1600", "6400,3200"], 1600),
        (["50,100", "3200,3200"], 3100),
        (["3200,0"], 3200),
        (["3200,3000"], 3000),
    ],
)
def test_sections(tmp_path, sections, samples):
    recording = load_recording(Comtrade(mains(), sections=sections).write(tmp_path))
    assert recording.samples == samples
    notes = recording.file.notes
    assert bool(notes) == (samples < 3200) and all("are played" in note for note in notes)


STAMPS = np.arange(3200) * 312.5


@pytest.mark.parametrize("sections", [["0,3200"], ["0,0"], []])
@pytest.mark.parametrize(
    ("stamps", "multiplier"),
    [
        (np.floor(STAMPS), "1"),
        (np.rint(STAMPS), "1"),
        (np.rint(STAMPS / 0.4), "0.4"),
        (np.rint(STAMPS / 100), "100"),
        (STAMPS * 1000 / 500, "0.5"),
    ],
)
@pytest.mark.parametrize("form", ["ASCII", "BINARY"])
def test_time_stamps_give_the_rate(tmp_path, sections, stamps, multiplier, form):
    recording = Comtrade(
        mains(), form=form, sections=sections, stamps=stamps, multiplier=multiplier
    )
    loaded = load_recording(recording.write(tmp_path))
    assert loaded.samples == 3200 and not loaded.file.notes


@pytest.mark.parametrize(
    ("stamps", "problem"),
    [
        (np.zeros(3200), "time stamps do not go on"),
        (np.full(3200, 0xFFFFFFFF), "time stamps do not go on"),
        (np.where(np.arange(3200) < 1600, STAMPS, STAMPS + np.arange(3200) * 90), "not evenly"),
        (STAMPS[::-1], "goes back|do not go on"),
        (STAMPS * 100, "mean 32 samples/s"),
    ],
)
def test_time_stamps_that_give_no_rate(tmp_path, stamps, problem):
    with pytest.raises(UserError, match=problem):
        load_recording(Comtrade(mains(), sections=["0,3200"], stamps=stamps).write(tmp_path))


def test_time_stamps_in_nanoseconds(tmp_path):
    times = ("01/02/2024,03:04:05.000000000", "01/02/2024,03:04:05.100000000")
    recording = Comtrade(mains(), sections=["0,3200"], stamps=STAMPS * 1000, times=times)
    assert load_recording(recording.write(tmp_path)).samples == 3200


@pytest.mark.parametrize(("stated", "samples"), [(6400, 3200), (3200, 3200)])
def test_a_rate_that_the_time_stamps_contradict(tmp_path, stated, samples):
    stamps = STAMPS if stated == 6400 else STAMPS * 2
    recording = load_recording(Comtrade(mains(), rate=stated, stamps=stamps).write(tmp_path))
    assert recording.samples == samples and "3200 is used" in recording.file.notes[0]


def test_gaps_that_the_stamps_show(tmp_path):
    stamps = np.delete(np.floor(np.arange(3210) * 312.5), slice(1000, 1010))
    values = np.delete(mains(3210 / 3200), slice(1000, 1010), axis=1)
    recording = load_recording(
        Comtrade(values, sections=["0,3200"], stamps=stamps).write(tmp_path)
    )
    assert recording.samples == 3210
    assert np.flatnonzero(np.isnan(recording.file.channels[0].stored)).tolist() == [
        *range(1000, 1010)
    ]


@pytest.mark.parametrize("rate", [50, 400])
def test_a_rate_that_shows_no_wave_is_refused(tmp_path, rate):
    with pytest.raises(UserError, match=f"it has {rate} samples/s; at least 500"):
        load_recording(Comtrade(mains(), rate=rate).write(tmp_path))


@pytest.mark.parametrize("frequency", [45.0, 49.5, 59.9])
@pytest.mark.parametrize("rate", [800, 3200, 20000])
@pytest.mark.parametrize("change", [0.035, 0.061, 9.0])
def test_the_frequency_at_the_begin(frequency, rate, change):
    values = mains(0.5, rate, frequency, {} if rate == 800 else {3: 0.02, 5: 0.06, 7: 0.04})[:3]
    values[0, round(change * rate) :] *= 0.2
    values += np.random.default_rng(3).normal(0, 0.05, values.shape)
    assert find_frequency(values, rate) == pytest.approx(frequency, abs=0.003)


def test_no_mains_has_no_frequency():
    assert find_frequency(np.zeros((3, 3200)), 3200) is None
    assert find_frequency(np.full((3, 3200), np.nan), 3200) is None
    assert find_frequency(np.random.default_rng(1).normal(0, 1, (3, 3200)), 3200) is None
    assert find_frequency(np.full((3, 3200), 5.0), 3200) is None
    for frequency in (16.7, 150.0, 400.0):
        assert find_frequency(mains(0.5, frequency=frequency)[:3], 3200) is None
