"""COMTRADE recordings in every form: what is read of them, and what is refused with a sentence."""

import re
import struct

import comtrade
import numpy as np
import pytest
from gateway_host.errors import UserError
from gateway_host.recording.comtrade_file import read_comtrade
from gateway_host.recording.recording import load_recording
from gateway_host.recording.text import decode
from recorded import NAMES, Comtrade, mains

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


WORDS = [
    ("gbk", "1号线电压"),
    ("gbk", "220kV镕基变"),
    ("latin-1", "Überstrom Müller"),
    ("latin-1", "Größe"),
    ("latin-1", "été à l'hôtel"),
    ("cp1252", "Poste N°1 – ligne"),
    ("cp1251", "Подстанция Южная, Ток"),
    ("cp1250", "Rozdzielnia Łódź"),
    ("cp850", "Rückstau Küche"),
    ("shift_jis", "フィーダ 東京"),
    ("big5", "饋線電壓變電所"),
    ("utf-8", "号 ü"),
    ("utf-16", "号 ü"),
]


@pytest.mark.parametrize(("encoding", "word"), WORDS)
def test_encodings(encoding, word):
    assert decode(f"{word},7,1999\r\n6,6A,0D\r\n".encode(encoding)).startswith(word)


@pytest.mark.parametrize(("encoding", "word"), [("gbk", "1号线电压"), ("latin-1", "Müller")])
def test_names_of_a_cff_are_right(tmp_path, encoding, word):
    names = [f"{word} {name}" for name in NAMES]
    path = Comtrade(mains(0.2), names=names, encoding=encoding, station=word).write_cff(tmp_path)
    file = load_recording(path).file
    assert [channel.name for channel in file.channels] == names and file.station == word


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
