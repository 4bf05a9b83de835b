"""What the wiring advisor says where voltages and powers are given, in the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
from gateway_host.advise.run import spoken
from gateway_host.advise.sites import Ct, Drawn

SECONDS = 600
SERIAL = "5500%06d"


def states(
    scheme: str,
    loads: list[dict[str, Any]],
    points: list[tuple[str, str]],
    powers: list[Any],
    drop: float = 0.15,
) -> set[tuple[int, ...]]:
    """All that is said at any time: the states of the points. points: (phase, load's name);
    powers: of each VA by second, as its CT sees it; drop: ohm, where the powers of the first
    point on each phase flow."""
    rng = np.random.default_rng(7)
    power = np.array([np.broadcast_to(one, SECONDS) for one in powers], complex)
    power += rng.normal(0, 2, power.shape)
    phases = [phase for phase, _ in points]
    volts = np.zeros((3, SECONDS), complex)
    for k in range(1 if scheme == "1x230" else 3):
        name = f"L{k + 1}"
        flows = power[phases.index(name)].real if name in phases else 0
        size = 230 - drop * flows / 230 + rng.normal(0, 0.15, SECONDS)
        volts[k] = size * np.exp(-2j * np.pi * k / 3)
    return {tuple(said) for _, said, _ in judgements(scheme, loads, points, volts, power)}


def types(
    loads: list[dict[str, Any]],
    points: list[tuple[str, str]],
    powers: list[Any],
    cts: list[str],
) -> list[list[Any]]:
    """Of each judgement in a star of 230 V the states and the rated currents of the CTs that are
    found to be of another type, 0 for others. As states(); cts: the articles that are
    configured."""
    rng = np.random.default_rng(7)
    power = np.array([np.broadcast_to(one, SECONDS) for one in powers], complex)
    power += rng.normal(0, 2, power.shape)
    volts = 230 * np.exp(-2j * np.pi * np.arange(3) / 3)[:, None] + rng.normal(0, 0.1, SECONDS)
    plan = plan_of("3x400+N", loads, points, cts)
    [lines] = spoken([Drawn("3x400+N", plan, volts, [Ct(0, "", p) for p, _ in points], power)])
    return [[states, rated] for _, states, _, rated in lines]


def judgements(
    scheme: str,
    loads: list[dict[str, Any]],
    points: list[tuple[str, str]],
    volts: np.ndarray,
    power: np.ndarray,
) -> list[list[Any]]:
    """Of each judgement the report's number, and of each point the state and the hypothesis.
    volts and power: [voltage or point, report], complex."""
    cts = [Ct(0, "", phase) for phase, _ in points]
    plan = plan_of(scheme, loads, points, ["AC-CT-100A"] * len(points))
    [lines] = spoken([Drawn(scheme, plan, volts, cts, power)])
    return [line[:3] for line in lines]


def plan_of(
    scheme: str, loads: list[dict[str, Any]], points: list[tuple[str, str]], cts: list[str]
) -> dict[str, Any]:
    """A site.json."""
    return {
        "version": 1,
        "name": "Watched",
        "uuid": "00000000-0000-4000-8000-000000000016",
        "location": 1,
        "timezone": "Etc/UTC",
        "utc_offset": 0,
        "scheme": scheme,
        "frequency": 50,
        "head": "5020000001",
        "points": [
            {
                "node": SERIAL % (190 + k // 4),
                "input": "ABCD"[k % 4],
                "ct": ct,
                "phase": phase,
                "load": load,
            }
            for k, ((phase, load), ct) in enumerate(zip(points, cts, strict=True))
        ],
        "loads": loads,
    }
