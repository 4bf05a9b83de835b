"""The configurator's pages as HTML. Owns the four steps and which field belongs to which."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from gateway_host.site_document import fingerprint

from . import documents, file_names, reading, sheets
from .catalogue import CTS, DIAMETERS, GATEWAYS, LINKS, SCHEMES, connections
from .design import Result, design
from .problems import Message, PlanError
from .titles import title
from .wiring import buses, channels, rows
from .words import Words, languages

STEPS = ("grid", "loads", "positions", "result")
STYLE = (Path(__file__).with_name("pages") / "style.css").read_text(encoding="utf-8")
_PLACED = re.compile(
    r"load\[\d+\]\.(board|ct|parent)|(input|output)\[\d+\]\.board|board\b.*|serials\..*"
)
_LISTED = re.compile(r"(load|input|output)\b.*")

_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("pages")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def step_of(path: str) -> str:
    """The step in which a field is filled in."""
    if _PLACED.fullmatch(path):
        return "positions"
    return "loads" if _LISTED.fullmatch(path) else "grid"


def identity(path: str) -> str:
    """A field's `id` in the page."""
    return "f-" + re.sub(r"\W+", "-", path).strip("-")


def judge(tables: dict[str, Any]) -> tuple[Result | None, list[Message]]:
    """The result, or what is wrong."""
    try:
        return design(reading.read(tables)), []
    except PlanError as error:
        return None, error.problems


def render(step: str, tables: dict[str, Any], words: Words, *, checked: Iterable[str] = ()) -> str:
    """A step's page. checked: the steps whose problems are shown on it."""
    result, problems = judge(tables)
    shown = [one for one in problems if step_of(one.path) in checked or step == "result"]
    name = "broken" if step == "result" and not result else step
    return _PAGES.get_template(f"{name}.html").render(
        **_common(words),
        step=step,
        tables=tables,
        result=result,
        problems=shown,
        problem_of={one.path: words.problem(one) for one in shown},
        step_of=step_of,
        title_of=lambda path: title(path, tables, words),
        value=lambda path, default="": _value(tables, path, default),
        connections=list(connections(tables.get("scheme", "3x400+N"))),
        schemes=list(SCHEMES),
        gateways=list(GATEWAYS),
        links=LINKS,
        cables=[f"{size:g}" for size in DIAMETERS],
        cts=[ct.article for ct in CTS],
        units=reading.UNITS,
        zones=_zones(),
        **_of_result(result, words),
    )


def report(result: Result, words: Words) -> str:
    """The result as one page that stands by itself, for printing."""
    template = _PAGES.get_template("report.html")
    return template.render(
        **_common(words), step="report", result=result, style=STYLE, **_of_result(result, words)
    )


@cache
def _zones() -> list[str]:
    return sorted(zoneinfo.available_timezones())


def _common(words: Words) -> dict[str, Any]:
    return {
        "t": words.page,
        "words": words,
        "language": words.language,
        "languages": languages(),
        "steps": STEPS,
        "identity": identity,
    }


def _of_result(result: Result | None, words: Words) -> dict[str, Any]:
    if not result:
        return {"rows": [], "channels": [], "buses": [], "notes": [], "bill": [], "files": []}
    return {
        "rows": list(rows(result)),
        "channels": list(channels(result)),
        "buses": buses(result),
        "notes": [words.note(note) for note in result.notes],
        "bill": sheets.bill_rows(result, words),
        "files": file_names.names(result),
        "fingerprints": {
            file_names.site(result, number): fingerprint(
                documents.site(result.plan, unit, result.units)
            )
            for number, unit in enumerate(result.units)
        },
    }


def _value(tables: dict[str, Any], path: str, default: Any) -> Any:
    """What a field holds, as text."""
    here: Any = tables
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(here, list):
            here = here[int(part)]
        else:
            here = here.get(part, {}) if isinstance(here, dict) else {}
    if here is True:
        return "true"
    return default if here in ({}, False) or isinstance(here, dict | list) else here
