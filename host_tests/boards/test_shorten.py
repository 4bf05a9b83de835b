"""Shorter names in images: what is run is the same program (the whole of it: every test
with a Session boots an image)."""

from __future__ import annotations

import ast
import importlib
import re
import sys

import pytest
from gateway_host import image
from gateway_host.errors import UserError
from gateway_host.shorten import shorten

BASE = '''
class Base:
    """_not here"""

    def __init__(self):
        self._one = "_one"
        self._two = 2

    def _both(self):
        return [self._one, self._two]
'''
CHILD = """
from base import Base

_CONSTANT = const(7)
_other = 5


class Child(Base):
    def __init__(self, _six=6):
        super().__init__()
        self._three = 3
        self._sum = self._two + self._three + _other + _six
        self.__dict__["public"] = self._both()
"""
FAR = """
_alone = 1


def _away():
    return _alone
"""


def paths(tmp_path, **texts):
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    return {f"{name}.py": tmp_path / f"{name}.py" for name in texts}


def names(text):
    tree = ast.parse(text)
    return [
        getattr(node, field)
        for node in ast.walk(tree)
        for field in ("id", "attr", "name", "arg")
        if isinstance(getattr(node, field, None), str)
    ]


def test_names_of_files_that_meet_stay_different(tmp_path):
    sources = paths(tmp_path, base=BASE, child=CHILD, far=FAR)
    short = shorten(sources, [])
    pairs = {}
    for name, path in sources.items():
        before, after = names(path.read_text()), names(short[name])
        assert len(before) == len(after)
        for old, new in zip(before, after, strict=True):
            assert pairs.setdefault(old, new) == new
            assert old == new or old.startswith("_")
    meeting = ("_one", "_two", "_both", "_three", "_sum", "_other", "_six")
    family = {pairs[name] for name in meeting}
    assert len(family) == 7
    assert {pairs["_alone"], pairs["_away"]} <= family  # files that do not meet share names
    assert pairs["_CONSTANT"] == "_CONSTANT" and pairs["__init__"] == "__init__"
    assert '"""_not here"""' in short["base.py"] and '"_one"' in short["base.py"]


def test_the_program_does_the_same(tmp_path):
    sources = paths(tmp_path, base=BASE, child=CHILD, far=FAR)
    texts = shorten(sources, [])
    found = []
    for code in ({n: p.read_text() for n, p in sources.items()}, texts):
        space = {"const": int}
        exec(code["base.py"], space)
        exec(code["child.py"].replace("from base import Base", ""), space)
        found.append(sorted(map(str, space["Child"]().__dict__.values())))
    assert found[0] == found[1]


def test_names_that_others_use_stay(tmp_path):
    sources = paths(tmp_path, far=FAR)
    other = tmp_path / "script"
    other.write_text("import far\nfar._away()\n")
    text = shorten(sources, [other])["far.py"]
    assert "def _away" in text and "_alone" not in text


PARAMETERS = """
import shared

limit = 3


def clamp(value, low, high, limit, shared_by, entry):
    é, error = "é" * value, low
    return [value + high for value in range(entry.value)] + [limit, shared, error, é]


class Thing:
    low_level = 1

    def entry(self, number, bytes):
        try:
            return clamp(number, 1, 2, 3, shared_by=4, entry=self)
        except ValueError as low:
            return bytes(low)
"""


def test_parameters_are_shorter_where_they_are_nothing_else(tmp_path):
    """Not those that are given by name, that are other things in the file, or built in."""
    text = shorten(paths(tmp_path, file=PARAMETERS), [])["file.py"]
    pairs = set(zip(names(PARAMETERS), names(text), strict=True))
    changed = {old for old, new in pairs if old != new}
    assert changed == {"value", "high", "number"}
    assert ("value", "value") in pairs  # the attribute
    assert len({new for old, new in pairs if old in changed and old != new}) == 3


# A base is imported, and named, in one of these ways.
WAYS = [
    ("from base import (\n    Base,\n)", "Base"),
    ("import base", "base.Base"),
    ("import base as other", "other.Base"),
    ("from base import Base as Other", "Other"),
    ("from base import Base", "Mixin, Base"),
    ("from base import Base\n\nif 0:\n\n    class Child:\n        pass", "Base"),
    ("try:\n    from fast import Base\nexcept ImportError:\n    from base import Base", "Base"),
]
OF_A_WAY = """
{imports}


class Mixin:
    pass


class Child({bases}):
    def __init__(self):
        super().__init__()
        self._four, self._three = 4, 3
"""


@pytest.mark.parametrize("imports, bases", WAYS, ids=[row[0][:24] for row in WAYS])
def test_a_base_is_found_however_it_is_imported(imports, bases, tmp_path, monkeypatch):
    """The object has all its attributes, as Python runs it."""
    child = OF_A_WAY.format(imports=imports, bases=bases)
    for name, text in shorten(paths(tmp_path, base=BASE, child=child), []).items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("base", "child"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    made = importlib.import_module("child").Child()
    assert sorted(map(str, vars(made).values())) == ["2", "3", "4", "_one"]


@pytest.mark.parametrize(
    "imports, bases",
    [
        ("import base", "base.__dict__['Base']"),
        ("import base\nBase = base.Base", "Base"),
        ("from base import *", "Base"),
        ("from .base import Base", "Base"),
        ("from far import Base", "Base"),  # which has it from another file
    ],
)
def test_a_base_that_is_not_understood_is_refused(imports, bases, tmp_path):
    child = OF_A_WAY.format(imports=imports, bases=bases)
    sources = paths(tmp_path, base=BASE, child=child, far="from base import Base\n")
    where = f"child.py: class Child: where its base {bases}"
    with pytest.raises(UserError, match=re.escape(where)):
        shorten(sources, [])


GIVEN = """
def double(value):
    return 2 * value


def triple(number, ptr8):
    return 3 * number


def half(whole, both=2):
    return whole / both


names = {"number": 3, "ptr8": 4}
found = [double(value = 2), triple(**names), half(4)]
"""


def test_names_that_arguments_are_given_by_stay(tmp_path):
    text = shorten(paths(tmp_path, file=GIVEN), [])["file.py"]
    space = {}
    exec(text, space)
    assert space["found"] == [4, 9, 2]
    assert "whole" not in text and "both" not in text


def test_a_form_feed_is_no_end_of_a_line(tmp_path):
    text = "MARK = 'a\fb'\n\n\ndef same(value):\n    return value\n"
    short = shorten(paths(tmp_path, file=text), [])["file.py"]
    assert short == text.replace("value", "_0")


def test_lines_stay_where_they_are():
    sources = image._sources("SIMULATOR")
    for name, text in image._texts(sources).items():
        original = sources[name].read_text(encoding="utf-8")
        assert text.count("\n") == original.count("\n")
        assert len(names(text)) == len(names(original)), name
