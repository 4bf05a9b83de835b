"""Each row of docs/field-cases names a test, and each test that a document names is there."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from gateway_host.session import ROOT

PAGES = sorted((ROOT / "docs" / "field-cases").glob("*.md"))
FILES = [
    path
    for path in sorted((ROOT / "host_tests").rglob("test_*.py"))
    if "programs" not in path.relative_to(ROOT).parts
]
FUNCTION = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
SAME = "the same"
ELSEWHERE = ("`main.py`, docs/chip.md",)  # seen in the emulated chip alone
ROW = re.compile(r"^\| (.*) \|$")


def names():
    """Of all tests: functions, files with and without their end, with and without their folder."""
    found = set()
    for path in FILES:
        found.update(FUNCTION.findall(path.read_text()))
        folder = f"{path.parent.name}/{path.name}"
        for name in (path.name, folder, f"host_tests/{folder}"):
            found |= {name, name.removesuffix(".py")}
    return found


def rows(text):
    """(situation, last cell) of each row of the tables whose last column is `test`."""
    within = False
    for line in text.splitlines():
        row = ROW.match(line)
        if row:
            cells = row[1].split(" | ")
            if cells[-1] == "test":
                within = True
            elif within:
                yield cells[0], cells[-1]
        elif not line.startswith("|--"):
            within = False


def missing(cell, before, known):
    """What this cell names that is no test; before: whether a row above names one."""
    if cell in ELSEWHERE:
        return []
    named = re.findall(r"`([^`]+)`", cell)
    rest = re.sub(r"`[^`]+`|[,: ]", "", cell)
    wrong = [] if rest in ("", SAME.replace(" ", "")) else [rest]
    if not named and not (SAME in cell and before):
        wrong.append(cell)
    for name in named:
        pattern = name.replace("...", "*")
        if not any(fnmatchcase(one, pattern) for one in known):
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_test_of_each_situation_is_there(page):
    known = names()
    found = list(rows(page.read_text()))
    assert found or page.stem == "README"
    wrong = [
        (situation, what)
        for k, (situation, cell) in enumerate(found)
        for what in missing(cell, k > 0, known)
    ]
    assert not wrong


def test_a_test_that_is_not_there_is_found():
    known = {"test_known", "test_known_too"}
    for cell in ("`test_gone`", "`test_known`, `test_gone`", "test_known", "", "`test_gone_...`"):
        assert missing(cell, True, known), cell
    for cell in ("`test_known`", "the same, `test_known`", "the same", "`test_known_...`"):
        assert not missing(cell, True, known), cell
    assert missing("the same", False, known)


def test_every_test_that_the_docs_name_is_there():
    known = names()
    gone = [
        (str(path.relative_to(ROOT)), name)
        for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
        for name in re.findall(r"`((?:\w+/)*test_[\w.]+)`", path.read_text())
        if not any(fnmatchcase(one, name.replace("...", "*")) for one in known)
    ]
    assert not gone
