"""The same samples once more, measured with single-precision floats: by the firmware on the
simulated RISC-V machine (docs/instructions.md).
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gateway_host.instructions.rv32 import MEMORY, run_rv32
from gateway_host.session import ROOT
from gateway_host.sim.catalogue import BLOCK

from .house import house_of, site_of
from .run import Plan, Readings, Run, read

_PATH = [ROOT / "firmware", ROOT / "tools" / "gateway_host" / "device"]
_PROGRAM = "from accuracy_samples import measure_all; measure_all({jobs!r})"


def measure_single(runs: list[Run]) -> list[tuple[Plan, Readings]]:
    """The readings of each run. UserError where there is no such machine."""
    halves = runs[::2], runs[1::2]  # a machine each
    with ThreadPoolExecutor() as pool:
        return [one for half in pool.map(_measure, halves) for one in half]


def _measure(runs: list[Run]) -> list[tuple[Plan, Readings]]:
    jobs, memory = [], b""
    for run in runs:
        channels, count = run.samples.shape
        blocks = run.samples.reshape(channels, count // BLOCK, BLOCK).swapaxes(0, 1)
        plan = json.dumps(site_of(house_of(run.plan.mains, run.plan.loads)))
        jobs.append((plan, MEMORY + len(memory), count // BLOCK))
        memory += np.ascontiguousarray(blocks, "<i2").tobytes()
    printed = run_rv32(_PROGRAM.format(jobs=jobs), path=_PATH, memory=memory, limit=600)
    reports = [
        [json.loads(line) for line in text.split("\n")] for text in printed.split("\n\n")[:-1]
    ]
    return [
        (run.plan, read(own, run.plan, run.start)) for run, own in zip(runs, reports, strict=True)
    ]
