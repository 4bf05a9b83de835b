"""Tables of power analysers, oscilloscopes and scripts: what is read, and what is refused."""

import re
from datetime import datetime, timedelta

import numpy as np
import pytest
from gateway_host.errors import UserError
from gateway_host.recording.recording import load_recording
from recorded import csv, mains

COUNT = 640
THREE = mains(COUNT / 3200)
ONE = THREE[[0, 3]]


def refused(path) -> str:
    """The sentence with which it is refused."""
    with pytest.raises(UserError) as error:
        load_recording(path)
    text = str(error.value)
    assert "\n" not in text and ";" in text and not re.search("Error|codec|argument", text)
    return text


def same(recording, values) -> None:
    """That all the samples are those."""
    mapped = [m for m in [*recording.voltages, *recording.currents] if m is not None]
    assert recording.samples == values.shape[1] and len(mapped) == len(values)
    for own, expected in zip(mapped, values, strict=True):
        assert own.channel.stored == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("separator", "comma"),
    [
        (";", False),
        (";", True),
        (",", False),
        ("\t", False),
        ("\t", True),
        (" ", True),
        ("|", True),
    ],
)
@pytest.mark.parametrize("values", [THREE, ONE])
@pytest.mark.parametrize("head", [True, False])
def test_separators_and_commas(tmp_path, separator, comma, values, head):
    names = ["t", "U1", "U2", "U3", "I1", "I2", "I3"] if len(values) == 6 else ["t", "U", "I"]
    line = separator.join(names) if head else ""
    recording = load_recording(csv(tmp_path, values, 3200, line, separator=separator, comma=comma))
    same(recording, values)
    assert recording.scheme == ("3x400+N" if len(values) == 6 else "1x230")


HEADS = [
    "time,V,A",
    "time,u,i",
    "Time,Voltage,Current",
    "Time (s),Voltage (V),Current (A)",
    "time_s,u_V,i_A",
    "t in s,U in V,I in A",
    "Zeit,Spannung,Strom",
    "TIME,CH1,CH2\ns,V,A",
    "TIME,CH1,CH2\n(s),(V),(A)",
    "Model,DSO1234\nRecord Length,640\nSample Interval,0.0003125\nTIME,CH1,CH2\ns,V,A",
    "# made by a script\n# 2024\nt,U,I",
    "sep=,\nt,U,I",
    "t,U1/V,I1/A",
    "X,U L1,I L1",
    "Timestamp,VOLT,AMPS",
    "Tijd,Spanning,Stroom",
    "Temps,Tension,Intensité",
    "Tid,Spänning,Ström",
    "Czas,Napięcie,Prąd",
    "time,V(line),I(R1)",  # a circuit simulator
    "time,V(a),I(a)",
]

WITHOUT_TIMES = [  # what stands above, and the first cell of each row
    ("# fs = 3200 Hz\nU,I", ""),
    ("Sampling rate [kHz],3.2\nU,I", ""),
    ("Sample interval: 312.5 us\nSample,U [V],I [A]", "{k},"),
    ("X,CH1,CH2,Start,Increment\nSequence,Volt,Ampere,-0.1,3.125E-04", "{k},"),
    (
        '"Model","DL850"\n"TraceName","CH1","CH2","CH3"\n"VUnit","V","A","A"\n'
        '"SampleRate",3200,3200,3200\n"HResolution",3.125E-4,3.125E-4,3.125E-4\n'
        '"HUnit","s","s","s"',
        ",",
    ),
]


@pytest.mark.parametrize("head", HEADS)
def test_heads(tmp_path, head):
    same(load_recording(csv(tmp_path, ONE, 3200, head, separator=",")), ONE)


@pytest.mark.parametrize(
    ("head", "scale", "form", "note"),
    [
        ("t [ms];U;I", 1e3, "{:.4f}", ""),
        ("t_us;U;I", 1e6, "{:.1f}", ""),
        ("t;U;I", 1e3, "{:.4f}", "its times are taken as ms"),
        ("t;U;I", 1e6, "{:.1f}", "its times are taken as µs"),
        ("t;U;I", 1.0, "{:.6e}", ""),
        ("t;U;I", 1.0, "{:.4f}", ""),
        ("t;U;I", 1.0, "{:.3f}", ""),
    ],
)
def test_times(tmp_path, head, scale, form, note):
    recording = load_recording(csv(tmp_path, ONE, 3200, head, scale=scale, form=form))
    same(recording, ONE)
    assert recording.file.notes == ([note] if note else [])


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f", "%H:%M:%S.%f", "%d.%m.%Y %H:%M:%S,%f"]
    + ["%d.%m.%Y;%H:%M:%S.%f", "%m/%d/%Y %I:%M:%S.%f %p"]
)  # fmt: skip
def test_clocks_over_midnight(tmp_path, form):
    begin = datetime(2024, 5, 6, 23, 59, 59, 900000)
    rows = ["Date;Time;U;I" if ";" in form else "Time;U;I"]
    for k in range(COUNT):
        clock = (begin + timedelta(seconds=k / 3200)).strftime(form)
        rows.append(f"{clock};{ONE[0, k]:.5f};{ONE[1, k]:.5f}")
    path = tmp_path / "clock.csv"
    path.write_text("\n".join(rows))
    same(load_recording(path), ONE)


@pytest.mark.parametrize("zone", ["+02:00", "Z", " UTC", " CEST", "+02:00[Europe/Berlin]"])
def test_times_with_a_zone(tmp_path, zone):
    begin = datetime(2024, 5, 6, 7, 8, 9)
    rows = ["time;U;I"]
    for k in range(COUNT):
        clock = (begin + timedelta(seconds=k / 3200)).isoformat(timespec="microseconds")
        rows.append(f"{clock}{zone};{ONE[0, k]:.5f};{ONE[1, k]:.5f}")
    path = tmp_path / "clock.csv"
    path.write_text("\n".join(rows))
    same(load_recording(path), ONE)


@pytest.mark.parametrize(("above", "first"), WITHOUT_TIMES)
def test_a_rate_that_the_lines_above_state(tmp_path, above, first):
    wide = "TraceName" in above
    end = {"Start": ",,", "TraceName": ",0"}
    behind = next((text for word, text in end.items() if word in above), "")
    rows = [first.format(k=k) + f"{u:.5f},{i:.5f}{behind}" for k, (u, i) in enumerate(ONE.T)]
    path = tmp_path / "rate.csv"
    path.write_text("\n".join([above, *rows, ""]))
    recording = load_recording(path)
    assert "it has no times: 3200 samples/s" in " ".join(recording.file.notes)
    assert recording.currents[0].channel.stored == pytest.approx(ONE[1], abs=1e-4)
    assert len(recording.currents) == 1 + wide


@pytest.mark.parametrize("form", ["{:,.3f}", "{:_.3f}"])
def test_thousands_apart(tmp_path, form):
    values = ONE * [[1], [150]]
    rows = ["t;U;I"]
    for k in range(COUNT):
        row = f"{k / 3200:.7f};{values[0, k]:.5f};" + form.format(values[1, k])
        rows.append(row.replace(".", "#").replace("_", ".").replace("#", ",") if "_" in form
                    else row)  # fmt: skip
    path = tmp_path / "thousands.csv"
    path.write_text("\n".join(rows))
    stored = load_recording(path).currents[0].channel.stored
    assert stored == pytest.approx(values[1], abs=1e-3)


@pytest.mark.parametrize("head", [
    ";L1 V;L2 V;L3 V;L1 A;L2 A;L3 A\nTime;V;V;V;A;A;A",
    "Time;L1 V;L2 V;L3 V;L1 A;L2 A;L3 A",
    "Time;V1;V2;V3;A1;A2;A3",
])  # fmt: skip
def test_the_unit_behind_a_name_is_no_phase(tmp_path, head):
    recording = load_recording(csv(tmp_path, THREE, 3200, head))
    same(recording, THREE)
    assert [point.phase for point in recording.points] == ["L1", "L2", "L3"]


@pytest.mark.parametrize("begin", [0, 2**32 - 100_000])
def test_micros(tmp_path, begin):
    path = csv(tmp_path, ONE, 3200, "micros;voltage;current")
    lines = path.read_text().splitlines()
    for k in range(COUNT):
        _, _, rest = lines[k + 1].partition(";")
        lines[k + 1] = f"{(round(k * 312.5) + begin) % 2**32};{rest}"
    path.write_text("\n".join(lines))
    same(load_recording(path), ONE)


def test_a_site_names_columns_without_units_and_with_one_name(tmp_path):
    site = tmp_path / "site.toml"
    for head, names in (("t;CH1;CH2", ("CH1", "CH2")), ("t;L1 [V];L1 [A]", ("L1 [V]", "L1 [A]"))):
        site.write_text(
            'name = "x"\nscheme = "1x230"\n[head]\n'
            f'voltages = ["{names[0]}"]\n[[load]]\nname = "Oven"\nrole = "circuit"\n'
            f'points = [{{ channel = "{names[1]}", phase = "L1" }}]\n'
        )
        same(load_recording(csv(tmp_path, ONE, 3200, head), site), ONE)


@pytest.mark.parametrize(
    ("begin", "scale", "form", "unit"),
    [(45418.25, 1 / 86400, "{:.11f}", "days"), (1714972800 * 10**9, 10**9, "{:.0f}", "ns")],
)
def test_days_and_nanoseconds(tmp_path, begin, scale, form, unit):
    """A sheet's dates as numbers, and a computer's clock."""
    rows = ["time;U;I"]
    for k, (u, i) in enumerate(ONE.T):
        rows.append(f"{form.format(begin + k / 3200 * scale)};{u:.5f};{i:.5f}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(rows))
    recording = load_recording(path)
    same(recording, ONE)
    assert recording.file.notes == [f"its times are taken as {unit}"]


def edited(tmp_path, edit) -> object:
    """A table whose lines `edit` has changed."""
    path = csv(tmp_path, ONE, 3200, "t;U;I")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(edit(lines)))
    return path


def counted(lines):
    """A number in place of the time."""
    return ["n;U;I", *(f"{k};{line.partition(';')[2]}" for k, line in enumerate(lines[1:]))]


def test_columns_that_are_neither(tmp_path):
    path = edited(tmp_path, lambda ls: ["n;" + ls[0] + ";P;f"] + [
        f"{k};{line};1;50" for k, line in enumerate(ls[1:])])  # fmt: skip
    same(load_recording(path), ONE)


def test_a_sign_at_the_end_of_each_line(tmp_path):
    same(load_recording(edited(tmp_path, lambda ls: [line + ";" for line in ls])), ONE)


def test_quotes(tmp_path):
    path = csv(tmp_path, ONE, 3200, "t;U;I", comma=True)
    lines = path.read_text().splitlines()
    path.write_text("\n".join('"' + '","'.join(line.split(";")) + '"' for line in lines))
    same(load_recording(path), ONE)


def test_a_letter_of_a_phase_is_no_unit(tmp_path):
    same(load_recording(csv(tmp_path, THREE, 3200, "t;U_A;U_B;U_C;I_A;I_B;I_C")), THREE)
    same(load_recording(csv(tmp_path, THREE, 3200, "t;U_U;U_V;U_W;I_U;I_V;I_W")), THREE)
    same(load_recording(csv(tmp_path, ONE, 3200, "t;V_A;I_A")), ONE)
    same(load_recording(csv(tmp_path, ONE, 3200, "t;u_V;i_A")), ONE)


def test_a_site_may_name_columns_with_their_units(tmp_path):
    path = csv(tmp_path, ONE, 3200, "t [s];U [V];I [A]")
    site = tmp_path / "site.toml"
    site.write_text(
        'scheme = "1x230"\n[head]\nvoltages = ["U [V]"]\n[[load]]\nname = "X"\n'
        'points = [{ channel = "I", phase = "L1" }]\n'
    )
    same(load_recording(path, site), ONE)


def test_utf_16_and_lines_around(tmp_path):
    path = csv(tmp_path, ONE, 3200, "Report of 2024\n\nt;U;I")
    path.write_bytes((path.read_text() + "\nEnd\n").encode("utf-16"))
    same(load_recording(path), ONE)


def test_the_time_may_stand_anywhere(tmp_path):
    path = edited(tmp_path, lambda ls: [";".join(line.split(";")[::-1]) for line in ls])
    same(load_recording(path), ONE)


def test_columns_without_names_that_say_nothing(tmp_path):
    assert "not alike" in refused(csv(tmp_path, THREE[[0, 3, 1, 4, 2, 5]], 3200, ""))


@pytest.mark.parametrize("word", ["1.#QNAN", "NaN", "-", "INF", "nan"])
def test_words_for_nothing(tmp_path, word):
    path = edited(tmp_path, lambda ls: [*ls[:101], f"0.03125;{word};1", *ls[102:]])
    stored = load_recording(path).voltages[0].channel.stored
    assert np.flatnonzero(np.isnan(stored)).tolist() == [100]


def test_missing_cells_and_rows(tmp_path):
    values = ONE.copy()
    values[1, 100:103] = np.nan
    values[:, 300] = np.nan
    recording = load_recording(csv(tmp_path, values, 3200, "t;U;I"))
    stored = recording.currents[0].channel.stored
    assert np.flatnonzero(np.isnan(stored)).tolist() == [100, 101, 102, 300]
    recording = load_recording(edited(tmp_path, lambda ls: ls[:201] + ls[211:]))
    stored = recording.voltages[0].channel.stored
    assert np.flatnonzero(np.isnan(stored)).tolist() == list(range(200, 210))
    assert recording.file.notes == ["10 rows are missing among its samples"]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda ls: [*ls[:300], "hello;1;2", *ls[300:]], "line 301 is not 3 numbers"),
        (lambda ls: [*ls[:300], "0,1;1", *ls[300:]], "line 301 is not 3 numbers"),
        (lambda ls: [line.partition(";")[2] for line in ls], "no column of times"),
        (counted, "no column of times"),
        (lambda ls: [ls[0], *ls[:0:-1]], "time goes back|do not go on"),
        (lambda ls: [ls[0], *ls[1:300], *ls[100:400]], "time goes back"),
        (lambda ls: [ls[0], *ls[1:320:2], *ls[320:]], "not evenly|missing"),
        (lambda ls: ["a;b;c;d", *[line + ";1" for line in ls[1:]]], "no three voltage"),
        (lambda ls: [line + ";1" for line in ls[1:]], "3 columns without names beside the time"),
        (lambda ls: [line.replace(".", ",").replace(";", ",") for line in ls], "6 cells for 3"),
        (lambda ls: [], "no table of numbers"),
        (lambda ls: ["hello"], "no table of numbers"),
        (lambda ls: ls[:20], "only 19 samples"),
        (lambda ls: ["t [ns]" + ls[0][1:], *ls[1:]], "at most 5e.06 are played"),
    ],
)  # fmt: skip
def test_refusals(tmp_path, edit, problem):
    assert re.search(problem, refused(edited(tmp_path, edit)))


@pytest.mark.parametrize(("zero", "size"), [(512, 0.6), (128, 0.3), (32768, 60)])
def test_raw_values_of_a_converter_are_refused(tmp_path, zero, size):
    problem = refused(csv(tmp_path, np.rint(ONE * size) + zero, 3200, "t;U;I"))
    assert "never comes nearer to zero than" in problem and "scale it to V" in problem
    assert "voltage_ratio" not in problem


def test_a_log_of_rms_values_is_refused(tmp_path):
    assert "not its r.m.s. values" in refused(csv(tmp_path, ONE, 1, "t;U;I"))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("none.csv", "cannot be read"),
        ("sheet.xlsx", "save the sheet as CSV"),
        ("all.zip", "unpack it"),
        ("x.png", "give a .cfg, .cff or .csv file"),
        ("lonely.dat", "lonely.cfg is missing; put it beside lonely.dat"),
        ("none.cfg", "none.cfg is missing"),
        ("half.cff", "it has no part CFG"),
        ("", "cannot be read"),
    ],
)
def test_what_is_no_recording(tmp_path, name, problem):
    if name and not name.startswith("none"):
        (tmp_path / name).write_bytes(b"PK\3\4 \x80\xff")
    assert problem in refused(tmp_path / name)


def test_noise_is_no_table(tmp_path):
    dice = np.random.default_rng(5)
    for size in (1, 100, 5000):
        (tmp_path / "a.csv").write_bytes(bytes(dice.integers(0, 256, size, dtype=np.uint8)))
        refused(tmp_path / "a.csv")
