"""A recording, played to the firmware: what it measures in each window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway_host.recording.recording import RUN_IN_SECONDS, Recording, load_recording
from gateway_host.session import ROOT, Session
from gateway_host.sim.catalogue import BLOCK, SAMPLE_RATE
from gateway_host.sim.installation import Installation

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "replay.py"

_MORE_WINDOWS = 4
_STEADY_HZ = 0.005  # of the frequency, from one window to the next
_LABEL_SPAN = 1 << 22  # the device's first_sample is modulo this


def windows(recording: Recording, bits: int = 32) -> Iterator[dict[str, Any]]:
    """What the firmware measures in each window that ends in the recording.

    A window is the device's line (tools/gateway_host/device/replay.py) with `first_sample` and
    `start` (s) counted from the recording's begin, `run_in` (how many of its samples lie before
    that), `settling` (the gateway did not follow the mains all through it, or the frequency is
    not that of the window before) and each point's `channel`. UserError when the gateway ends
    with an error.
    """
    names = [point["channel"] for point in recording.info()["points"]]
    frequency = None
    with Session(
        Installation(recording),
        recording.site_json(),
        script=SCRIPT,
        bits=bits,
        paced=False,
        console=False,
    ) as session:
        for line in session.output:
            if not line.startswith("{"):
                continue
            window = json.loads(line)
            before, frequency = frequency, window["frequency"]
            first = (window["first_sample"] - recording.start_sample) % _LABEL_SPAN
            if first >= _LABEL_SPAN // 2:
                first -= _LABEL_SPAN
            if not 0 < first + window["samples"] <= recording.samples:
                continue
            settling = (
                frequency is None
                or before is None
                or abs(frequency - before) > _STEADY_HZ
                or any(p["P"] is not None and p["Q"] is None for p in window["points"])
            )
            for point, name in zip(window["points"], names, strict=True):
                point["channel"] = name
            placed = {
                "first_sample": first,
                "start": round(first / SAMPLE_RATE, 6),
                "run_in": max(0, -first),
                "settling": settling,
            }
            yield placed | {key: window[key] for key in window if key not in placed}
        session.wait()
        session.check(may_end=True)


def aligned(recording: Recording, file: Path, site: Path | None, bits: int = 32) -> Recording:
    """The same recording with a run-in that makes a window begin less than a cycle before it.
    file, site: those that it was loaded from.

    The firmware cuts where the mains' cycles begin, so a trial run shows where that is. The run-in
    is then shorter by whole cycles; what they are off from whole blocks is slipped meanwhile, so
    that all begins as in the trial.
    """
    trial = next(windows(recording, bits), None)
    cycle = SAMPLE_RATE / (recording.true_frequency or recording.frequency)
    if trial is None or trial["run_in"] < cycle:
        return recording
    window = round(trial["samples"] / cycle)  # cycles
    earlier = trial["run_in"] // cycle
    # A few windows more bring it nearer to whole blocks.
    choices = [(earlier - window * more) * cycle for more in range(_MORE_WINDOWS)]
    early = min(choices, key=lambda samples: abs(samples - BLOCK * round(samples / BLOCK)))
    blocks = round(early / BLOCK)
    return load_recording(
        file,
        site,
        warm=True,
        run_in=RUN_IN_SECONDS - blocks * BLOCK / SAMPLE_RATE,
        slip=early - blocks * BLOCK,
    )
