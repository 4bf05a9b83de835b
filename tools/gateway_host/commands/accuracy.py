"""Hold the whole chain against the meter standards' tables; write build/accuracy.json."""

from __future__ import annotations

import argparse
import json

from rich.console import Console
from rich.progress import track

from gateway_host.accuracy import emulator, judge, report
from gateway_host.accuracy.run import measure_all, plan_runs
from gateway_host.accuracy.tables import read_tables
from gateway_host.errors import UserError
from gateway_host.session import ROOT

RESULT = ROOT / "build" / "accuracy.json"


def add_arguments(_: argparse.ArgumentParser) -> None:
    """`accuracy` has no options."""


def main(_: argparse.Namespace) -> int:
    """Exit code 0, or 1 when something is off by more than it may be."""
    progress, console = Console(stderr=True), Console(highlight=False)
    rows = read_tables()
    plans = plan_runs(rows)
    measuring = measure_all(plans)
    runs = list(track(measuring, "  nodes, A-bus, firmware", len(plans), console=progress))
    double = judge.judge(rows, [(run.plan, run.readings) for run in runs])
    missing = single = None
    with progress.status("  single-precision floats, on the simulated RISC-V machine"):
        try:
            single = judge.judge(rows, emulator.measure_single(runs))
        except UserError as error:
            missing = str(error)
    figures = report.figures(double) | report.conservation(runs)
    for line, good in (
        *report.lines(double, single),
        ("", True),
        *report.promises(figures, single and report.figures(single)),
    ):
        style = None if good else "bold red"
        console.print(line, style=style, markup=False, soft_wrap=True)
    if missing:
        console.print(f"float32: not measured: {missing}", style="yellow", soft_wrap=True)
    RESULT.write_text(json.dumps(report.as_json(double, single, runs), indent=1) + "\n")
    print(f"written to {RESULT.relative_to(ROOT)}")
    return 0 if double.good and (single is None or single.good) else 1
