"""Encodings that no file states."""

import pytest
from gateway_host.recording.recording import load_recording
from gateway_host.recording.text import decode
from recorded import NAMES, Comtrade, mains

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
