"""Bill of materials and wiring plan as tables, in words, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from .bill import NUMBERLESS
from .design import Result
from .wiring import channels, rows
from .words import Words


def bill_rows(result: Result, words: Words) -> list[dict[str, Any]]:
    """Each item: article (empty where it has no number), description, quantity, alternatives."""
    return [
        {
            "article": "" if item.article in NUMBERLESS else item.article,
            "description": words.article(item.article),
            "quantity": item.quantity,
            "alternatives": [words.alternative(one) for one in item.alternatives],
        }
        for item in result.items
    ]


def bill(result: Result, words: Words) -> str:
    """The bill of materials as CSV."""
    keys = ("article", "description", "quantity", "alternatives")
    table = [
        [*(row[key] for key in keys[:-1]), "; ".join(row["alternatives"])]
        for row in bill_rows(result, words)
    ]
    return _csv([[words.page(key) for key in keys], *table])


def wiring(result: Result, words: Words) -> str:
    """The wiring plan as CSV."""
    keys = ("gateway", "device", "serial", "board", "input", "load", "line", "ct", "phase")
    table = [
        [*(getattr(row, key) for key in keys), words.page(f"arrow_{row.role}")]
        for row in rows(result)
    ]
    for one in channels(result):
        place = [one.gateway, one.device, one.serial, one.board, one.letter, one.name]
        table.append([*place, *[""] * (len(keys) + 1 - len(place))])
    return _csv([[words.page(key) for key in (*keys, "arrow")], *table])


def _csv(table: Iterable[Iterable[Any]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerows([_safe(cell) for cell in row] for row in table)
    return file.getvalue()


def _safe(cell: Any) -> Any:
    """A spreadsheet takes some texts for formulas; with an apostrophe in front it does not."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(tuple("=+-@\t")) else cell
