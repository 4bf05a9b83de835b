"""What was measured on the emulated chip: as the table that `make chip` prints, and as the keys of
build/chip.json."""

from __future__ import annotations

import itertools
import statistics
from typing import Any

from rich.table import Table

from gateway_host.chip.bench import Measured
from gateway_host.sim.catalogue import BLOCK
from gateway_host.view.collector import Snapshot

_LATE_S = 2.0
_HISTOGRAM = ("under 1", "1", "2", "5", "10", "20", "50", "100 and more")  # from so many ms on
_LISTED = 8
_PARTS = 6  # of the time, for what may grow


def result(measured: Measured) -> dict[str, Any]:
    """The keys of build/chip.json; what could not be measured is None."""
    found: dict[str, Any] = {
        "firmware": measured.firmware,
        "board": measured.run.board,
        "seconds": round(measured.seconds, 1),
        "start_s": _seconds(measured.facts.get("reading_ms")),
        "start_tasks_s": _seconds(measured.facts.get("steps_ms")),
        "start_calls": _at_start(measured.facts.get("start") or {}),
        "start_realtime_s": measured.realtime_s and round(measured.realtime_s, 1),
    }
    found |= _blocks(measured)
    found |= _messages(measured.before, measured.after)
    found |= _inside(measured)
    found["reconnect_s"] = [round(s, 2) for s in measured.reconnect_s]
    found["renewal"] = measured.renewal
    found["update"] = measured.update
    looks, stale = measured.pages.looks, measured.pages.stale
    found["pages_read"] = sum(s is not None for s in looks)
    found["pages_failed"] = sum(s is None for s in looks + stale)
    found["page_error"] = measured.pages.error
    found["longest_page_s"] = _rounded(max((s for s in looks if s), default=None), 2)
    found["reports_shown"] = sum(s is not None for s in stale)
    found["oldest_shown_s"] = _rounded(max((s for s in stale if s), default=None), 2)
    found["line_collisions"] = measured.seen.collisions
    found["uart_backlog_bytes"] = measured.seen.backlog
    found["host_late"] = measured.seen.host_late
    found["host_late_ms"] = round(measured.seen.host_late_ms, 1)
    found["host_waited_share"] = round(measured.waited_share, 3)
    found["emulator_share"] = round(measured.emulator_share, 2)
    return found


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else round(ms / 1000, 1)


def _at_start(calls: dict[str, list[int]]) -> dict[str, dict[str, float]]:
    """Of named calls before the first task ran, the longest sum first."""
    order = sorted(calls.items(), key=lambda item: -item[1][1])
    return {name: {"count": count, "s": round(us / 1e6, 2)} for name, (count, us) in order}


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)


def _bus(snapshot: Snapshot | None) -> dict[str, Any]:
    return ((snapshot and snapshot.gateway) or {}).get("aBus") or {}


def _of_nodes(bus: dict[str, Any], name: str) -> int:
    return sum(node.get(name, 0) for node in bus.get("nodes", ()))


def _blocks(measured: Measured) -> dict[str, Any]:
    """By the line, and by what the gateway says in its own topic."""
    seen = measured.seen
    before, after = _bus(measured.before), _bus(measured.after)
    found: dict[str, Any] = {
        "blocks_due": seen.due,
        "blocks_asked": seen.blocks,
        "polls": seen.polls,
        "longest_poll_gap_ms": round(seen.poll_gap_ms, 1),
        "blocks_handed_over": None,
        "blocks_lost": None,
        "samples_lost": None,
    }
    if before and after:
        found["blocks_handed_over"] = after["blocks"] - before["blocks"]
        found["blocks_lost"] = after["skipped"] - before["skipped"]
        channels = after["points"] + 3
        gaps = _of_nodes(after, "gaps") - _of_nodes(before, "gaps")
        found["samples_lost"] = BLOCK * (found["blocks_lost"] * channels + gaps)
        for name in ("gaps", "repairs", "damaged", "timeouts"):
            found[name] = _of_nodes(after, name) - _of_nodes(before, name)
        found["noise_bytes"] = after.get("noise", 0) - before.get("noise", 0)
    return found


def _messages(before: Snapshot | None, after: Snapshot | None) -> dict[str, Any]:
    if before is None or after is None:
        return {"realtime_due": None, "realtime_sent": None, "messages": {}}
    counts = {
        topic: count - before.received.get(topic, 0) for topic, count in after.received.items()
    }
    age = after.age_s or 0.0
    overdue = int(age) if age > _LATE_S else 0
    gateway = (after.gateway or {}).get("mqtt") or {}
    return {
        "realtime_due": after.expected - before.expected + overdue,
        "realtime_sent": counts.get("realtime", 0),
        "messages": {topic: count for topic, count in sorted(counts.items()) if count},
        "messages_dropped": gateway.get("dropped"),
        "errors": (after.gateway or {}).get("errors"),
    }


def _inside(measured: Measured) -> dict[str, Any]:
    """What the probe has printed."""
    windows = measured.windows
    keys = (
        "idle_share",
        "polling_share",
        "longest_step_ms",
        "longest_step_of",
        "longest_step_with_calls_ms",
        "steps_per_s",
    )
    keys += ("collections_ms_per_s", "longest_collection_ms", "heap_used_bytes")
    keys += ("heap_live_bytes", "psram_free_bytes")
    keys += ("internal_heap_free_bytes", "internal_heap_largest_bytes")
    keys += ("internal_heap_least_bytes",)
    if not windows:
        return dict.fromkeys(keys)
    us = sum(w["us"] for w in windows)
    steps = sum(w["steps"] for w in windows)
    slow = _longest(windows, "slow")
    cost = measured.facts.get("cost", 0)
    return {
        "idle_share": round(sum(w["idle"] for w in windows) / us, 3),
        "polling_share": round(
            max(0, us - sum(w["busy"] + w["idle"] + w["own"] for w in windows)) / us, 3
        ),
        "longest_step_ms": max(w["net"] for w in windows) / 1000,
        "longest_step_of": max(slow, key=lambda name: slow[name]["own_ms"], default=None),
        "longest_step_with_calls_ms": max(w["longest"] for w in windows) / 1000,
        "steps_per_s": round(1e6 * steps / us),
        "steps_by_ms": {
            name: sum(w["histogram"][k] for w in windows) for k, name in enumerate(_HISTOGRAM)
        },
        "collections": sum(w["collections"] for w in windows),
        "collections_ms_per_s": round(1000 * sum(w["collecting"] for w in windows) / us, 1),
        "longest_collection_ms": max(w["collection"] for w in windows) / 1000,
        "heap_used_bytes": max(w["heap"] for w in windows),
        "heap_live_bytes": _least_in_each_part([w["live"] for w in windows]),
        "psram_free_bytes": sorted({w["psram"] for w in windows}),
        "internal_heap_free_bytes": min(w["internal"][0] for w in windows),
        "internal_heap_largest_bytes": min(w["internal"][1] for w in windows),
        "internal_heap_least_bytes": min(w["internal"][2] for w in windows),
        "slow_steps": slow,
        "calls": _longest(windows, "calls"),
        "loop_ms_least": min(w["pace"] for w in windows) / 1000,
        "loop_ms_median": statistics.median(w["pace"] for w in windows) / 1000,
        "loop_ms_most": max(w["pace"] for w in windows) / 1000,
        "probe_share": round((sum(w["own"] for w in windows) + cost * steps) / us, 3),
    }


def _least_in_each_part(values: list[int]) -> list[int]:
    """Of six equal parts, or as many as there are values; 0 is none."""
    parts = min(_PARTS, len(values))
    bounds = [len(values) * k // parts for k in range(parts + 1)]
    found = (
        [value for value in values[first:end] if value]
        for first, end in itertools.pairwise(bounds)
    )
    return [min(part) for part in found if part]


def _longest(windows: list[dict[str, Any]], key: str) -> dict[str, dict[str, float]]:
    """By name: how many, the longest, the longest without named calls in it; in ms."""
    found: dict[str, list[int]] = {}
    for window in windows:
        for name, (count, longest, net) in window[key].items():
            row = found.setdefault(name, [0, 0, 0])
            row[0] += count
            row[1:] = max(row[1], longest), max(row[2], net)
    order = sorted(found.items(), key=lambda item: -item[1][1])
    return {
        name: {"count": row[0], "longest_ms": row[1] / 1000, "own_ms": row[2] / 1000}
        for name, row in order
    }


def table(found: dict[str, Any]) -> Table:
    """The table that is printed."""
    rows = Table("what", "measured", "limit", title=f"make chip, {found['board']}")

    def row(what: str, key: str, form: str = "{}", limit: str = "") -> None:
        value = found.get(key)
        rows.add_row(what, "not measured" if value is None else form.format(value), limit)

    row("MicroPython", "firmware")
    row("measured, s", "seconds")
    row("s from reset to the first reading", "start_s", "{:.1f}", "15")
    row("  until the first task runs", "start_tasks_s", "{:.1f}")
    for name, values in list(found["start_calls"].items())[:_LISTED]:
        rows.add_row(f"    calls: {name}", f"{values['count']}, {values['s']:.2f} s in all", "")
    row("s from reset to the first realtime", "start_realtime_s", "{:.1f}")
    row("blocks due", "blocks_due")
    row("blocks asked for", "blocks_asked")
    row("blocks handed over", "blocks_handed_over")
    row("blocks lost", "blocks_lost", limit="0")
    row("samples lost", "samples_lost", "{:,}", "0")
    row("sections damaged", "damaged")
    row("sections repaired", "repairs")
    row("answers that did not come", "timeouts")
    row("longest time between two POLLs, ms", "longest_poll_gap_ms", "{:.1f}")
    row("realtime due", "realtime_due")
    row("realtime sent", "realtime_sent", limit="all")
    row("longest step without named calls, ms", "longest_step_ms", "{:.1f}", "20")
    row("  of the task", "longest_step_of")
    row("longest step with them, ms", "longest_step_with_calls_ms", "{:.1f}")
    row("steps a second", "steps_per_s")
    row("idle", "idle_share", "{:.1%}", "at least 15 %")
    row("asyncio looks at its sockets", "polling_share", "{:.1%}")
    row("collections that were asked for, ms a second", "collections_ms_per_s")
    row("longest collection, ms", "longest_collection_ms", "{:.1f}", "50")
    row("Python heap used at the most, bytes", "heap_used_bytes", "{:,}")
    row("  behind collections, the least in each part of the time", "heap_live_bytes")
    row("  PSRAM that it has not taken, bytes", "psram_free_bytes")
    row("internal heap free, bytes", "internal_heap_free_bytes", "{:,}")
    row("  largest piece", "internal_heap_largest_bytes", "{:,}")
    row("  least ever", "internal_heap_least_bytes", "{:,}", "30,000")
    if found["reconnect_s"]:
        row("s from a cut to a new connection", "reconnect_s")
    if found["renewal"]:
        row("answer to the renewal", "renewal")
    for name, value in (found["update"] or {}).items():
        rows.add_row(f"update: {name}", f"{value:,}", "5,000" if name == "dead_ms" else "")
    if found["pages_read"] or found["pages_failed"]:
        row("looks at the page", "pages_read")
        row("  failed", "pages_failed")
        row("  why", "page_error")
        row("  longest, s", "longest_page_s")
        row("reports on the commissioning page", "reports_shown")
        row("  the oldest values that it showed, s", "oldest_shown_s", "{:.2f}", "2")
    for key, what in (("slow_steps", "slow steps of"), ("calls", "calls:")):
        for name, values in list((found.get(key) or {}).items())[:_LISTED]:
            text = f"{values['count']}, longest {values['longest_ms']:.1f} ms"
            if values["own_ms"] and values["own_ms"] < values["longest_ms"]:
                text += f", {values['own_ms']:.1f} of its own"
            rows.add_row(f"{what} {name}", text, "")
    for topic, count in found["messages"].items():
        rows.add_row(f"messages: {topic}", str(count), "")
    row("share of time that measuring itself takes", "probe_share", "{:.1%}")
    row("a loop of 1,000 empty turns, ms: least", "loop_ms_least", "{:.2f}")
    row("  median", "loop_ms_median", "{:.2f}", "1.3, or it is slower than a chip")
    row("  most", "loop_ms_most", "{:.2f}")
    row("the host was late by more than 5 ms, times", "host_late")
    row("  at the most, ms", "host_late_ms")
    row("the emulator waited for the host's processor", "host_waited_share", "{:.1%}")
    row("processor time of the emulator", "emulator_share", "{:.0%}")
    return rows
