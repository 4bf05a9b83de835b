"""Make the installer's handbook: web pages and a PDF in English and Dutch."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.handbook import book, pdf, troubles
from gateway_host.interpreter import ROOT

MADE = ROOT / "build" / "handbook"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `handbook`."""
    parser.add_argument("--no-pdf", action="store_true", help="the web pages alone")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 2 where a text of the firmware has no row, or there is no browser for the PDF."""
    if drifted := troubles.drifted():
        raise UserError("\nerror: ".join(drifted))
    for language in book.LANGUAGES:
        written = write(language, MADE / language)
        print(f"{_name(MADE / language)}: {len(written)} pages", flush=True)
    if not arguments.no_pdf:
        for language in book.LANGUAGES:
            made = MADE.with_name(f"handbook-{language}.pdf")
            pdf.print_pdf(MADE / language / book.PRINTED, made)
            print(f"{_name(made)}: {made.stat().st_size // 1000} kB", flush=True)
    return 0


def write(language: str, folder: Path) -> list[Path]:
    """The web pages of a language."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = book.pages(language)
    for old in folder.glob("*.html"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))
