"""Runs the firmware's measuring path in the interpreter against an installation, and keeps the
samples that were on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from gateway_host.session import ROOT, Session
from gateway_host.sim.catalogue import VOLT_PER_COUNT, ampere_per_count
from gateway_host.sim.house import House
from gateway_host.sim.installation import Installation

REPLAY = ROOT / "tools" / "gateway_host" / "device" / "replay.py"
NUMBERS = 1 << 22  # the firmware numbers samples modulo this


class Measured:
    """Reports of the firmware with their samples.

    The house must end, or the caller stop.
    """

    def __init__(self, house: House, *, bits: int = 32, whole: bool = True, **installation: Any):
        self.plan = house.site_json()
        self._blocks: dict[int, np.ndarray] = {}
        self.installation = Installation(house, tap=self._keep, **installation)
        self._bits = bits
        self._arguments = ["whole"] if whole else []

    def _keep(self, first: int, samples: np.ndarray) -> None:
        self._blocks[first % NUMBERS] = samples

    def reports(self, count: int) -> Iterator[dict[str, Any]]:
        """The firmware's first `count` reports (tools/gateway_host/device/replay.py)."""
        with Session(
            self.installation,
            self.plan,
            script=REPLAY,
            arguments=self._arguments,
            bits=self._bits,
            paced=False,
            console=False,
        ) as session:
            for _ in range(count):
                line = session.output.readline()
                assert line, session.tail()
                yield json.loads(line)

    def samples(self, report: dict[str, Any]) -> np.ndarray:
        """int16 [channel, n] as on the wire during that report."""
        first, count = report["first_sample"], report["samples"]
        blocks = range(first // 64, (first + count - 1) // 64 + 1)
        whole = np.concatenate([self._blocks[block * 64 % NUMBERS] for block in blocks], axis=1)
        return whole[:, first % 64 : first % 64 + count]

    def in_si(self, report: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """(volts [3, n], amperes [points, n]) of the report, reversed CTs turned back."""
        raw = self.samples(report).astype(np.float64)
        scale = [
            ampere_per_count(point["ct"]) * (-1 if point.get("reversed") else 1)
            for point in self.plan["points"]
        ]
        return raw[:3] * VOLT_PER_COUNT, raw[3:] * np.array(scale)[:, None]

    def phases(self) -> list[int]:
        """Of each point, 0 to 2."""
        return [int(point["phase"][1]) - 1 for point in self.plan["points"]]
