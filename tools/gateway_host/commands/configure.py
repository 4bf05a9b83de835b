"""Plan a site: parts, wiring and configuration, on a local page or into a folder."""

from __future__ import annotations

import argparse
import errno
import sys
from pathlib import Path
from typing import Any

from gateway_host.configure import documents, files, form, reading
from gateway_host.configure.design import Result, design
from gateway_host.configure.problems import Message, PlanError
from gateway_host.configure.server import Server, Work
from gateway_host.configure.words import Words, languages
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT
from gateway_host.number_option import number

KEPT = ROOT / "build" / "configure" / "plan.json"  # others beside it, by the names of their files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `configure`."""
    parser.add_argument("--plan", type=Path, help="a plan (TOML or JSON)")
    parser.add_argument("--out", type=Path, help="write the result there, without a page")
    parser.add_argument("--language", choices=languages(), default="en", help="of page and result")
    parser.add_argument(
        "--port", type=number(0, 65535, int), default=0, help="the page's port (a free one)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Exit code 2 for a plan that cannot be built: a line on stderr for each thing wrong."""
    words = Words(arguments.language)
    if arguments.out:
        if not arguments.plan:
            raise UserError("say which plan: make configure PLAN=file.toml OUT=folder")
        return _write(arguments.plan, arguments.out, words)
    tables = _tables(arguments.plan, words)
    kept = KEPT.with_name(f"{arguments.plan.stem}.json") if arguments.plan else KEPT
    work = Work(tables, kept, arguments.language)
    try:
        server = Server(work, arguments.port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise UserError(
            f"port {arguments.port} is in use: leave PORT out, or take another"
        ) from None
    with server:
        print(f"The configurator is at {server.address} (Ctrl-C ends it).", flush=True)
        print(f"The plan is kept in {kept.relative_to(ROOT)}.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nEnded.", flush=True)
    return 0


def _tables(plan: Path | None, words: Words) -> dict[str, Any]:
    """The plan that is named, that of the last time, or a new one."""
    if plan:
        tables = reading.read_file(plan)
        if not form.is_plan(tables):
            raise UserError(f"{plan}: not a plan: see docs/configurator.md")
        return tables
    return reading.read_file(KEPT) if KEPT.exists() else form.new(words)


def _write(plan: Path, out: Path, words: Words) -> int:
    tables = reading.read_file(plan)
    try:
        result = design(reading.read(tables))
    except PlanError as error:
        for problem in error.problems:
            print(f"error: {plan}: {line(problem, words)}", file=sys.stderr)
        return 2
    texts = files.contents(result, tables, words)
    files.write(texts, out)
    if documents.gathers(result.units):
        files.keep_key(out)
    print(summary(result))
    for note in result.notes:
        print(f"note: {words.note(note)}")
    if result.standing_in:
        print(f"note: {words.page('stand_ins', names=', '.join(result.standing_in))}")
    print(f"{out}: {', '.join(texts)}")
    return 0


def line(problem: Message, words: Words) -> str:
    """A problem: where, what, what to do."""
    text = words.problem(problem)
    return f"{problem.path}: {text}" if problem.path else text


def summary(result: Result) -> str:
    """A site in a line."""
    parts = []
    for unit in result.units:
        inside = f"{unit.group.points} points on {len(unit.group.devices)} devices"
        buses = f"A-bus {unit.group.metres:g} m"
        if unit.b_run:
            buses += f", B-bus {unit.b_metres:g} m"
        parts.append(f"{unit.name}: {inside}, {buses}")
    return f"{result.plan.name}: " + "; ".join(parts)
