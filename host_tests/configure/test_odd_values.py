"""Any value in any field of a plan: it is taken, or refused with the field's path, and the pages
show it all the same."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_host.configure import form, pages, reading
from gateway_host.configure.design import design
from gateway_host.configure.problems import PlanError
from gateway_host.configure.words import Words
from gateway_host.interpreter import ROOT

VILLA = tomllib.loads((ROOT / "tools" / "plans" / "villa.toml").read_text())
VILLA |= {"serials": {"CT Hub 1": "5500000001"}, "frequency": 50, "location": 3, "uuid": ""}
ODD = [
    None, True, False, 0, -1, 3, 10**400, 1e308, float("nan"), float("inf"), "", " ", "x" * 1000,
    "\x00", "\ud800", "../../etc/passwd", "1e400", "Ünï", [], {}, [1], [[]], {"a": 1}, "{count}",
]  # fmt: skip

SHOWN = {("name",), ("scheme",), ("load", 4), ("board", 1), ("input", 0)}


def fields(tables: Any, path: tuple = ()) -> Iterator[tuple]:
    """The paths of all fields and tables."""
    if path:
        yield path
    inner = tables.items() if isinstance(tables, dict) else enumerate(tables)
    for key, value in inner:
        if isinstance(value, dict | list):
            yield from fields(value, (*path, key))
        else:
            yield (*path, key)


@pytest.mark.parametrize("value", ODD, ids=lambda value: ascii(value)[:20])
def test_it_is_taken_or_refused(value):
    words, refused = Words(), 0
    for path in fields(VILLA):
        plan = copy.deepcopy(VILLA)
        inner: Any = plan
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        try:
            design(reading.read(plan))
        except PlanError as error:
            refused += 1
            assert all("\n" not in words.problem(one) for one in error.problems)
        if form.is_plan(plan) and (path in SHOWN or path[:2] in SHOWN):
            for step in pages.STEPS[1:]:
                assert pages.render(step, plan, words, checked=pages.STEPS)
    assert refused


@pytest.mark.parametrize("value", ODD, ids=lambda value: ascii(value)[:20])
def test_it_is_no_plan(value):
    with pytest.raises(PlanError):
        reading.read(value)
