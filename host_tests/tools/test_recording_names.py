"""Units, phases and names as relays and people write them; what is mapped by itself."""

import numpy as np
import pytest
from gateway_host.errors import UserError
from gateway_host.recording.names import unit_of
from gateway_host.recording.recording import load_recording
from recorded import Comtrade, csv, mains

UNITS = {
    ("V", 1.0): [
        "V",
        "v",
        "volt",
        "Volts",
        "VOLT",
        "[V]",
        "(V)",
        "V rms",
        "V_rms",
        "Vac",
        "伏",
        "В",
    ],
    ("V", 1e3): ["kV", "KV", "kv", "kilovolt", "Kilovolts", "k V", "千伏", "кВ"],
    ("V", 1e-3): ["mV", "mv", "millivolt"],
    ("V", 1e6): ["MV"],
    ("V", 1e-6): ["µV", "uV"],
    ("A", 1.0): ["A", "a", "amp", "Amps", "ampere", "Amperes", "Ampère", "AMPS", "A rms", "安培"],
    ("A", 1e3): ["kA", "KA", "kiloampere", "кА"],
    ("A", 1e-3): ["mA", "ma", "milliamps"],
    ("", 1.0): ["", "pu", "p.u.", "W", "VA", "var", "Hz", "%", "deg", "VAr", "Ah", "None"],
}


@pytest.mark.parametrize(("meant", "written"), UNITS.items())
def test_units(meant, written):
    assert {unit: unit_of(unit) for unit in written} == dict.fromkeys(written, meant)


PHASES = ["ABC", "abc", "123", "RST", "UVW", "RYB", ["A-N", "B-N", "C-N"], ["AN", "BN", "CN"]]
PHASES += [["L1", "L2", "L3"], ["L1-N", "L2-N", "L3-N"], ["Phase A", "Phase B", "Phase C"]]
PHASES += [
    ["A相", "B相", "C相"],
    ["Ph1", "Ph2", "Ph3"],
    ["A-G", "B-G", "C-G"],
    ["a_n", "b_n", "c_n"],
]


@pytest.mark.parametrize("phases", PHASES)
def test_phases(tmp_path, phases):
    path = Comtrade(mains(0.2), phases=[*phases, *phases], names=list("uvwxyz")).write(tmp_path)
    recording = load_recording(path)
    assert [m.channel.name for m in recording.voltages] == ["u", "v", "w"]
    assert [m.channel.name for m in recording.currents] == ["x", "y", "z"]
    assert [point.phase for point in recording.points] == ["L1", "L2", "L3"]


NAMED = [
    ["UL1", "UL2", "UL3", "IL1", "IL2", "IL3"],
    ["U_L1", "U_L2", "U_L3", "I_L1", "I_L2", "I_L3"],
    ["Ua", "Ub", "Uc", "Ia", "Ib", "Ic"],
    ["VAN", "VBN", "VCN", "IA", "IB", "IC"],
    ["U1", "U2", "U3", "I1", "I2", "I3"],
    ["U1n", "U2n", "U3n", "i1", "i2", "i3"],
    ["UL1-N", "UL2-N", "UL3-N", "IL1", "IL2", "IL3"],
    ["Voltage L1", "Voltage L2", "Voltage L3", "Current L1", "Current L2", "Current L3"],
    ["Phase A Voltage", "Phase B Voltage", "Phase C Voltage"]
    + ["Phase A Current", "Phase B Current", "Phase C Current"],
    ["Spannung L1", "Spannung L2", "Spannung L3", "Strom L1", "Strom L2", "Strom L3"],
    ["VAY", "VBY", "VCY", "IAW", "IBW", "ICW"],
    ["UR", "US", "UT", "IR", "IS", "IT"],
    ["V-R", "V-Y", "V-B", "I-R", "I-Y", "I-B"],
    ["Feeder 1 VA", "Feeder 1 VB", "Feeder 1 VC", "Feeder 1 IA", "Feeder 1 IB", "Feeder 1 IC"],
    ["Bus1 U a", "Bus1 U b", "Bus1 U c", "Line I a", "Line I b", "Line I c"],
]


@pytest.mark.parametrize("names", NAMED)
@pytest.mark.parametrize("units", [["V"] * 3 + ["A"] * 3, [""] * 6])
def test_phases_that_only_the_names_tell(tmp_path, names, units):
    path = Comtrade(mains(0.2), phases=[""] * 6, names=names, units=units).write(tmp_path)
    recording = load_recording(path)
    assert [m.channel.name for m in recording.voltages] == names[:3]
    assert [m.channel.name for m in recording.currents] == names[3:]


def test_currents_between_the_voltages_and_residuals(tmp_path):
    u1, u2, u3, i1, i2, i3 = mains(0.2)
    values = np.array([u1, i1, u2, i2, u3, i3, u1 + u2 + u3 + 1, i1 + i2 + i3 + 1])
    names = ["U1", "I1", "U2", "I2", "U3", "I3", "3U0", "3I0"]
    units = ["V", "A"] * 4
    path = Comtrade(values, phases=[""] * 8, names=names, units=units).write(tmp_path)
    recording = load_recording(path)
    assert [m.channel.name for m in recording.voltages] == ["U1", "U2", "U3"]
    assert [m.channel.name for m in recording.currents] == ["I1", "I2", "I3"]
    assert "of 4 voltages 3 and of 4 currents 3 are mapped" in recording.info()["notes"][-1]


@pytest.mark.parametrize(
    "phases",
    [["AB", "BC", "CA"], ["A-B", "B-C", "C-A"], ["L1-L2", "L2-L3", "L3-L1"], ["12", "23", "31"]]
    + [["RS", "ST", "TR"], ["L1L2", "L2L3", "L3L1"], ["AB", "BC", "AC"], ["CA", "AB", "BC"]],
)
def test_voltages_between_lines(tmp_path, phases):
    u, v, w, *currents = mains(0.2)
    between = {"A": u, "B": v, "C": w, "1": u, "2": v, "3": w, "R": u, "S": v, "T": w}
    ends = [[letter for letter in phase if letter in between] for phase in phases]
    values = np.array([*(between[a] - between[b] for a, b in ends), *currents])
    recording = load_recording(Comtrade(values, phases=[*phases, *"ABC"]).write(tmp_path))
    for mapped, true in zip(recording.voltages, (u, v, w), strict=True):
        assert mapped.channel.stored == pytest.approx(true, abs=0.05)
    assert "voltages are between lines" in recording.info()["notes"][-1]


def test_one_phase_and_two(tmp_path):
    u, _, _, i, *_ = mains(0.2)
    one = Comtrade(np.array([u, i]), names=["U", "I"], phases=["", ""], units=["V", "A"])
    assert load_recording(one.write(tmp_path)).scheme == "1x230"
    two = Comtrade(
        np.array([u, -u, i, -i]),
        names=["VA", "VB", "IA", "IB"],
        phases=list("ABAB"),
        units=["V", "V", "A", "A"],
    )
    recording = load_recording(two.write(tmp_path))
    assert recording.scheme == "2x120/240" and len(recording.points) == 2


def test_channels_without_any_phase_are_taken_in_their_order(tmp_path):
    names = [f"Channel {k}" for k in range(1, 7)]
    path = Comtrade(mains(0.2), names=names, phases=[""] * 6).write(tmp_path)
    recording = load_recording(path)
    assert [m.channel.name for m in [*recording.voltages, *recording.currents]] == names
    assert "in their order" in recording.info()["notes"][-1]


def test_nothing_to_meter_is_said(tmp_path):
    values = mains(0.2)
    with pytest.raises(UserError, match="no three current channels"):
        load_recording(Comtrade(values[:3], units=["V"] * 3).write(tmp_path))
    with pytest.raises(UserError, match="no three voltage channels.*give them units"):
        load_recording(Comtrade(values, units=["pu"] * 6).write(tmp_path))


def test_long_names_are_cut_as_the_site_wants_them(tmp_path):
    names = [f"{'变电站' * 12} {x}" for x in ("Ua", "Ub", "Uc", "Ia", "Ib", "Ic")]
    recording = load_recording(Comtrade(mains(0.2), names=names).write(tmp_path))
    ((name, _),) = recording.loads
    assert len(name) <= 40 and len(name.encode()) <= 80


SITE = (
    '[head]\nvoltages = ["Ua", "Ub", "Uc"]\n{}\n[[load]]\nname = "X"\npoints = [\n  {{ {} }},\n]\n'
)
POINT = 'channel = "Ia", phase = "L1"'


@pytest.mark.parametrize(
    ("head", "point", "line", "problem"),
    [
        ('side = "primary"', POINT, 3, "above 491 V peak on its primary side .*voltage_ratio = 7"),
        ('side = "secondary"', POINT + ', ct = "AC-CT-50A"', 7, "706 A peak .* holds 106 A"),
        ("voltage_ratio = 5", POINT, 2, "voltage_ratio = 7"),
        ('voltage_ratio = "x"', POINT, 3, "must be a number"),
    ],
)
def test_peaks_that_do_not_fit_are_refused(tmp_path, head, point, line, problem):
    values = mains(0.2)
    values[3:] *= 50
    path = Comtrade(values, ratio="1000,100,S").write(tmp_path)
    site = tmp_path / "site.toml"
    if "side" in head and "ct" in point:
        point += ', side = "secondary"'
    site.write_text(SITE.format(head, point), encoding="utf-8")
    with pytest.raises(UserError, match=rf"site\.toml:{line}: .*{problem}"):
        load_recording(path, site)


def test_primary_values_want_a_voltage_ratio(tmp_path):
    values = mains(0.2)
    values[:3] *= 100
    path = Comtrade(values).write(tmp_path)
    with pytest.raises(UserError, match="voltage_ratio = 67 or more in the .head. of a SITE"):
        load_recording(path)
    site = tmp_path / "site.toml"
    site.write_text(SITE.format("voltage_ratio = 100", POINT), encoding="utf-8")
    recording = load_recording(path, site)
    assert recording.site_json()["voltage_ratio"] == 100
    got = recording.waveforms(recording.start_sample, 640)[0] * 0.015
    assert got == pytest.approx(values[0] / 100, abs=0.02)


def test_powers_that_the_gateway_cannot_give_are_said(tmp_path):
    values = mains(0.2)
    values[:3] *= 500
    site = tmp_path / "site.toml"
    site.write_text(SITE.format("voltage_ratio = 500", POINT), encoding="utf-8")
    for amperes, notes in ((100, 0), (1000, 1)):
        scaled = values * np.array([[1]] * 3 + [[amperes / 10]] * 3)
        recording = load_recording(Comtrade(scaled).write(tmp_path), site)
        said = [note for note in recording.info()["notes"] if "beyond 21 MW are null" in note]
        assert len(said) == notes


def test_a_table_keeps_its_names(tmp_path):
    head = "Time [ms];UL1 [V];UL2 [V];UL3 [V];IL1 [mA];IL2 [mA];IL3 [mA]"
    recording = load_recording(csv(tmp_path, mains(0.2), 3200, head, scale=1000))
    assert [m.channel.name for m in recording.voltages] == ["UL1", "UL2", "UL3"]
    assert recording.currents[0].channel.peak("primary") == pytest.approx(0.01414, rel=1e-3)
