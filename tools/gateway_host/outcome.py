"""What a long run has found, as a table on the terminal and as JSON below build/."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gateway_host.session import ROOT


def show(found: dict[str, object], file: Path) -> None:
    """A row for each figure; where a value is a dictionary, for each of its figures."""
    table = Table(show_header=False)
    for name, value in found.items():
        parts = value if isinstance(value, dict) else {"": value}
        for part, figure in parts.items():
            table.add_row(f"{name} {part}".strip().replace("_", " "), f"{figure}")
    Console(highlight=False).print(table)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"written to {file.relative_to(ROOT)}")
