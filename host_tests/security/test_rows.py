"""The rows of docs/security.md: what breaks them is named in a line, and what comes of tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from gateway_host.interpreter import ROOT
from gateway_host.security import named_tests, rows

STATE = '[[state]]\nstate = "on"\nopens = ["tcp 80"]\nreached = "a phone"\n'
ROW = """[[table]]
standard = "The standard"
[[table.row]]
id = "ACM-1"
asks = "control"
does = "some"
tests = ["net/test_clock.py::test_true"]
remains = "more"
"""
DOCUMENT = """# Security

<!-- ports begins: `make security` -->
<!-- ports ends -->
<!-- rows begins: `make security` -->
<!-- rows ends -->
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Makes a small project with rows, tests and a document that fits; gives what is wrong."""
    monkeypatch.setattr(rows, "MECHANISMS", ("ACM",))

    def make(table: str = ROW, document: str | None = None) -> list[str]:
        for name, text in (
            (rows.PLACE, STATE + table),
            (rows.DOCUMENT, DOCUMENT),
            ("host_tests/net/test_clock.py", "def test_true():\n    pass\n"),
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        made = rows.in_document(DOCUMENT, tmp_path) if document is None else document
        (tmp_path / rows.DOCUMENT).write_text(made)
        return list(rows.wrong(tmp_path))

    return make


def test_the_projects_rows_are_as_they_have_to_be():
    assert list(rows.wrong()) == []
    assert len(rows.load()) > 30


def test_a_row_that_is_well(project, tmp_path):
    assert project() == []
    made = (tmp_path / rows.DOCUMENT).read_text()
    assert "| on | tcp 80 | a phone |" in made
    assert "| ACM-1: control | some | `test_true` | more |" in made


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('tests = ["net/test_clock.py::test_true"]\n', "", "has no test: name one, or say"),
        ("test_true", "test_false", "there is no test net/test_clock.py::test_false"),
        ("net/test_clock", "net/test_o", "there is no test net/test_o.py::test_true"),
        ('remains = "more"', 'no_test = "so"', "says why there can be none"),
        (
            'tests = ["net/test_clock.py::test_true"]\nremains = "more"',
            'no_test = "so"',
            "remains",
        ),
        ('asks = "control"', f'asks = "{"c" * 119}"', "119 characters, at most 118"),
        ("remains", "remain", "remain is no field"),
        ('id = "ACM-1"', 'id = "AUM-1"', "no row for ACM"),
        (ROW[ROW.index("[[table.row]]") :], 2 * ROW[ROW.index("[[table.row]]") :], "twice"),
    ],
)
def test_a_row_that_is_not(project, old, new, said):
    assert old in ROW
    assert any(said in line for line in project(ROW.replace(old, new)))


def test_a_document_with_other_tables(project):
    (line,) = project(document=DOCUMENT)
    assert "docs/security.md: its tables are not" in line


def test_what_comes_of_tests(tmp_path, monkeypatch):
    """Of real ones: one that passes, fails, is skipped, is not there, and one of many cases."""
    tests = tmp_path / "host_tests" / "net"
    tests.mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")  # pytest's root is here, as ours is there
    (tests / "test_kinds.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert False\n"
        "def test_left_out(): pytest.skip('so')\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_cases(n): assert n == 1\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_some_left_out(n):\n"
        "    if n == 1: pytest.skip('so')\n"
    )
    (tests / "test_broken.py").write_text("import nothing_of_that_name\ndef test_x(): pass\n")
    monkeypatch.setattr(named_tests, "ROOT", tmp_path)
    kinds = {"good": "passed", "bad": "failed", "left_out": "skipped", "cases": "failed"}
    kinds["some_left_out"] = "passed"
    wanted = {f"net/test_kinds.py::test_{name}": said for name, said in kinds.items()}
    wanted["net/test_broken.py::test_x"] = "failed"
    place = tmp_path / "place"
    place.mkdir()
    assert named_tests.run(wanted, place) == wanted


def test_a_test_for_the_device_is_looked_for_by_its_file():
    """The name that pytest gives it is there."""
    node = named_tests.node("device/test_feed.py")
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", f"host_tests/{node}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert f"host_tests/{node}" in collected.stdout.splitlines(), collected.stdout


def test_the_policy_says_what_it_has_to():
    """EN 303 645 5.2-1: a contact, and when an answer and news come; 5.3-13: a support period."""
    text = Path(ROOT, "SECURITY.md").read_text()
    for words in ("Reporting a weakness", "3 working days", "every 14 days", "support period"):
        assert words in text
    assert "(docs/security.md)" in text and "[SECURITY.md](../SECURITY.md)" in (
        Path(ROOT, rows.DOCUMENT).read_text()
    )
    assert json.dumps(text).count("@") == 0  # no address that nobody reads
