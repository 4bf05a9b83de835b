"""COMTRADE recordings in every form: what is read of them, and what is refused with a sentence."""

import re
import struct
from pathlib import Path

import comtrade
import numpy as np
import pytest
from gateway_host.errors import UserError
from gateway_host.recording.comtrade_file import read_comtrade
from gateway_host.recording.recording import load_recording
from recorded import Comtrade, mains

FORMS = ["ASCII", "BINARY", "BINARY32", "FLOAT32"]


def refused(*arguments) -> str:
    """The sentence with which it is refused: one line, without words of Python."""
    with pytest.raises(UserError) as error:
        load_recording(*arguments)
    text = str(error.value)
    assert "\n" not in text and not re.search(r"Error|NoneType|codec|argument|invalid lit", text)
    assert ";" in text  # what to do
    return text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [0, 3, 17])
def test_samples_agree_with_the_comtrade_package(tmp_path, form, status):
    path = Comtrade(mains(0.2), form=form, status=status, revision="2013").write(tmp_path)
    other = comtrade.Comtrade(use_double_precision=True)
    other.load(str(path))
    ours = read_comtrade(path)
    for channel, expected in zip(ours.channels, other.analog, strict=True):
        assert channel.stored == pytest.approx(np.array(expected), rel=1e-6, abs=1e-6)
    assert ours.rate == 3200 and ours.trigger == pytest.approx(0.1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("revision", ["1991", "1999", "2013"])
def test_data_that_end_too_soon_are_refused(tmp_path, form, revision):
    recording = Comtrade(mains(), form=form, revision=revision, status=5)
    load_recording(recording.write(tmp_path))
    load_recording(recording.write_cff(tmp_path))
    load_recording(recording.write_cff(tmp_path, length=False))
    assert "its data end at sample" in refused(recording.write_cff(tmp_path, cut=20000))
    recording.keep = 1000
    for path in (recording.write(tmp_path), recording.write_cff(tmp_path)):
        assert "its data end at sample 1000 of 3200; get the whole data file" in refused(path)
    cut = (tmp_path / "test.dat").read_bytes()[:-7]  # within a row
    recording.write(tmp_path)
    (tmp_path / "test.dat").write_bytes(cut)
    assert "end at sample 999 of 3200" in refused(tmp_path / "test.cfg")


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_sample_is_not_a_number(tmp_path, form):
    values = mains(0.5)
    values[3, 700:703] = np.nan
    for path in (
        Comtrade(values, form=form).write(tmp_path),
        Comtrade(values, form=form).write_cff(tmp_path),
    ):
        recording = load_recording(path)
        missing = [np.isnan(channel.stored).sum() for channel in recording.file.channels]
        assert missing == [0, 0, 0, 3, 0, 0]
        lost = [recording.lost(recording.start_sample // 64 + block) for block in range(25)]
        assert [k for k, rows in enumerate(lost) if rows is not None] == [10]
        assert lost[10].tolist() == [False] * 3 + [True, False, False]


@pytest.mark.parametrize("word", ["", "NaN", "999999", "99999.0", " ", "---"])
def test_words_for_a_missing_sample(tmp_path, word):
    path = Comtrade(mains(0.2), form="ASCII").write(tmp_path)
    rows = (tmp_path / "test.dat").read_text().split("\n")
    cells = rows[99].split(",")
    cells[4] = word
    rows[99] = ",".join(cells)
    (tmp_path / "test.dat").write_text("\n".join(rows))
    stored = load_recording(path).file.channels[2].stored
    assert np.flatnonzero(np.isnan(stored)).tolist() == [99]


def test_rows_that_are_missing_in_between(tmp_path):
    path = Comtrade(mains(0.5), form="ASCII").write(tmp_path)
    rows = (tmp_path / "test.dat").read_text().splitlines()
    (tmp_path / "test.dat").write_text("\n".join(rows[:500] + rows[510:]))
    recording = load_recording(path)
    assert np.flatnonzero(np.isnan(recording.file.channels[0].stored)).tolist() == list(
        range(500, 510)
    )
    assert recording.file.notes == ["10 rows are missing among its samples"]


@pytest.mark.parametrize(
    "times",
    [
        ("09/44/2025,10:11:12.5", "09/44/2025,10:11:12.6"),
        (" 01/ 2/2024 , 10: 1:12.500000 ", "01/02/2024, 10: 1:12.600000"),
        ("31/12/2024,23:59:59.950", "01/01/2025,00:00:00.050"),
        ("2024-01-02,10:11:12.500000000", "2024-01-02,10:11:12.600000000"),
        ("01/02/2024,10:11:12,5", "01/02/2024,10:11:12,6"),
    ],
)
def test_odd_dates_and_times(tmp_path, times):
    assert load_recording(Comtrade(mains(), times=times).write(tmp_path)).info()["trigger"] == 320


@pytest.mark.parametrize("times", [(",", ","), ("", ""), ("01/02/2024,", "01/02/2024,")])
def test_a_trigger_that_is_not_stated_is_unknown(tmp_path, times):
    assert load_recording(Comtrade(mains(), times=times).write(tmp_path)).trigger_sample is None


def test_a_time_without_fraction(tmp_path):
    times = ("01/02/2024,10:11:12", "01/02/2024,10:11:12")
    assert load_recording(Comtrade(mains(), times=times).write(tmp_path)).info()["trigger"] == 0


def test_what_lies_beside_is_not_looked_at(tmp_path):
    path = Comtrade(mains(0.2)).write(tmp_path)
    (tmp_path / "test.hdr").write_bytes("Störung".encode("latin-1"))
    (tmp_path / "test.inf").write_bytes("变电站".encode("gbk"))
    assert load_recording(path).samples == 640


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n", "\n\n", " \r\n\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_ends_and_marks(tmp_path, newline, encoding):
    recording = Comtrade(mains(0.2), form="ASCII", newline=newline, encoding=encoding)
    assert load_recording(recording.write(tmp_path)).samples == 640
    if encoding != "utf-16":
        assert load_recording(recording.write_cff(tmp_path)).samples == 640


def test_names_in_capitals_and_other_files_of_the_recording(tmp_path):
    Comtrade(mains(0.2)).write(tmp_path)
    (tmp_path / "test.dat").rename(tmp_path / "TEST.DAT")
    for name in ("test.cfg", "TEST.DAT", "test.dat"):
        assert load_recording(tmp_path / name).samples == 640


def test_samples_that_are_numbered_downwards_are_refused(tmp_path):
    path = Comtrade(mains(0.2), form="ASCII").write(tmp_path)
    data = path.with_suffix(".dat")
    data.write_text("\n".join(data.read_text().split()[::-1]))
    assert "its sample numbers go down" in refused(path)


def test_data_that_do_not_fit_the_settings_are_refused(tmp_path):
    Comtrade(mains(0.2), form="FLOAT32").write(tmp_path)
    data = (tmp_path / "test.dat").read_bytes()
    path = Comtrade(mains(0.2), form="BINARY").write(tmp_path)
    (tmp_path / "test.dat").write_bytes(data)
    assert "not BINARY records of 6 analog and 0 status channels" in refused(path)
    path = Comtrade(mains(0.2), form="ASCII").write(tmp_path)
    rows = (tmp_path / "test.dat").read_text().splitlines()
    (tmp_path / "test.dat").write_text("\n".join(rows[:9] + ["10,2812,1,x1,2,3,4,5"] + rows[10:]))
    assert "line 10 of its data has 'x1' in place of a number" in refused(path)


def test_decimal_commas_between_cells_that_commas_part(tmp_path):
    path = Comtrade(mains(0.2)).write(tmp_path)
    path.write_text(path.read_text().replace(".", ","))
    assert "where its decimals have commas, write points" in refused(path)


def test_what_is_damaged_is_refused_with_a_sentence(tmp_path):
    """Bytes lost, changed, put in anywhere in either file: played, or one line of words."""
    dice = np.random.default_rng(14)
    for form in ("ASCII", "BINARY"):
        path = Comtrade(mains(0.1), form=form, status=2).write(tmp_path)
        for name in ("test.cfg", "test.dat"):
            whole = (tmp_path / name).read_bytes()
            for _ in range(60):
                at, size = dice.integers(len(whole)), int(dice.integers(1, 40))
                new = bytes(dice.integers(0, 256, int(dice.integers(0, 9)), dtype=np.uint8))
                (tmp_path / name).write_bytes(whole[:at] + new + whole[at + size :])
                try:
                    load_recording(path)
                except UserError as error:
                    assert "\n" not in str(error)
            (tmp_path / name).write_bytes(whole)


def test_unsigned_samples_of_1991(tmp_path):
    lines = ["Station,7", "2,2A,0D"]
    lines += [f"{k},{name},A,,{unit},0.01,-327.68,0,0,65535" for k, name, unit in
              ((1, "Ua", "V"), (2, "Ia", "A"))]  # fmt: skip
    lines += ["50", "1", "3200,640", "01/02/24,1:2:3", "01/02/24,1:2:3", "BINARY"]
    (tmp_path / "old.cfg").write_text("\n".join(lines))
    wave = np.rint(32768 + 30000 * np.cos(2 * np.pi * np.arange(640) / 64)).astype(int)
    (tmp_path / "old.dat").write_bytes(
        b"".join(struct.pack("<IIHH", k + 1, k, v, v) for k, v in enumerate(wave))
    )
    stored = load_recording(tmp_path / "old.cfg").file.channels[0].stored
    assert stored == pytest.approx(wave * 0.01 - 327.68)


def changed(folder, change, recording=None, name="test.cfg"):
    """A recording of which the text of one file is changed."""
    path = (recording or Comtrade(mains(0.2))).write(folder)
    (folder / name).write_text(change((folder / name).read_text()))
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("Station,7,1999", '"Station","7","1999"'),
        lambda text: text.replace(",Ia,", ",Ia, of line 1,"),
        lambda text: text.replace("Station,7,1999", ""),
        lambda text: text.replace(",P\n", ",P,,,\n"),
        lambda text: text.replace(",", ";").replace(".", ","),
        lambda text: re.sub(r"(?m)^\d+,S\d+,.*\n", "", text),
        lambda text: re.sub(r"(?m)^(\d+,S\d+),.*$", r"\1,0", text),
        lambda text: text.replace("\n50\n", "\n\n"),
        lambda text: text.replace("\n50\n", "\n50 Hz\n"),
        lambda text: text.replace("BINARY", " binary "),
        lambda text: re.sub(r"(?s)BINARY.*", "", text),
        lambda text: text.replace("6A,16D", "6 a, 16 d"),
        lambda text: text.replace(",", " , "),
        lambda text: text.replace(",1,1,P", ",0,0,"),
    ],
)
def test_odd_settings(tmp_path, change):
    path = changed(tmp_path, change, Comtrade(mains(0.2), status=16))
    file = load_recording(path).file
    assert file.samples == 640 and file.trigger == pytest.approx(0.1)
    assert file.channels[3].stored == pytest.approx(mains(0.2)[3], abs=0.01)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", ",\n"),
        lambda text: "n,t,Ua,Ub,Uc,Ia,Ib,Ic\n" + text,
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",", " ,\t"),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "    "),
        lambda text: re.sub(r"(?m)(\d)(?=,|$)", r"\1.0", text),
        lambda text: text + "\x1a",
        lambda text: text.rstrip("\n"),
        lambda text: text + text[-60:].rpartition("\n")[2] + "641,200000,1,2",
    ],
)
def test_odd_rows(tmp_path, change):
    recording = Comtrade(mains(0.2), form="ASCII")
    path = changed(tmp_path, change, recording, "test.dat")
    assert load_recording(path).file.channels[5].stored == pytest.approx(mains(0.2)[5], abs=0.01)


def test_a_cff_of_utf16_and_one_that_is_damaged(tmp_path):
    path = Comtrade(mains(0.2), form="ASCII").write_cff(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole.decode().encode("utf-16"))
    assert load_recording(path).samples == 640
    dice = np.random.default_rng(15)
    for _ in range(60):
        at, size = dice.integers(len(whole)), int(dice.integers(1, 200))
        path.write_bytes(whole[:at] + whole[at + size :])
        try:
            load_recording(path)
        except UserError as error:
            assert "\n" not in str(error)


SHARED = Path(__file__).resolve().parents[2] / "shared" / "recordings" / "ygz.cfg"
NO_SHARED = "no recording: put ygz.cfg and ygz.dat into shared/recordings beside this folder"


@pytest.mark.skipif(not SHARED.exists(), reason=NO_SHARED)
def test_the_recording_of_a_substation_in_other_forms(tmp_path):
    other = comtrade.Comtrade(use_double_precision=True, ignore_warnings=True)
    other.load(str(SHARED), encoding="gbk")
    settings, data = SHARED.read_bytes(), SHARED.with_suffix(".dat").read_bytes()
    cff = tmp_path / "ygz.cff"
    title = f"--- file type: DAT BINARY: {len(data)} ---\r\n"
    cff.write_bytes(b"--- file type: CFG ---\r\n" + settings + title.encode() + data)
    for path in (SHARED, cff):
        file = load_recording(path).file
        assert [channel.name for channel in file.channels] == other.analog_channel_ids
        for channel, expected in zip(file.channels, other.analog, strict=True):
            assert channel.stored == pytest.approx(np.array(expected[:1280]), rel=1e-6, abs=1e-6)
    (tmp_path / "ygz.cfg").write_bytes(settings)
    (tmp_path / "ygz.dat").write_bytes(data[: 1000 * len(data) // 2830])
    assert "end at sample 1000 of 2830" in refused(tmp_path / "ygz.cfg")


def test_the_missing_value_of_1991(tmp_path):
    recording = Comtrade(mains(0.2), revision="1991")
    path = recording.write(tmp_path)
    rows = np.frombuffer(
        (tmp_path / "test.dat").read_bytes(), [("h", "<u4", 2), ("v", "<i2", 6)]
    ).copy()
    crossing = int(np.argmin(np.abs(rows["v"][:, 3])))  # there -1 is a value
    rows["v"][crossing, 3] = -1
    rows["v"][[64, 65, 130], 3] = -1
    (tmp_path / "test.dat").write_bytes(rows.tobytes())
    stored = load_recording(path).file.channels[3].stored
    assert np.flatnonzero(np.isnan(stored)).tolist() == [64, 65, 130]


def test_nines_of_a_channel_that_could_be_greater(tmp_path):
    recording = Comtrade(mains(0.2), form="ASCII")
    recording.values[0, 100] = np.nan
    path = changed(tmp_path, lambda text: text.replace("99999,1,1", "2147483647,1,1"), recording)
    stored = load_recording(path).file.channels[0].stored
    assert np.flatnonzero(np.isnan(stored)).tolist() == [100]
