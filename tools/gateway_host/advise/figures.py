"""What the verdicts come to: build/advise.json, and the lines that are printed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .cost import Cost
from .run import WRONG, WRONG_TYPE, Verdict

FOUND = 0.99
FALSE_ALARMS = 0.001
SHARE = 0.02  # of a processor
HEAP = 8192  # bytes


def figures(verdicts: list[Verdict], sites: int) -> dict[str, Any]:
    """All figures. Faults at points without a current are in `undecided_share` alone: nothing can
    show them. `types`: of the sites with CTs of other types, whose faults are these."""
    typed = [one for one in verdicts if one.types]
    verdicts = [one for one in verdicts if not one.types]
    whole = _of(verdicts)
    return {
        "sites": sites,
        **whole,
        "by_scheme": _by(verdicts, lambda one: one.scheme),
        "by_fault": _by(verdicts, lambda one: one.fault or "none"),
        "by_role": _by(verdicts, lambda one: one.role),
        "by_grid": _by(verdicts, lambda one: "measured" if one.grid else "unmeasured"),
        "by_current": _by(verdicts, _current),
        "types": _of(typed),
        "types_by_fault": _by(typed, lambda one: one.fault or "none"),
        "types_by_scheme": _by(typed, lambda one: one.scheme),
    }


def _current(one: Verdict) -> str:
    if not one.flows:
        return "none"
    return "switched" if one.switches else "steady"


def _by(verdicts: list[Verdict], key: Any) -> dict[str, Any]:
    names = sorted({key(one) for one in verdicts})
    return {name: _of([one for one in verdicts if key(one) == name]) for name in names}


def _of(verdicts: list[Verdict]) -> dict[str, Any]:
    faults = [one for one in verdicts if one.fault and one.flows]
    right = [one for one in verdicts if not one.fault]
    found = [one for one in faults if one.said in (WRONG, WRONG_TYPE) and one.right]
    decidable = [one for one in faults if one.decidable]
    decided = [one.second for one in verdicts if one.second is not None]
    return {
        "points": len(verdicts),
        "without_current": sum(not one.flows for one in verdicts),
        "faults": len(faults),
        "found_share": _share(found, faults),
        "decidable_faults": len(decidable),
        "found_of_decidable_share": _share(found, decidable),
        "false_alarm_share": _share([one for one in right if one.alarm], right),
        "confident_wrong": sum(one.wrong for one in verdicts),
        "undecided_share": _share([one for one in verdicts if one.said < 2], verdicts),
        "undecided_with_current_share": _share(
            [one for one in verdicts if one.said < 2 and one.flows], verdicts
        ),
        "seconds_to_decision": {
            name: int(np.percentile(decided, part)) if decided else None
            for name, part in (("median", 50), ("p90", 90))
        },
    }


def _share(some: list[Any], all_: list[Any]) -> float | None:
    return round(len(some) / len(all_), 5) if all_ else None


def of_cost(cost: Cost | None) -> dict[str, Any]:
    """The figures of a cost; null where it could not be measured."""
    return {
        "cpu_share_esp32": cost and round(cost.share, 5),
        "longest_step_ms": cost and round(cost.step_ms, 1),
        "heap_bytes": cost and cost.heap,
        "cost_points": cost and cost.points,
    }


def good(found: dict[str, Any]) -> bool:
    """Whether the limits hold, as far as they were measured."""
    return (
        (found["found_share"] is None or found["found_share"] >= FOUND)
        and (found["false_alarm_share"] or 0) <= FALSE_ALARMS
        and found["confident_wrong"] == 0
        and (found["cpu_share_esp32"] or 0) <= SHARE
        and (found["heap_bytes"] or 0) <= HEAP
    )


def lines(found: dict[str, Any]) -> Iterable[str]:
    """What is printed. "of what": could be known, see oracle.Oracle."""
    head = f"{'':12}{'points':>8}{'faults':>8}{'found':>9}{'of what':>9}{'alarms':>9}{'wrong':>7}"
    yield head + f"{'undecided':>11}{'median s':>10}{'90 % s':>8}"
    yield _line("all", found)
    for part in ("by_scheme", "by_fault", "by_role", "by_grid", "by_current"):
        for name, one in found[part].items():
            yield _line(name, one)
    if found["types"]["points"]:
        yield "CTs of another type than is configured"
        yield _line("all", found["types"])
    for part in ("types_by_fault", "types_by_scheme"):
        for name, one in found[part].items():
            yield _line(name, one)
    if found["cost_points"]:
        yield (
            f"cost at {found['cost_points']} points: {found['cpu_share_esp32']:.2%} of the "
            f"emulated chip, longest step {found['longest_step_ms']} ms, "
            f"{found['heap_bytes']} bytes of heap"
        )


def _line(name: str, one: dict[str, Any]) -> str:
    def percent(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:.2f} %"

    time = one["seconds_to_decision"]
    return (
        f"{name:12}{one['points']:8}{one['faults']:8}{percent(one['found_share']):>9}"
        f"{percent(one['found_of_decidable_share']):>9}"
        f"{percent(one['false_alarm_share']):>9}{one['confident_wrong']:7}"
        f"{percent(one['undecided_with_current_share']):>11}"
        f"{time['median'] or '-':>10}{time['p90'] or '-':>8}"
    )
