"""Drawn sites once more, with CTs of another type than is configured: what was said of that.

Beside the verdicts on phase and direction, which are of the same sites without such faults.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .sites import Drawn

RATED = {
    "AC-CT-50A": 50,
    "AC-CT-100A": 100,
    "AC-CT-200A": 200,
    "AC-CT-400A": 400,
    "AC-RSCT-12CM": 1600,
    "AC-RSCT-19CM": 4000,
    "AC-RSCT-30CM": 10000,
}
_CLAMPS = list(RATED)[:4]
_OF_CIRCUITS = ([50, 100, 200], [0.65, 0.25, 0.1])
_OF_THE_GRID = ([50, 100, 200], [0.2, 0.5, 0.3])
_STEP_AMPERE = 0.4
_CLEAR = 0.03  # of a step: so much else may change with it
_ENOUGH = 5  # steps


@dataclass
class Types:
    """Of each point the rated current that is configured, that of its CT, and the fault's name:
    `circuit`, `grid`, or `many` where all of a kind are wrong; empty without one."""

    configured: list[int]
    true: list[int]
    faults: list[str]


def draw(site: Drawn, seed: int) -> tuple[Drawn, Types]:
    """The site with CTs of all types, and some that are of another one."""
    rng = np.random.default_rng([17, seed])
    loads = {ct.load: ct.role for ct in site.cts}
    of_load = {}
    grid = int(rng.choice(_OF_THE_GRID[0], p=_OF_THE_GRID[1]))
    for load, role in loads.items():
        rated = int(rng.choice(_OF_CIRCUITS[0], p=_OF_CIRCUITS[1]))
        of_load[load] = grid if role == "grid" else rated
    configured = [of_load[ct.load] for ct in site.cts]
    types = Types(configured, list(configured), [""] * len(configured))
    _harm(rng, site, types)
    factors = np.array(types.configured) / np.array(types.true)
    points = [
        point | {"ct": next(name for name, rated in RATED.items() if rated == one)}
        for point, one in zip(site.plan["points"], configured, strict=True)
    ]
    plan = site.plan | {"points": points}
    return replace(site, plan=plan, power=site.power * factors[:, None]), types


def _harm(rng: np.random.Generator, site: Drawn, types: Types) -> None:
    """One CT in most sites, or a load's; two of them; or all of the grid's, or of an article."""
    how = rng.choice(["none", "one", "two", "many"], p=[0.1, 0.6, 0.2, 0.1])
    grid = [k for k, ct in enumerate(site.cts) if ct.role == "grid"]
    others = [k for k, ct in enumerate(site.cts) if ct.role != "grid"]
    if how == "many":
        chosen = grid
        if not grid or rng.random() < 0.5:
            article = types.configured[int(rng.choice(others))]
            chosen = [k for k in others if types.configured[k] == article]
        _exchange(rng, types, chosen, "many")
        return
    for _ in range(("none", "one", "two").index(how)):
        if grid and rng.random() < 0.3:
            _exchange(rng, types, [int(rng.choice(grid))], "grid")
            continue
        k = int(rng.choice(others))
        mates = [j for j in others if site.cts[j].load == site.cts[k].load]
        _exchange(rng, types, mates if rng.random() < 0.75 else [k], "circuit")


def _exchange(rng: np.random.Generator, types: Types, chosen: list[int], name: str) -> None:
    articles = _CLAMPS if rng.random() < 0.9 else list(RATED)
    own = types.configured[chosen[0]]
    true = int(rng.choice([RATED[one] for one in articles if RATED[one] != own]))
    for k in chosen:
        types.true[k], types.faults[k] = true, name


def decidable(site: Drawn, types: Types, k: int) -> bool:
    """Whether anybody could know that point k's CT is of another type: it steps clearly, in
    several sizes, at a CT of the grid's, and other loads tell which of both is the wrong one."""
    grid = [j for j, ct in enumerate(site.cts) if ct.role == "grid"]
    at = k if k in grid else next((j for j in grid if _shares(site, j, k)), None)
    if at is None or types.faults[k] == "many":
        return False
    clear = {
        site.cts[j].load: bool(types.faults[j])
        for j in range(len(site.cts))
        if j not in grid and _shares(site, at, j) and _is_clear(site, at, j)
    }
    right = [load for load, wrong in clear.items() if not wrong and load != site.cts[k].load]
    if k in grid:
        return len(right) >= 2
    return site.cts[k].load in clear and bool(right) and not types.faults[at]


def _shares(site: Drawn, at: int, k: int) -> bool:
    lines = zip(site.cts[at].carries, site.cts[k].carries, strict=True)
    return any(a and b for a, b in lines)


def _is_clear(site: Drawn, at: int, k: int) -> bool:
    """Whether enough steps of point k are nearly all that changes at the grid's CT."""
    own, whole = np.diff(site.cts[k].seen), np.diff(site.cts[at].seen)
    size = np.abs(own)
    off = np.minimum(np.abs(np.abs(whole) - size), np.abs(whole - own))
    steps = size[(size > _STEP_AMPERE) & (off < _CLEAR * size)]
    return len(steps) >= _ENOUGH and steps.max() > 1.4 * steps.min()
