"""What the grid really delivered, from the simulated samples, beside what the gateway measured.

The gateway reports how many samples each report holds, and reports follow each other without a
gap, so only where the first one begins is unknown. It is where reports and samples agree best.

A report of a Power Box is as long as the time since the one before, but holds the means of a
second of the box: the last one that was complete when its powers were read. So beside such a
report stands the truth of that second.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import dropwhile
from typing import Any

import numpy as np

from gateway_host.sim.catalogue import SAMPLE_RATE, SCHEMES, VOLT_PER_COUNT, ampere_per_count

_MAX_S = 600
_SEARCH_S = 30
_SEARCH_REPORTS = 20
_MAX_ANSWERS = 2 * _MAX_S  # a report takes about a second
_APART_US = 5e5  # from a report's end to its answers: half of a report


class Truth:
    """Collects the true power of the grid's points; `tap` is for Installation, `answered` for
    sim.power_box.PowerBox.

    plan: site.json. Only the first 600 s are kept. Where voltages are synthesised nothing is
    collected: then there is no truth in the samples.
    """

    def __init__(self, plan: dict[str, Any]):
        roles = {load["name"]: load["role"] for load in plan["loads"]}
        volts = VOLT_PER_COUNT * plan.get("voltage_ratio", 1)
        ends = SCHEMES[plan["scheme"]].ends
        # Voltage from one line to another one (or None), current, W for a count of both.
        self._products: list[tuple[int, int | None, int, float]] = []
        if not plan.get("synthesised"):
            for row, point in enumerate(plan["points"], 3):
                if roles[point["load"]] == "grid":
                    scale = volts * ampere_per_count(point["ct"])
                    scale *= -1 if point.get("reversed") else 1
                    self._products.append((*ends[point["phase"]], row, scale))
        self._lock = threading.Lock()
        self._blocks: list[np.ndarray] = []
        self._samples = 0
        self._first = 0  # number of the first sample
        self._answers: list[tuple[float, int]] = []

    def tap(self, first_sample: int, samples: np.ndarray) -> None:
        """Takes one block of every channel, int16 [channel, sample], in order and without gaps."""
        if not self._products or self._samples >= _MAX_S * SAMPLE_RATE:
            return
        if not self._samples:
            self._first = first_sample
        exact = samples.astype(np.float64)
        power = sum(
            (exact[start] - (0 if end is None else exact[end])) * exact[current] * scale
            for start, end, current, scale in self._products
        )
        with self._lock:
            self._blocks.append(power)
            self._samples += power.size

    def answered(self, time: float, first_sample: int) -> None:
        """At `time` (µs) the box was read, with the powers of the second that begins with this
        sample."""
        with self._lock:
            if len(self._answers) < _MAX_ANSWERS:
                self._answers.append((time, first_sample))

    def energy(
        self, reports: Sequence[tuple[int, float | None]]
    ) -> tuple[float, float, float] | None:
        """(measured J, true J, s) over the same samples, or None where it cannot be said.

        reports: samples and grid power in W of each report, none missing in between. Those before
        the first power, of a Power Box that is being set up, are left out.
        """
        reports = list(dropwhile(lambda report: report[1] is None, reports))
        with self._lock:
            covered = np.cumsum(np.concatenate([np.zeros(1), *self._blocks]))
            answers = np.array(self._answers)
        if len(reports) < 3 or any(watt is None or not count for count, watt in reports):
            return None
        counts, watts = np.array(reports, dtype=float).T
        if answers.size:
            return self._energy_of_answers(counts, watts, covered, answers)
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(int)
        few = ends[
            : min(_SEARCH_REPORTS + 1, len(reports))
        ]  # the last one may not be collected yet
        starts = np.arange(min(_SEARCH_S * SAMPLE_RATE, covered.size - few[-1]))
        if not starts.size:
            return None
        means = np.diff(covered[starts[:, None] + few]) / np.diff(few)
        start = int(np.argmin(((means - watts[: few.size - 1]) ** 2).sum(axis=1)))
        ends = ends[start + ends < covered.size]
        measured = (watts * counts)[: ends.size - 1].sum() / SAMPLE_RATE
        true = (covered[start + ends[-1]] - covered[start]) / SAMPLE_RATE
        return float(measured), float(true), float(ends[-1] / SAMPLE_RATE)

    def _energy_of_answers(
        self, counts: np.ndarray, watts: np.ndarray, covered: np.ndarray, answers: np.ndarray
    ) -> tuple[float, float, float] | None:
        """As `energy`: beside each report the second of the answers from which it was made."""
        times, firsts = answers[:, 0], answers[:, 1].astype(int) - self._first
        inside = (firsts >= 0) & (firsts + SAMPLE_RATE < covered.size)
        means = np.full(times.size, np.nan)
        means[inside] = covered[firsts[inside] + SAMPLE_RATE] - covered[firsts[inside]]
        means /= SAMPLE_RATE
        # A report ends when its answers are there: where the first one does fixes all of them.
        after = np.concatenate([[0], np.cumsum(counts[1:])]) / SAMPLE_RATE * 1e6
        ends = times[times < times[0] + _SEARCH_S * 1e6, None] + after
        apart = np.abs(ends[:, :, None] - times)
        beside = means[apart.argmin(axis=2)]
        # Of the first and the last ones there may be no samples.
        known = ~np.isnan(beside)
        errors = np.nansum((beside - watts) ** 2, axis=1) / np.maximum(known.sum(axis=1), 1)
        errors[(apart.min(axis=2) > _APART_US).any(axis=1) | ~known.any(axis=1)] = np.inf
        start = int(errors.argmin())
        if not np.isfinite(errors[start]):
            return None
        used = known[start]
        seconds = counts[used] / SAMPLE_RATE
        measured, true = (watts[used] * seconds).sum(), (beside[start][used] * seconds).sum()
        return float(measured), float(true), float(seconds.sum())
