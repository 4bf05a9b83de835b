"""All that `make bench` measures, as a table and as build/bench.json."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gateway_host import interpreter
from gateway_host.bench import (
    a_bus,
    a_bus_instructions,
    b_bus,
    gateway_instructions,
    lte,
    measuring_instructions,
    portal,
)
from gateway_host.bench import kernel as kernel_bench
from gateway_host.bench.heap import least_heap
from gateway_host.errors import UserError
from gateway_host.instructions import kernel
from gateway_host.session import MODULE_PATH, ROOT, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation

RESULT = ROOT / "build" / "bench.json"
REPORT_HEAP = ROOT / "tools" / "gateway_host" / "device" / "report_heap.py"
REPLAY = ROOT / "tools" / "gateway_host" / "device" / "replay.py"


def measure_all(simulated: int) -> None:
    """What could not be measured is null in the file and says why in the table. `simulated`:
    seconds of the pipeline's run."""
    progress = Console(stderr=True)
    table = Table("what", "measured", "limit", title="make bench")
    result: dict[str, float | int | None] = {}

    def step(what: str) -> None:
        progress.print(f"  {what} ...", highlight=False)

    step("the kernel beside C, numpy and bytecode, in turns")
    times = kernel_bench.measure()
    _kernel_rows(table, result, times)
    step("instructions on the ESP32's and the ESP32-C3's instruction sets")
    for target in ("xtensa", "rv32"):
        key = f"{target}_instructions_per_sample"
        try:
            block = kernel.measure(target)
        except UserError as error:
            result[key] = None
            table.add_row(f"instructions a current sample, {target}", f"not measured: {error}", "")
            continue
        result[key] = round(block.per_sample, 1)
        limit = "60" if target == "xtensa" else ""
        table.add_row(f"instructions a current sample, {target}", f"{block.per_sample:.1f}", limit)
    step(f"the pipeline, {simulated} simulated seconds without pacing")
    result["times_real_time"], firmware = _pipeline(simulated)
    table.add_row(
        "whole pipeline with the simulator, times real time",
        f"{result['times_real_time']:.0f}",
        "at least 50",
    )
    table.add_row("  the firmware's processor time alone, times real time", f"{firmware:.0f}", "")
    step("the buses")
    _bus_rows(table, result)
    step("the hotspot's page")
    _portal_rows(table, result)
    step("a month on LTE")
    result["lte_mb_per_month"] = round(lte.month().total, 1)
    what = "LTE: MB in 30 days at the default rates, 28 points"
    table.add_row(what, f"{result['lte_mb_per_month']:.1f}", f"{lte.LIMIT_MB}")
    step("memory")
    allocated, windows = kernel_bench.allocated()
    result["allocated_bytes_per_window"] = allocated / windows
    table.add_row("bytes allocated a window", f"{allocated / windows:g} ({windows} windows)", "0")
    report, messages = _report_heap()
    result["bytes_allocated_per_report"] = report + messages
    what = "bytes allocated for a report of 28 points and its messages"
    table.add_row(what, f"{report:,} + {messages:,}", "40,000")
    result["heap_peak_bytes"] = least_heap(progress)
    heap = result["heap_peak_bytes"]
    table.add_row("smallest heap the gateway runs in, bytes", f"{heap:,}", f"{160 * 1024:,}")
    Console().print(table)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"written to {RESULT.relative_to(ROOT)}")


def _kernel_rows(table: Table, result: dict, times: dict[str, float]) -> None:
    bits = interpreter.bits_of(interpreter.find(32))
    ours = times["kernel32"]
    result["kernel_vs_numpy"] = round(ours / times["numpy"], 3)
    result["kernel_vs_c"] = round(ours / times["c"], 3) if "c" in times else None
    for name, what, limit in (
        ("kernel32", f"kernel, {bits}-bit interpreter", ""),
        ("path32", "  with references and windows", ""),
        ("kernel64", "kernel, 64-bit interpreter", ""),
        ("c", "C -O2, same layout", ""),
        ("numpy", "numpy float64, block by block", ""),
        ("bytecode32", "plain bytecode", ""),
    ):
        if name in times:
            table.add_row(f"{what}, ns a sample", f"{times[name]:.2f}", limit)
        else:
            table.add_row(what, "not measured: no C compiler; install gcc", "")
    table.add_row("kernel, time over numpy's", f"{result['kernel_vs_numpy']:.2f}", "1")
    if "c" in times:
        table.add_row("kernel, time over C's", f"{result['kernel_vs_c']:.2f}", "2")


def _bus_rows(table: Table, result: dict) -> None:
    mixtures = ((9, 0), (0, 7), (4, 4))
    found = max(a_bus.discovery_seconds(*mixture) for mixture in mixtures)
    result["discovery_seconds_28_points"] = round(found, 4)
    table.add_row("A-bus: s until all nodes have addresses", f"{found:.3f}", "2")
    share = a_bus.utilisation(1e-5)
    result["bus_a_utilisation"] = round(share, 4)
    table.add_row("A-bus: share of the line, bit errors 1e-5", f"{share:.1%}", "75 %")
    longest = a_bus.longest_catch_up_s()
    result["longest_catch_up_s"] = round(longest, 3)
    what = "A-bus: s to catch up after a pause of 2 s, bit errors 1e-5"
    table.add_row(what, f"{longest:.2f}", "6.67")
    share = b_bus.utilisation()
    result["bus_b_utilisation"] = round(share, 4)
    what = "B-bus: share of the line, 10 modules and a Power Box with 28 points"
    table.add_row(what, f"{share:.1%}", "70 %")
    key, what = "bus_a_instructions_vs_kernel", "A-bus: instructions over the kernel's, rv32"
    share, side = "measuring_cpu_share_esp32", "measuring side: share of a 240 MHz core"
    all_of_it, gateway = "gateway_cpu_share_esp32", "the whole gateway: share of a 240 MHz core"
    try:
        parts, ratio = a_bus_instructions.measure()
        second = measuring_instructions.measure(sum(parts.values()))
        whole = gateway_instructions.measure(second)
    except UserError as error:
        result[key] = result[share] = result[all_of_it] = None
        for row, limit in ((what, "1"), (side, "10 %"), (gateway, "50 %")):
            table.add_row(row, f"not measured: {error}", limit)
        return
    result[key] = round(ratio, 2)
    table.add_row(what, f"{ratio:.2f}", "1")
    result[share] = round(second.share, 4)
    table.add_row(side, f"{second.share:.1%}", "10 %")
    for name in ("blocks", "reports", "bus", "kernel"):
        millions = getattr(second, name) / 1e6
        table.add_row(f"  millions of instructions a second: {name}", f"{millions:.2f}", "")
    result[all_of_it] = round(whole.share, 4)
    table.add_row(gateway, f"{whole.share:.1%}", "50 %")
    for name in ("messages", "led", "collections"):
        result[f"instructions_per_s_{name}"] = getattr(whole, name)
        millions = getattr(whole, name) / 1e6
        table.add_row(f"  millions of instructions a second: {name}", f"{millions:.2f}", "")
    result["instructions_per_record"] = whole.record
    table.add_row("  instructions for a record's text, one a minute", f"{whole.record:,}", "")
    result["history_cpu_share_esp32"] = round(whole.history_share, 4)
    what = f"  more of a core after an outage, {gateway_instructions.RECORDS} records a second"
    table.add_row(what, f"{whole.history_share:.1%}", "")
    table.add_row("  asyncio's turns, by a published time", f"{whole.turns_share:.1%}", "")


def _portal_rows(table: Table, result: dict) -> None:
    result["portal_bytes"], result["portal_requests"] = portal.first_paint()
    result["portal_flash_bytes"] = portal.flash()
    table.add_row("portal: bytes until the first paint", f"{result['portal_bytes']:,}", "")
    table.add_row("portal: requests until the first paint", f"{result['portal_requests']}", "")
    total = f"{result['portal_flash_bytes']:,}"
    table.add_row("portal: bytes in flash, four languages", total, f"{25 * 1024:,}")


def _report_heap() -> list[int]:
    """Bytes that a report takes, and its messages, in the 32-bit interpreter."""
    with tempfile.TemporaryDirectory() as place:
        site = Path(place) / "site.json"
        site.write_text(json.dumps(load_house(DEFAULT_HOUSE).site_json()), encoding="utf-8")
        done = interpreter.run([REPORT_HEAP, site], heap="4M", path=MODULE_PATH)
    if done.returncode:
        raise UserError(f"{REPORT_HEAP.name}: {done.stderr or done.stdout}")
    return json.loads(done.stdout)


def _pipeline(seconds: int) -> tuple[float, float]:
    """(simulated time over real time, over the firmware's processor time)."""
    house = load_house(DEFAULT_HOUSE)
    with Session(
        Installation(house),
        house.site_json(),
        script=REPLAY,
        arguments=["whole"],
        paced=False,
        console=False,
    ) as session:
        session.output.readline()
        started, before = time.perf_counter(), session.processor_s()
        for _ in range(seconds):
            report = json.loads(session.output.readline())
        took = time.perf_counter() - started
        used = session.processor_s() - before
    lost = sum(point["missing"] for point in report["points"])
    if lost:
        raise UserError(f"the pipeline lost {lost} samples: its speed means nothing")
    return seconds / took, seconds / used
