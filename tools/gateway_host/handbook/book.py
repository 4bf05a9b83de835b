"""The handbook of one language as HTML: chapters out of docs/handbook/<language>/*.md, with tables
and figures in their places, a page for each chapter and one page of all.

A source is Markdown with these additions: `{{ table NAME }}` and `{{ figure NAME | caption }}` as
a paragraph of their own, `{{NAME}}` for a number, `{#id}` behind a heading, `[text](#id)` to any
of them, and a quotation that begins with **Danger:**, **Note:** or **Not tried:** in the language.
"""

from __future__ import annotations

import ast
import html
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt

from gateway_host.configure import catalogue
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

from .figures import figures
from .tables import tables

SOURCES = ROOT / "docs" / "handbook"
LANGUAGES = ("en", "nl")
PRINTED = "print.html"
_HERE = Path(__file__).parent
_VERSION = ROOT / "firmware" / "system" / "version.py"
_BLOCK = re.compile(r"^\{\{ (table|figure) ([^|{}]+?)(?:\s\|\s([^{}]+))?\s\}\}$", re.MULTILINE)
_FACT = re.compile(r"\{\{(\w+)\}\}")
_HEADING = re.compile(r"<h([1-6])>(.*?) \{#([\w-]+)\}</h\1>")
_LINK = re.compile(r'href="#([\w-]+)"')
_BOXES = {"Danger": "danger", "Note": "note", "Not tried": "untried"} | {
    "Gevaar": "danger", "Let op": "note", "Niet beproefd": "untried",
}  # fmt: skip


@dataclass(frozen=True)
class Chapter:
    """file: of its page; ids: of its headings, the chapter's own first."""

    file: str
    title: str
    body: str
    ids: tuple[str, ...]


def facts() -> dict[str, str]:
    """Numbers that the sources name."""
    return {
        "points": str(catalogue.MAX_POINTS),
        "nodes": str(catalogue.MAX_NODES),
        "a_metres": f"{catalogue.A_BUS_M:g}",
        "b_metres": f"{catalogue.B_BUS_M:g}",
        "modules": str(catalogue.MAX_MODULES),
        "relay": f"{catalogue.RELAY_AMPERES:g}",
        "delta_share": f"{100 * catalogue.DELTA_SHARE:g}",
        "supply": str(catalogue.MAX_SUPPLY_V),
        "ratio": f"{catalogue.TRANSFORMED['3x347/600']:g}",
    }


@cache
def words() -> dict[str, dict[str, dict[str, str]]]:
    """The words of figures, tables and pages, by language."""
    return tomllib.loads((_HERE / "words.toml").read_text(encoding="utf-8"))


def version() -> str:
    """Of the firmware that the handbook belongs to."""
    for node in ast.walk(ast.parse(_VERSION.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and re.fullmatch(r"[\d.]+", str(node.value)):
            return str(node.value)
    raise UserError(f"{_VERSION.relative_to(ROOT)}: holds no version")


def chapters(language: str) -> list[Chapter]:
    """In the order of their files' names; UserError for a place that cannot be filled."""
    made = tables(language, words()[language])
    drawn = figures(words()[language]["figure"])
    files = sorted((SOURCES / language).glob("*.md"))
    found = [_chapter(file, made, drawn) for file in files]
    ids = [name for chapter in found for name in chapter.ids]
    for name in {name for name in ids if ids.count(name) > 1}:
        raise UserError(f"docs/handbook/{language}: two headings have the id {name}")
    for chapter in found:
        for name in _LINK.findall(chapter.body):
            if name not in ids:
                raise UserError(f"docs/handbook/{language}: {chapter.file}: no heading #{name}")
    return found


def _chapter(file: Path, made: dict[str, str], drawn: dict[str, str]) -> Chapter:
    where = f"docs/handbook/{file.parent.name}/{file.name}"
    blocks: list[str] = []

    def block(match: re.Match[str]) -> str:
        kind, name, caption = match.groups()
        caption = " ".join((caption or "").split())
        known = made if kind == "table" else drawn
        if name not in known:
            raise UserError(f"{where}: no {kind} {name!r}; there are {', '.join(sorted(known))}")
        text = known[name]
        if kind == "figure":
            below = f"<figcaption>{html.escape(caption, quote=False)}</figcaption>"
            text = f'<figure><div class="scroll" tabindex="0">{text}</div>{below}</figure>'
        blocks.append(text)
        return f"@@{len(blocks) - 1}@@"

    def fact(match: re.Match[str]) -> str:
        if match[1] not in facts():
            raise UserError(f"{where}: no number {match[1]!r}; there are {', '.join(facts())}")
        return facts()[match[1]]

    text = _FACT.sub(fact, _BLOCK.sub(block, file.read_text(encoding="utf-8")))
    if left := re.search(r"\{\{.*", text):
        raise UserError(f"{where}: {left[0]!r} cannot be filled in")
    body = MarkdownIt("commonmark").enable("table").render(text)
    body = re.sub(r"<thead>\s*<tr>\s*(<th></th>\s*)+</tr>\s*</thead>\s*", "", body)
    body = body.replace("<table>", '<div class="scroll" tabindex="0"><table>')
    body = body.replace("</table>", "</table></div>")
    body = re.sub(r"<p>@@(\d+)@@</p>", lambda match: blocks[int(match[1])], body)
    body = re.sub(
        r"<blockquote>\n<p><strong>([\w ]+):</strong>",
        lambda match: (
            f'<blockquote class="{_BOXES[match[1]]}">\n<p><strong>{match[1]}:</strong>'
            if match[1] in _BOXES
            else match[0]
        ),
        body,
    )
    ids = tuple(name for _, _, name in _HEADING.findall(body))
    body = _HEADING.sub(r'<h\1 id="\3">\2</h\1>', body)
    title = re.search(r'<h1 id="[\w-]+">(.*?)</h1>', body)
    if not title or len(re.findall("<h1", body)) != 1:
        raise UserError(f"{where}: wants one heading of the first level, with an id")
    name = re.sub(r"^\d+-", "", file.stem)
    return Chapter(f"{name}.html", html.unescape(re.sub("<.*?>", "", title[1])), body, ids)


def _on_paper(found: list[Chapter]) -> str:
    """All chapters, numbered; behind a link to another one stands its number."""
    number = {name: k for k, chapter in enumerate(found, 1) for name in chapter.ids}
    bodies = []
    for k, chapter in enumerate(found, 1):

        def refer(match: re.Match[str], here: int = k) -> str:
            there = number[match[1]]
            return match[0] if there == here else f"{match[0]} <small>(→ {there})</small>"

        body = re.sub(r'<a href="#([\w-]+)">.*?</a>', refer, chapter.body, flags=re.DOTALL)
        bodies.append(body.replace('">', f'">{k}. ', 1) if body.startswith("<h1") else body)
    return "\n".join(bodies)


def pages(language: str) -> dict[str, str]:
    """{file: HTML}: index.html, a page for each chapter, and PRINTED with all of them."""
    found = chapters(language)
    home = {name: chapter.file for chapter in found for name in chapter.ids}
    common = {
        "t": words()[language]["page"],
        "language": language,
        "other": next(name for name in LANGUAGES if name != language),
        "chapters": found,
        "version": version(),
        "style": (_HERE / "style.css").read_text(encoding="utf-8"),
    }
    template = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("page.html")
    made = {
        "index.html": template.render(**common, kind="index", number=-1, body=""),
        PRINTED: template.render(**common, kind="print", number=-1, body=_on_paper(found)),
    }
    for number, chapter in enumerate(found):

        def away(match: re.Match[str], here: str = chapter.file) -> str:
            file = home[match[1]]
            return f'href="{"" if file == here else file}#{match[1]}"'

        body = _LINK.sub(away, chapter.body)
        made[chapter.file] = template.render(**common, kind="chapter", number=number, body=body)
    return made
