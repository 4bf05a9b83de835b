"""The label: its code is read by a decoder that knows nothing of ours (zxing)."""

from __future__ import annotations

import html
import io
import json
import random
import re
import runpy

import pytest
import segno
import zxingcpp
from gateway_host import label
from gateway_host.boards import data as board_data
from gateway_host.commands import label as command
from gateway_host.errors import UserError
from gateway_host.image import BOARDS, boards, partitions
from in_interpreter import succeed
from phone import Phone
from PIL import Image

# Of the code's description in public: what is escaped, and how.
VECTORS = {
    'a;b,c:d"e\\f': r"a\;b\,c\:d\"e\\f",
    "mynetwork": "mynetwork",
    "!#$%&'()*+-./<>?@[^_`{|}~": "!#$%&'()*+-./<>?@[^_`{|}~",
}

# Texts and codes that do not lie on their label, or lie on another one.
OUTSIDE = """[...document.querySelectorAll('g.label')].flatMap(label => {
    const frame = label.querySelector('rect').getBoundingClientRect();
    const boxes = [...label.querySelectorAll('[aria-label], svg.code')].map(
        drawn => drawn.getBoundingClientRect());
    if (boxes.length < 18) throw new Error(boxes.length + ' drawn');
    const apart = (a, b) => a.right <= b.left || b.right <= a.left ||
        a.bottom <= b.top + 0.3 || b.bottom <= a.top + 0.3;
    return boxes.filter((box, i) =>
        box.left < frame.left || box.right > frame.right || box.top < frame.top ||
        box.bottom > frame.bottom || boxes.some((other, k) => k > i && !apart(box, other)));
}).length"""


def fields(payload: str) -> dict[str, str]:
    """The fields of a Wi-Fi code: split at what is not escaped, then unescaped."""
    assert payload.startswith("WIFI:") and payload.endswith(";;")
    found = re.findall(r"([A-Z]):((?:[^\\;,\":]|\\[\\;,\":])*);", payload[5:-1])
    assert sum(len(name) + len(value) + 2 for name, value in found) == len(payload) - 6
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in found}


def decode(image: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(image)]


def written(svg: str) -> list[str]:
    """The texts of the first label, as a screen reader has them."""
    first = svg.partition('</g><g class="label"')[0]
    return [html.unescape(words) for words in re.findall(r'aria-label="([^"]*)"', first)]


def test_what_is_escaped():
    for text, escaped in VECTORS.items():
        assert label.escape(text) == escaped


def test_codes_of_random_passwords_are_read_back():
    dice = random.Random(6)
    for _ in range(30):
        made = label.Label("5010000123", "".join(dice.choices(label.ALLOWED + ";,:", k=20)))
        png = io.BytesIO()
        segno.make(made.payload, error="m", micro=False).save(png, kind="png", scale=4)
        (text,) = decode(Image.open(png).convert("L"))
        assert fields(text) == {"T": "WPA", "S": "Gateway-5010000123", "P": made.key}


def test_the_printed_sheet_is_read_by_a_camera(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "FOLDER", tmp_path / "labels")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    serials = [f"{5010000123 + k}" for k in range(7)] + ["5100000007"]
    arguments = command.argparse.Namespace(serial=" ".join(serials), key=None, charger=None)
    assert command.main(arguments) == 0
    sheet = tmp_path / "labels" / "5010000123.svg"
    with Phone(tmp_path / "b", 1, size=(794, 1123)) as screen:
        screen.open(sheet.as_uri())
        screen.wait_for("document.documentElement.tagName == 'svg'")
        picture = screen.shot("label-sheet")
        assert screen.look(OUTSIDE) == 0
        longest = tmp_path / "longest.svg"
        longest.write_text(label.sheet([label.Label("5010000123", "W" * 20)]))
        screen.open(longest.as_uri())
        screen.wait_for("document.querySelectorAll('g.label').length == 1")
        assert screen.look(OUTSIDE) == 0
    codes = decode(Image.open(picture).convert("L"))
    assert sorted(code for code in codes if code.isdecimal()) == sorted(serials)
    pages = [code for code in codes if code.startswith("http")]
    assert pages == [f"http://{board_data.hotspot_ip()}"] * len(serials)
    assert pages[0] in written(sheet.read_text()) and serials[0] in written(sheet.read_text())
    read = [fields(text) for text in codes if text.startswith("WIFI")]
    keys = {
        serial: json.loads((tmp_path / "labels" / serial / "factory.json").read_text())
        for serial in serials
    }
    assert {one["S"]: one["P"] for one in read} == {
        f"Gateway-{serial}": key["hotspot_key"] for serial, key in keys.items()
    }
    assert len({key["hotspot_key"] for key in keys.values()}) == len(serials)
    assert {serial: key["serial"] for serial, key in keys.items()} == {one: one for one in serials}
    printed = capsys.readouterr().out
    assert not any(key["hotspot_key"] in printed for key in keys.values())
    # Printed once more, it is the same label.
    before = sheet.read_text()
    assert command.main(arguments) == 0
    assert sheet.read_text() == before


# Two machines: one with a font that has nothing but wide letters, one without any font.
FONTS = (
    "<dir>/usr/share/fonts</dir><dir prefix='xdg'>fonts</dir>"
    "<match><edit name='family' mode='assign' binding='strong'>"
    "<string>DejaVu Sans Mono</string></edit></match>",
    "",
)


def test_the_label_looks_the_same_whatever_fonts_a_machine_has(tmp_path, monkeypatch):
    sheet = tmp_path / "sheet.svg"
    labels = [label.Label("5100000007", "W" * 20), label.Label("5010000123", "gjpqy|_()[]")]
    sheet.write_text(label.sheet(labels))
    assert "<text" not in sheet.read_text() and "font" not in sheet.read_text()
    pictures = []
    for number, fonts in enumerate(FONTS):
        file = tmp_path / f"{number}.conf"
        file.write_text(
            '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
            f"<fontconfig>{fonts}<cachedir>{tmp_path}</cachedir></fontconfig>"
        )
        monkeypatch.setenv("FONTCONFIG_FILE", str(file))
        with Phone(tmp_path / f"b{number}", 1, size=(794, 1123)) as screen:
            screen.open(sheet.as_uri())
            screen.wait_for("document.documentElement.tagName == 'svg'")
            pictures.append(Image.open(screen.shot(f"label-fonts-{number}")).convert("RGB"))
    assert pictures[0].tobytes() == pictures[1].tobytes()
    assert len(pictures[0].getcolors(1 << 24)) > 100


def test_a_label_is_of_a_board_with_wifi():
    """Whose article's type the gateway wants in front of the serial number."""
    types = set()
    for board in set(boards()) - {"SIMULATOR"}:
        data = runpy.run_path(str(BOARDS / board / "board.py"))
        if "wifi" in data["LINKS"]:
            types.add(str(data["ARTICLE_TYPE"]))
    assert set(label.ARTICLES) == types


def test_the_file_system_of_a_label_holds_its_factory_json(tmp_path):
    made = label.make("5010000123", None, tmp_path)
    disk = tmp_path / made.serial / "factory.littlefs"
    assert disk.stat().st_size == 8192 and disk.stat().st_mode & 0o77 == 0
    blocks = partitions()["vfs"][1] // 4096
    said = succeed("read_factory_json", disk, str(blocks), path=())
    assert json.loads(said) == {"serial": made.serial, "hotspot_key": made.key}


def test_what_is_built_into_a_charger_says_so(tmp_path):
    """docs/replacing.md: it is not replaced."""
    made = label.make("5130000007", None, tmp_path, "EV Wall Home")
    factory = json.loads((tmp_path / made.serial / "factory.json").read_text())
    assert factory == {
        "serial": made.serial, "hotspot_key": made.key, "built_in": "EV Wall Home"
    }  # fmt: skip
    label.make("5130000007", None, tmp_path)  # printed once more
    assert json.loads((tmp_path / made.serial / "factory.json").read_text()) == factory
    label.make("5130000007", "otherkey2345", tmp_path, "EV One Home")
    again = json.loads((tmp_path / made.serial / "factory.json").read_text())
    assert again == factory | {"hotspot_key": "otherkey2345", "built_in": "EV One Home"}


@pytest.mark.parametrize(
    "serial, key, reason",
    [
        ("501000012", None, "ten digits"),
        ("501000012\u0663", None, "ten digits"),
        ("5140000001", None, "no gateway with Wi-Fi"),
        ("5110000001", None, "no gateway with Wi-Fi"),
        ("5010000123", "short", "8 to 20 characters"),
        ("5010000123", "with a space", "8 to 20 characters"),
    ],
)
def test_what_cannot_be_is_refused(serial, key, reason, tmp_path):
    with pytest.raises(UserError, match=reason):
        label.make(serial, key, tmp_path)
