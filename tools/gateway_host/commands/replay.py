"""Measure a recorded waveform (COMTRADE, CSV): one JSON line for each window, without pacing."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from gateway_host.errors import UserError
from gateway_host.recording.recording import Recording, load_recording
from gateway_host.recording.windows import aligned, windows
from gateway_host.sim.catalogue import SAMPLE_RATE


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
    recording = aligned(recording, arguments.recording, arguments.site, arguments.bits)
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
