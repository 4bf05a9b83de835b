"""What the grid really delivered, from the simulated samples, beside what the gateway measured.

The gateway reports how many samples each report holds, and reports follow each other without a
gap, so only the number of the first sample is unknown. It is the one at which reports and samples
agree best.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from gateway_host.sim.catalogue import SAMPLE_RATE, SCHEMES, VOLT_PER_COUNT, ampere_per_count

_LONGEST_S = 600
_SEARCH_S = 30
_SEARCH_REPORTS = 20


class Truth:
    """Collects the true power of the grid's points; `tap` is for sim.Installation.

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

    def tap(self, _first_sample: int, samples: np.ndarray) -> None:
        """Takes one block of every channel, int16 [channel, sample], in order and without gaps."""
        if not self._products or self._samples >= _LONGEST_S * SAMPLE_RATE:
            return
        exact = samples.astype(np.float64)
        power = sum(
            (exact[start] - (0 if end is None else exact[end])) * exact[current] * scale
            for start, end, current, scale in self._products
        )
        with self._lock:
            self._blocks.append(power)
            self._samples += power.size

    def energy(
        self, reports: Sequence[tuple[int, float | None]]
    ) -> tuple[float, float, float] | None:
        """(measured J, true J, s) over the same samples, or None where it cannot be said.

        reports: samples and grid power in W of each report, none missing in between.
        """
        with self._lock:
            power = np.concatenate([np.zeros(1), *self._blocks])
        if len(reports) < 3 or any(watt is None or not count for count, watt in reports):
            return None
        covered = np.cumsum(power)
        counts, watts = np.array(reports, dtype=float).T
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(int)
        few = ends[
            : min(_SEARCH_REPORTS + 1, len(reports))
        ]  # the last one may not be collected yet
        starts = np.arange(min(_SEARCH_S * SAMPLE_RATE, power.size - few[-1]))
        if not starts.size:
            return None
        means = np.diff(covered[starts[:, None] + few]) / np.diff(few)
        start = int(np.argmin(((means - watts[: few.size - 1]) ** 2).sum(axis=1)))
        ends = ends[start + ends < power.size]
        measured = (watts * counts)[: ends.size - 1].sum() / SAMPLE_RATE
        true = (covered[start + ends[-1]] - covered[start]) / SAMPLE_RATE
        return float(measured), float(true), float(ends[-1] / SAMPLE_RATE)
