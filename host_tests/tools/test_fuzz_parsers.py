"""Every parser that an outsider reaches takes its corpus in the real interpreter; and the fuzzers
see what is wrong."""

from __future__ import annotations

import shutil

import pytest
from gateway_host.errors import UserError
from gateway_host.fuzz import a_bus, corpus, guided, parsers

MORE = 400  # inputs by random changes


@pytest.mark.parametrize("parser", parsers.PARSERS)
def test_a_corpus(parser):
    inputs = corpus.read(parser)
    outcome = parsers.run(parser, len(inputs) + MORE, seed=17)
    assert outcome.failed is None
    assert outcome.sequences == len(inputs) + MORE
    assert sum(outcome.counts.values()) == outcome.sequences
    assert len(outcome.counts) > 1, outcome.counts


def test_every_corpus_has_its_parser():
    assert {path.stem for path in corpus.FOLDER.glob("*.txt")} == set(parsers.PARSERS)


_NO_LIMITS = (
    "const(63)  # of a number's last seven bits: an energy has 64\n_MOST = const(0x7FFFFFFF)",
    "1 << 20\n_MOST = 1 << 9999",
)
# Of each: a module, what stands there, what stands in its place, and what is said.
FAULTS = {
    "site": ("site/check.py", "_DAY_S <= offset <= _DAY_S", "True", "an offset"),
    "settings": ("site/settings_check.py", "isinstance(key, str)", "key", "AssertionError"),
    "commands": ("cloud/answers.py", "except RuntimeError", "except KeyError", "order.failed"),
    "container": ("update/container.py", "if size > _MAX_INDEX", "if size < 0", "OverflowError"),
    "answer": ("update/fetch.py", "range(_MAX_HEAD)", "range(99999)", "bytes are taken"),
    "chunk": ("journal/decoder.py", *_NO_LIMITS, "room"),
    "journal": ("journal/reading.py", "self._segments.behind", "span(chunk)[1] + 0 * ", "read"),
    "modbus": ("b_bus/power_box.py", "if slot < MAX_POINTS", "if True", "IndexError"),
}


@pytest.mark.parametrize("parser", FAULTS)
def test_a_fault_is_seen(parser, tmp_path, monkeypatch):
    """A mend that is taken back fails the corpus, and the run says which bytes did it."""
    name, old, new, said = FAULTS[parser]
    shutil.copytree(parsers.ROOT / "firmware", tmp_path, dirs_exist_ok=True)
    source = (tmp_path / name).read_text()
    assert old in source
    (tmp_path / name).write_text(source.replace(old, new))
    monkeypatch.setattr(parsers, "PATH", (tmp_path, *parsers.PATH))
    monkeypatch.setattr(a_bus, "_PATIENCE_S", 20)
    outcome = parsers.run(parser, len(corpus.read(parser)))
    assert outcome.failed and outcome.failed.startswith("sequence ")
    assert said in outcome.failed


def test_an_endless_loop_is_seen(tmp_path, monkeypatch):
    shutil.copytree(parsers.ROOT / "firmware", tmp_path, dirs_exist_ok=True)
    broken = tmp_path / "hotspot" / "dns_server.py"
    broken.write_text(broken.read_text().replace("    begin = at\n", "    while True: pass\n"))
    monkeypatch.setattr(parsers, "PATH", (tmp_path, *parsers.PATH))
    monkeypatch.setattr(a_bus, "_PATIENCE_S", 3)
    outcome = parsers.run("dns", 100)
    assert "nothing was heard for 3 s" in outcome.failed


def test_inputs_by_what_they_reach(tmp_path, monkeypatch):
    """A search begins with the corpus and keeps more, which the interpreter takes too."""
    if not guided.is_there():
        pytest.skip("no Atheris: `make setup` says why, or `make fuzz GUIDED=1` makes it")
    monkeypatch.setattr(guided, "FOUND", tmp_path / "found")
    found = guided.search("zone", 3000)
    assert found.failed is None
    assert found.runs >= 3000
    assert len(found.inputs) > len(corpus.read("zone"))
    outcome = parsers.replay("zone", iter(found.inputs), len(found.inputs))
    assert outcome.failed is None and outcome.sequences == len(found.inputs)


def test_a_search_sees_a_fault(tmp_path, monkeypatch):
    """In a copy of the firmware, which is looked for before the right one."""
    if not guided.is_there():
        pytest.skip("no Atheris: `make setup` says why, or `make fuzz GUIDED=1` makes it")
    shutil.copytree(parsers.ROOT / "firmware", tmp_path / "firmware")
    zone = tmp_path / "firmware" / "site" / "zone.py"
    source = zone.read_text()
    assert "not least <= value <= most" in source
    zone.write_text(source.replace("not least <= value <= most", "value == 167 and 1 // 0"))
    monkeypatch.setenv("FUZZED_FIRMWARE", str(tmp_path / "firmware"))
    monkeypatch.setattr(guided, "FOUND", tmp_path / "found")
    found = guided.search("zone", 3000)
    assert "ZeroDivisionError" in found.failed


def test_a_line_that_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "FOLDER", tmp_path)
    inputs = {"a": b"", "b": b"\0" * 500 + b"x'\"\\" + bytes(range(256)), "c": b"[" * 30 + b"]"}
    corpus.write("some", inputs)
    assert corpus.read("some") == inputs
    for line in ("a b", "a 'text'", "a b'' times x", "a b''\na b''"):
        (tmp_path / "some.txt").write_text(line + "\n")
        with pytest.raises(UserError, match="some.txt:"):
            corpus.read("some")
