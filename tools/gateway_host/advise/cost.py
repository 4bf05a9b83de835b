"""What the advisor takes of the chip: time and heap, on the emulated one (docs/chip.md)."""

from __future__ import annotations

from dataclasses import dataclass

from gateway_host.chip import bench, scripts
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

from .run import records
from .sites import MAX_POINTS, draw

DEVICE = ROOT / "tools" / "gateway_host" / "device"
_BOARD = "WIFI_CONNECT"
_SECONDS = 95  # three judgements are in it
_BUSY = 8  # a site of this number is a star with sun, battery and loads of several phases


@dataclass
class Cost:
    """`share`: of the chip's time; `step_ms`: the longest time between two yields; `heap`: bytes
    held; `points`: of the site."""

    share: float
    step_ms: float
    heap: int
    points: int


def measure() -> Cost:
    """UserError when there is no emulated chip."""
    site = draw(_BUSY, _SECONDS, points=MAX_POINTS)
    files = {
        "lib/advise.bin": records(site),
        "lib/advise_report.mpy": bench.compiled(DEVICE / "advise_report.py"),
    }
    with scripts.at_console(_BOARD, files) as chip:
        said = scripts.run(chip.pty, DEVICE / "advise_cost.py")
    try:
        total, most, seconds, heap = map(int, said.split())
    except ValueError:
        raise UserError(f"the advisor failed on the emulated chip: {said[-300:]}") from None
    return Cost(total / seconds / 1e6, most / 1e3, heap, len(site.cts))
