"""Recordings: files made here, byte by byte, and what the nodes give of them."""

import struct
from pathlib import Path

import numpy as np
import pytest
from gateway_host.errors import UserError
from gateway_host.recording.recording import load_recording
from gateway_host.sim.catalogue import VOLT_PER_COUNT, ampere_per_count
from gateway_host.sim.installation import Installation

COUNT = 700
ANALOG = [
    # name, phase, unit, a, primary, secondary, P or S; peak in counts, degrees
    ("1号_Ua", "A", "V", 0.0078, 127017, 57.735, "S", 10468, 0),
    ("1号_Ub", "B", "V", 0.0078, 127017, 57.735, "S", 10468, -120),
    ("1号_Uc", "C", "V", 0.0078, 127017, 57.735, "S", 10468, 120),
    ("1号_3U0", "N", "V", 0.0078, 127017, 57.735, "S", 3, 0),
    ("1号_Ia", "A", "A", 0.009, 1600, 5, "S", 400, -25),
    ("1号_Ib", "B", "A", 0.009, 1600, 5, "S", 410, -145),
    ("1号_Ic", "C", "A", 0.009, 1600, 5, "S", 420, 95),
    ("1号_3I0", "N", "A", 0.009, 1600, 5, "S", 12, 0),
    ("Feeder Ia", "A", "kA", 0.00001, 100, 5, "P", 5000, 0),
    ("Feeder Ib", "B", "kA", 0.00001, 100, 5, "P", 5000, -120),
    ("Feeder Ic", "C", "kA", 0.00001, 100, 5, "P", 5000, 120),
]


def raw_counts() -> np.ndarray:
    n = np.arange(COUNT)
    rows = [peak * np.cos(2 * np.pi * n / 64 + np.radians(deg)) for *_, peak, deg in ANALOG]
    return np.rint(rows).astype(np.int16)


RATES = f"3200,{COUNT - 60}\n50,{COUNT}"


def write(folder: Path, *, rates: str = RATES, keep: int = COUNT) -> Path:
    lines = ["Station,7,1999", f"{len(ANALOG)},{len(ANALOG)}A,0D"]
    for i, (name, phase, unit, a, primary, secondary, side, *_) in enumerate(ANALOG, 1):
        lines.append(
            f"{i},{name},{phase},,{unit},{a},0,0,-32767,32767,{primary},{secondary},{side}"
        )
    times = "01/02/2024,03:04:05.000000\n01/02/2024,03:04:05.100000"
    lines += ["50", *f"{rates.count(chr(10)) + 1}\n{rates}\n{times}\nBINARY\n1".split("\n")]
    cfg = folder / "test.cfg"
    cfg.write_bytes("\r\n".join([*lines, ""]).encode("gbk"))
    counts = raw_counts()
    records = [
        struct.pack("<II", k + 1, k * 312) + counts[:, k].astype("<i2").tobytes()
        for k in range(keep)
    ]
    (folder / "test.dat").write_bytes(b"".join(records))
    return cfg


def test_default_mapping(tmp_path):
    recording = load_recording(write(tmp_path))
    site = recording.site_json()
    assert [load["name"] for load in site["loads"]] == ["1号", "Feeder"]
    assert [p["phase"] for p in site["points"]] == ["L1", "L2", "L3"] * 2
    assert [m["channel"] for m in recording.info()["voltages"]] == ["1号_Ua", "1号_Ub", "1号_Uc"]
    assert {m["side"] for m in recording.info()["voltages"]} == {"secondary"}
    assert {m["side"] for m in recording.info()["points"]} == {"primary"}
    # 0.009 x 420 x 320 = 1210 A peak, 50 A peak: the smallest that hold them.
    assert [p["ct"] for p in site["points"]] == ["AC-RSCT-12CM"] * 3 + ["AC-CT-50A"] * 3


def test_samples_are_those_of_the_file(tmp_path):
    recording = load_recording(write(tmp_path))
    assert recording.samples == COUNT - 60
    got = recording.waveforms(recording.start_sample, recording.samples).astype(float)
    counts = raw_counts()[:, : recording.samples].astype(float)
    assert np.abs(got[:3] * VOLT_PER_COUNT - counts[:3] * 0.0078).max() <= 0.5001 * VOLT_PER_COUNT
    per_count = [ampere_per_count(p.ct) for p in recording.points]
    primary = [*(counts[4:7] * 0.009 * 320), *(counts[8:11] * 0.01)]
    for row, (exact, step) in enumerate(zip(primary, per_count, strict=True), 3):
        assert np.abs(got[row] * step - exact).max() <= 0.5001 * step
        assert np.abs(got[row]).max() > 32767 / 5  # the CT is not far too large
    assert not recording.waveforms(recording.start_sample - 640, 640).any()


def test_a_warm_run_in_goes_on_from_the_first_cycles(tmp_path):
    recording = load_recording(write(tmp_path), warm=True)
    start = recording.start_sample
    before, after = recording.waveforms(start - 320, 320), recording.waveforms(start, 320)
    assert np.abs(before.astype(int) - after).max() <= 10  # of 10468; the file has whole counts
    assert np.abs(before[:3].astype(int) - after[:3]).max() <= 1


def test_the_installation_ends_after_the_recording(tmp_path):
    recording = load_recording(write(tmp_path))
    assert recording.start_sample % 64 == 0
    installation = Installation(recording)
    end = (recording.start_sample + 640) / 3200 * 1e6
    assert installation.read(int(end) + 99_000, 1) == b""
    assert installation.read(int(end) + 101_000, 1) is None


def test_a_site_file_maps_channels(tmp_path):
    cfg = write(tmp_path)
    site = tmp_path / "site.toml"
    site.write_text(
        """
        name = "Bay"
        [head]
        voltages = ["1号_Ua", "1号_Ub", "1号_Uc"]
        side = "secondary"
        [[load]]
        name = "Feeder"
        role = "grid"
        points = [
          { channel = "Feeder Ib", phase = "L2", ct = "AC-CT-100A", reversed = true },
          { channel = "1号_Ia", phase = "L1", side = "secondary" },
        ]
        """,
        encoding="utf-8",
    )
    recording = load_recording(cfg, site)
    assert recording.site_json()["points"] == [
        {"node": "5500000001", "input": "A", "ct": "AC-CT-100A", "phase": "L2", "load": "Feeder"}
        | {"reversed": True},
        {"node": "5500000001", "input": "B", "ct": "AC-CT-50A", "phase": "L1", "load": "Feeder"},
    ]
    got = recording.waveforms(recording.start_sample, 64)
    exact = raw_counts()[9, :64] * 0.01 / ampere_per_count("AC-CT-100A")
    assert np.abs(got[3] - exact).max() <= 0.51  # reversed is the gateway's business
    exact = raw_counts()[4, :64] * 0.009 / ampere_per_count("AC-CT-50A")
    assert np.abs(got[4] - exact).max() <= 0.51


def test_a_channel_that_the_recording_lacks_is_named(tmp_path):
    cfg = write(tmp_path)
    site = tmp_path / "site.toml"
    site.write_text(
        '[head]\nvoltages = ["1号_Ua", "1号_Ub", "1号_Uc"]\n[[load]]\nname = "X"\n'
        'points = [\n  { channel = "2号_Ia", phase = "L1" },\n]\n',
        encoding="utf-8",
    )
    with pytest.raises(UserError, match=r"site\.toml:6: .*2号_Ia"):
        load_recording(cfg, site)
    site.write_text('[head]\nvoltages = ["1号_Ia", "1号_Ub", "1号_Uc"]\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"site\.toml:2: .*1号_Ia.*not a voltage"):
        load_recording(cfg, site)


@pytest.mark.parametrize(
    ("rates", "keep", "problem"),
    [
        (f"400,{COUNT}", COUNT, "400 samples/s; at least 500"),
        (f"3200,40\n50,{COUNT}", COUNT, "only 40 samples"),
        (f"3200,{COUNT}", 300, "end at sample 300 of 700"),
    ],
)
def test_files_that_cannot_be_played_say_why(tmp_path, rates, keep, problem):
    with pytest.raises(UserError) as refused:
        load_recording(write(tmp_path, rates=rates, keep=keep))
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


def test_files_that_are_missing_or_not_comtrade_say_so(tmp_path):
    with pytest.raises(UserError, match="nowhere.cfg"):
        load_recording(tmp_path / "nowhere.cfg")
    other = tmp_path / "other.cfg"
    other.write_text("hello\n")
    with pytest.raises(UserError, match="other.cfg"):
        load_recording(other)
    cfg = write(tmp_path)
    (tmp_path / "test.dat").unlink()
    with pytest.raises(UserError, match="test.dat"):
        load_recording(cfg)
