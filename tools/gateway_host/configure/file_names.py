"""What the files of a result are called."""

from __future__ import annotations

from .design import Result

BILL, WIRING, LABELS, REPORT, PLAN = (
    "bill.csv",
    "wiring.csv",
    "labels.html",
    "report.html",
    "plan.json",
)


def site(result: Result, number: int) -> str:
    """Of the site document of gateway `number`, counted from 0."""
    return f"site{_part(result, number)}.json"


def house(result: Result, number: int) -> str:
    """Of its simulated house."""
    return f"house{_part(result, number)}.toml"


def names(result: Result) -> list[tuple[str, str]]:
    """(name, key of what it is) of all files."""
    units = range(len(result.units))
    return [
        (REPORT, "report"),
        (LABELS, "labels"),
        (BILL, "bill"),
        (WIRING, "wiring"),
        *((site(result, number), "site") for number in units),
        *((house(result, number), "house") for number in units),
        (PLAN, "plan"),
    ]


def _part(result: Result, number: int) -> str:
    return f"-{number + 1}" if len(result.units) > 1 else ""
