"""Runs of the firmware: load points of the same mains together in one simulated house."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np

from gateway_host import interpreter
from gateway_host.errors import UserError
from gateway_host.image import host_image
from gateway_host.session import ROOT, Session
from gateway_host.sim.catalogue import (
    BLOCK,
    MAX_POINTS,
    SAMPLE_RATE,
    VOLT_PER_COUNT,
    ampere_per_count,
)
from gateway_host.sim.installation import Installation

from .house import house_of, site_of
from .tables import Load, Mains, Row, phases_of

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "accuracy.py"
SETTLE = 3  # reports (of a second) before those that count


@dataclass(frozen=True)
class Plan:
    """What is measured together, for so many seconds."""

    mains: Mains
    loads: tuple[Load, ...]
    seconds: int

    def holds(self, row: Row) -> bool:
        """Whether it measures the row's point."""
        return (row.mains, row.seconds) == (self.mains, self.seconds) and row.load in self.loads


@dataclass(frozen=True)
class Readings:
    """What the firmware said: energy of each load in J (import less export) from sample `first` to
    `end`; Hz [report], V [report, phase], A and var [report, point]; of a channel (a phase, or 3
    and the point) in each report the distortion in percent.
    """

    first: int
    end: int
    joules: np.ndarray
    frequency: np.ndarray
    volts: np.ndarray
    amperes: np.ndarray
    var: np.ndarray
    distortion: list[tuple[int, float]]


@dataclass(frozen=True)
class Run:
    """A plan's readings, and the samples int16 [channel, n] that were on the wire from number
    `start` on, where the firmware's first report began.
    """

    plan: Plan
    readings: Readings
    start: int
    samples: np.ndarray

    def summed(self) -> np.ndarray:
        """Energy of each load in J as the sum over all samples that the readings cover, exact to
        float64.
        """
        loads = self.plan.loads
        covered = self.samples[
            :, self.readings.first - self.start : self.readings.end - self.start
        ]
        covered = covered.astype(np.int64)
        found, row = [], 3
        for load, phases in zip(loads, phases_of(loads), strict=True):
            products = sum(int(covered[p] @ covered[row + k]) for k, p in enumerate(phases))
            found.append(products * VOLT_PER_COUNT * ampere_per_count(load.ct) / SAMPLE_RATE)
            row += load.points
        return np.array(found)


def plan_runs(rows: Iterable[Row]) -> list[Plan]:
    """The loads of all rows, each once for its mains, in as few runs as hold them; the longest
    come first.
    """
    together: dict[tuple[Mains, int], dict[Load, None]] = {}
    for row in rows:
        together.setdefault((row.mains, row.seconds), {})[row.load] = None
    plans = [
        Plan(mains, tuple(part), seconds)
        for (mains, seconds), loads in together.items()
        for part in _parts(loads)
    ]
    return sorted(plans, key=lambda plan: -plan.seconds * len(plan.loads))


def _parts(loads: Iterable[Load]) -> Iterator[list[Load]]:
    part: list[Load] = []
    for load in loads:
        if sum(other.points for other in part) + load.points > MAX_POINTS:
            yield part
            part = []
        part.append(load)
    yield part


def measure(plan: Plan) -> Run:
    """The firmware, in the 32-bit interpreter, measures the loads through nodes and A-bus.
    UserError when it ends or loses a sample.
    """
    house = house_of(plan.mains, plan.loads)
    blocks: dict[int, np.ndarray] = {}
    lines = []
    with Session(
        Installation(house, tap=lambda first, samples: blocks.update({first: samples})),
        site_of(house),
        script=SCRIPT,
        paced=False,
        console=False,
    ) as session:
        for _ in range(SETTLE + plan.seconds + 1):  # one more: the samples are known late
            lines.append(session.output.readline())
            session.check(may_end=bool(lines[-1]))
    reports = [json.loads(line) for line in lines[:-1]]
    readings = read(reports, plan)
    start = reports[0]["first_sample"]
    numbers = range(start, readings.end, BLOCK)
    return Run(plan, readings, start, np.concatenate([blocks[n] for n in numbers], axis=1))


def read(reports: list[dict[str, Any]], plan: Plan, zero: int = 0) -> Readings:
    """The readings of the reports after those in which the firmware settles (device/accuracy.py).

    zero: the sample that the reports call 0.
    """
    counted = reports[SETTLE:]
    points = np.array([report["points"] for report in counted], float)
    # A current without a voltage is missing by right: it carries nothing.
    there = [plan.mains.voltages[p] > 0 for phases in phases_of(plan.loads) for p in phases]
    if points[:, there, 4].any():
        raise UserError(f"accuracy: samples were lost at {plan.mains}: the figures mean nothing")
    joules = np.array([report["joules"] for report in reports]) @ [1, -1]
    return Readings(
        zero + counted[0]["first_sample"],
        zero + counted[-1]["first_sample"] + counted[-1]["samples"],
        joules[-1] - joules[SETTLE - 1],
        np.array([report["frequency"] for report in counted]),
        np.array([report["volts"] for report in counted]),
        points[:, :, 1],
        points[:, :, 3],
        [tuple(report["distortion"]) for report in counted if report["distortion"]],
    )


def measure_all(plans: list[Plan]) -> Iterator[Run]:
    """The runs as they are done, two at a time."""
    host_image(interpreter.bits_of(interpreter.find(32)))  # once, before two want it
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        for done in as_completed([pool.submit(measure, plan) for plan in plans]):
            yield done.result()
