"""The handbook says what LED, phone and cloud really show, in each language; no place is left
unfilled and no link leads nowhere."""

from __future__ import annotations

import html
import json
import re
import shutil
import tomllib
from functools import cache
from pathlib import Path

import pytest
from gateway_host.boards import data as board_data
from gateway_host.commands import handbook
from gateway_host.errors import UserError
from gateway_host.handbook import book, pdf, spoken, tables, troubles
from gateway_host.interpreter import BIN, ROOT
from gateway_host.session import SOURCE_HEAP
from gateway_host.sim import b_input_module, b_module, b_output_module, leds
from in_interpreter import succeed

LANGUAGES = pytest.mark.parametrize("language", book.LANGUAGES)


@cache
def pages(language: str) -> dict[str, str]:
    return book.pages(language)


@cache
def words(language: str) -> str:
    """What the whole handbook says, without its marks."""
    text = pages(language)[book.PRINTED]
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def says(language: str, text: str) -> bool:
    """Whether the handbook has a text of the firmware, with anything in its places."""
    return all(
        " ".join(part.strip(" .,;:").split()) in words(language)
        for part in troubles.fragments(text)
    )


def test_firmware_and_rows_are_the_same():
    assert troubles.drifted() == []


@LANGUAGES
def test_each_sentence_of_the_sources_is_there(language):
    unsaid = troubles.read()["not_said"]
    sentences = [text for text in spoken.sentences() if text not in unsaid]
    assert len(sentences) > 100
    assert [text for text in (*sentences, *spoken.refusals()) if not says(language, text)] == []


def test_each_sentence_of_the_running_firmware_is_there():
    said = succeed("say_tables", bits=32, heap=SOURCE_HEAP)
    of_links, of_modules, kinds, order = json.loads(said)
    for language in book.LANGUAGES:
        assert [text for text in of_links + of_modules if not says(language, text)] == []
    names = {row["name"] for row in troubles.rows()}
    assert set(kinds) | set(order) <= names


def test_a_new_sentence_and_one_that_has_gone_are_named(tmp_path, monkeypatch):
    copy = tmp_path / "firmware"
    shutil.copytree(spoken.FIRMWARE, copy)
    source = copy / "advice" / "nodes.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("is a second head: take it off", "is one head too many"))
    more = 'def add(texts):\n    """Unsaid."""\n    texts.append(("x", "nobody explains it"))\n'
    (copy / "advice" / "more.py").write_text(more)
    monkeypatch.setattr(spoken, "FIRMWARE", copy)
    spoken.texts.cache_clear()
    try:
        found = "\n".join(troubles.drifted())
    finally:
        spoken.texts.cache_clear()
    for what in ("no row for 'nobody explains it'", "no row for '%s is one head too many'",
                 "does not say '%s is a second head: take it off' any more"):  # fmt: skip
        assert what in found
    assert found.count("\n") == 2


def test_each_row_is_in_both_languages():
    for row in troubles.rows():
        texts = [row[key] for key in ("name", "en", "nl", "dutch")]
        assert all(texts) and len(set(texts)) == 4, row
    for table in ("led", "devices"):
        rows = troubles.read()[table]
        for row in rows.values() if isinstance(rows, dict) else rows:
            assert row["en"] and row["nl"] and row["en"] != row["nl"]


@LANGUAGES
def test_the_led_table_has_each_state_of_each_board(language):
    made = tables.tables(language, book.words()[language])
    rows = [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row.split("</td>")]
        for row in made["led"].split("<tr>")[2:]
    ]
    named, called = book.words()[language]["table"], book.words()[language]["board"]
    for file in sorted((ROOT / "boards").glob("*/board.py")):
        board = board_data.read(file.parent)
        if file.parent.name == "SIMULATOR" or "PUBLIC" in board:
            continue
        for state, (colour, pattern) in board["LED"].items():
            meaning = troubles.read()["led"][state][language]
            sight = f"{named[f'colour_{colour}']} {named[f'pattern_{pattern}']}"
            fitting = [
                row
                for row in rows
                if row[0].startswith(sight)
                and called[file.parent.name] in row[1].split(", ")
                and row[2] == meaning
            ]
            assert len(fitting) == 1, (file.parent.name, state)
            seconds = board["MAX_STATE_S"].get(state)
            assert (f" {seconds} s" in fitting[0][0]) == (seconds is not None)


def test_the_device_leds_are_those_of_the_simulated_devices():
    shown = {(row["device"], row["shows"]["en"]) for row in troubles.read()["devices"]}
    for state in range(4):
        assert ("CT Hub, Solid Core", leds.led_of(state, 1, head=False).pattern) in shown
        if state != leds.IDENTIFY:
            assert ("Power Box", leds.led_of(state, 0, head=True).pattern) in shown
    said = {
        text
        for module in (b_module, b_input_module, b_output_module)
        for text in spoken.constants(Path(module.__file__))
        if "blink" in text
    }
    assert len(said) > 3
    assert said == {text for device, text in shown if "module" in device}


@LANGUAGES
def test_what_the_phone_says_is_there(language):
    source = (ROOT / "firmware/hotspot/pages/text.toml").read_text(encoding="utf-8")
    messages = tomllib.loads(source)[language]["messages"]
    told = [text for text in messages.values() if len(text.split()) > 3 and text[-1] in ".?"]
    assert len(told) > 20
    assert [text for text in told if not says(language, text)] == []


@LANGUAGES
def test_what_the_commissioning_page_says_is_there(language):
    texts = tomllib.loads(tables.COMMISSIONING.read_text(encoding="utf-8"))[language]
    told = [text for text in texts.values() if isinstance(text, str) and text[-1] in ".?"]
    assert told and [text for text in told if not says(language, text)] == []


def test_both_languages_have_the_same_chapters_anchors_and_words():
    english, dutch = (book.chapters(language) for language in book.LANGUAGES)
    assert [(one.file, one.ids) for one in english] == [(one.file, one.ids) for one in dutch]
    for table, texts in book.words()["en"].items():
        assert book.words()["nl"][table].keys() == texts.keys()
    for page in pages("en"):
        figures = [pages(language)[page].count("<svg") for language in book.LANGUAGES]
        assert figures[0] == figures[1]


@LANGUAGES
def test_places_are_filled_and_links_lead_somewhere(language):
    other = next(name for name in book.LANGUAGES if name != language)
    for name, text in pages(language).items():
        assert not re.search(r"\{\{|\}\}|\{#|@@", text), name
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids)), name
        for link in re.findall(r'href="([^"]+)"', text):
            file, _, anchor = link.partition("#")
            if file.endswith(".pdf"):
                assert file == f"../../handbook-{language}.pdf"
                continue
            folder, _, file = file.rpartition("/")
            assert folder in ("", f"../{other}")
            there = pages(other if folder else language)[file or name]
            assert not anchor or f' id="{anchor}"' in there, (name, link)


@pytest.mark.parametrize(
    "source, complaint",
    [
        ("# One {#one}\n\n{{ table nothing }}\n", "no table 'nothing'"),
        ("# One {#one}\n\n{{ figure nothing | Nothing. }}\n", "no figure 'nothing'"),
        ("# One {#one}\n\nAt most {{nothing}}.\n", "no number 'nothing'"),
        ("# One {#one}\n\n{{table led}}\n", "cannot be filled in"),
        ("# One {#one}\n\n[there](#nowhere)\n", "no heading #nowhere"),
        ("# One {#one}\n\n## Two {#one}\n", "two headings have the id one"),
        ("One\n", "wants one heading of the first level"),
    ],
)
def test_a_wrong_source_is_named(source, complaint, tmp_path, monkeypatch):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "01-one.md").write_text(source)
    monkeypatch.setattr(book, "SOURCES", tmp_path)
    with pytest.raises(UserError, match=complaint):
        book.chapters("en")


def test_without_a_browser_a_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "CHROMIUM", tmp_path / "none")
    with pytest.raises(UserError, match="no Chromium for the PDF: `make setup`"):
        pdf.print_pdf(tmp_path / "a.html", tmp_path / "a.pdf")


def test_a_page_becomes_a_pdf(tmp_path):
    if not (BIN / "chromium").exists():
        pytest.skip("no Chromium: as root `apt-get install chromium`, then `make setup`")
    file = handbook.write("en", tmp_path)[0]
    pdf.print_pdf(file, tmp_path / "a.pdf")
    assert b"/Page" in (tmp_path / "a.pdf").read_bytes()
