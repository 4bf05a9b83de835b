"""The files that a result is handed over as. Owns what is in each."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from . import documents, file_names, labels, pages, sheets
from .design import SITE_KEY, Result
from .words import Words


def contents(result: Result, tables: dict[str, Any], words: Words) -> dict[str, str]:
    """{name: text} of all files; tables: the plan's own."""
    texts = {
        file_names.REPORT: pages.report(result, words),
        file_names.LABELS: labels.page(result, words.page("labels_of", name=result.plan.name)),
        file_names.BILL: sheets.bill(result, words),
        file_names.WIRING: sheets.wiring(result, words),
        file_names.PLAN: _json(tables),
    }
    for number, unit in enumerate(result.units):
        document = documents.site(result.plan, unit, result.units)
        texts[file_names.site(result, number)] = _json(document)
        house = documents.house(result.plan, unit, result.units)
        texts[file_names.house(result, number)] = house
    return texts


def write(texts: dict[str, str], folder: Path) -> None:
    """Write the files into the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def keep_key(folder: Path) -> None:
    """Put a key for the site's gateways there, for their settings.json. One that is there stays:
    gateways may have it."""
    file = folder / SITE_KEY
    if not file.exists():
        file.touch(0o600)
        file.write_text(_json({"site_key": secrets.token_hex(32)}), encoding="utf-8")


def _json(table: dict[str, Any]) -> str:
    return json.dumps(table, ensure_ascii=False, indent=1, default=str) + "\n"
