"""Measure a recorded waveform (COMTRADE, CSV): one JSON line for each window, without pacing."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway_host.errors import UserError
from gateway_host.recording.recording import RUN_IN_SECONDS, Recording, load_recording
from gateway_host.session import ROOT, Session
from gateway_host.sim.catalogue import BLOCK, SAMPLE_RATE
from gateway_host.sim.installation import Installation

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "replay.py"

_MORE_WINDOWS = 4
_STEADY_HZ = 0.005  # of the frequency, from one window to the next
_LABEL_SPAN = 1 << 22  # the device's first_sample is modulo this


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `replay`."""
    parser.add_argument("--recording", type=Path, help="its .cfg, .cff or .csv file")
    parser.add_argument("--site", type=Path, help="which channel is what (TOML, docs/replay.md)")
    parser.add_argument("--bits", type=int, choices=(32, 64), default=32, help="the interpreter")


def main(arguments: argparse.Namespace) -> int:
    """JSON lines on stdout, notes on stderr. Exit code 0 when at least one window was whole."""
    if arguments.recording is None:
        raise UserError("which recording? `make replay RECORDING=file.cfg` names its file")
    recording = load_recording(arguments.recording, arguments.site, warm=True)
    _note(recording)
    recording = _aligned(recording, arguments)
    count = 0
    waiting: list[str] = []  # until there is mains: without any, nothing is printed
    followed = False
    try:
        for window in windows(recording, arguments.bits):
            waiting.append(json.dumps(window, ensure_ascii=False))
            count += 1
            followed = followed or window["frequency"] is not None
            if followed:
                print("\n".join(waiting), flush=True)
                waiting.clear()
    except BrokenPipeError:  # whoever read it has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if not count:
        raise UserError(
            f"{arguments.recording}: its usable part ({recording.samples / SAMPLE_RATE:.3f} s) "
            "holds no whole window of 0.2 s; record for longer"
        )
    if not followed:
        raise UserError(
            f"{arguments.recording}: no mains of 40 to 70 Hz in any part of it, which the gateway "
            "needs to measure; is its rate right, and are its voltages named?"
        )
    return 0


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


def _aligned(recording: Recording, arguments: argparse.Namespace) -> Recording:
    """The same recording with a run-in that makes a window begin less than a cycle before it.

    The firmware cuts where the mains' cycles begin, so a trial run shows where that is. The run-in
    is then shorter by whole cycles; what they are off from whole blocks is slipped meanwhile, so
    that all begins as in the trial.
    """
    trial = next(windows(recording, arguments.bits), None)
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
        arguments.recording,
        arguments.site,
        warm=True,
        run_in=RUN_IN_SECONDS - blocks * BLOCK / SAMPLE_RATE,
        slip=early - blocks * BLOCK,
    )


def _note(recording: Recording) -> None:
    """Says on stderr what is played."""
    info = recording.info()
    seconds = info["samples"] / SAMPLE_RATE
    station = f"{info['station']}; " if info["station"] else ""
    trigger = "not known" if info["trigger"] is None else f"sample {info['trigger']}"
    frequency = info["frequency"]
    begins = (
        "no mains of 40 to 70 Hz at its begin, which the gateway needs"
        if frequency is None
        else f"begins at {frequency:.3f} Hz"
    )
    print(
        f"{info['file']}: {station}used: {info['samples']} samples ({seconds:.3f} s) at "
        f"{info['rate']} Hz; {begins}; the recorder's trigger: {trigger}; before it is a run-in "
        "made of its first cycles",
        file=sys.stderr,
    )
    for note in info["notes"]:
        print(f"  {note}", file=sys.stderr)
    for phase, channel in enumerate(info["voltages"], 1):
        if channel is not None:
            print(f"  voltage L{phase}: {_channel(channel)}", file=sys.stderr)
    for point, channel in zip(recording.points, info["points"], strict=True):
        print(
            f"  {point.load} {point.phase}: {_channel(channel)} on {point.node}/{point.input}, "
            f"{point.ct}",
            file=sys.stderr,
        )


def _channel(channel: dict[str, Any]) -> str:
    return f"{channel['channel']} ({channel['side']} side, ratio {channel['ratio']:g})"
