"""Pauses of the gateway, in which nothing is sent and nothing read, and a gateway that is too
slow: nodes keep 128 blocks (docs/a-bus.md section 8)."""

from __future__ import annotations

import pytest
from gateway_host.bench.a_bus import Polled, house_of
from gateway_host.faults.script import Faults
from on_bus import BLOCK, NUMBERS, first, reports, run, time_base

WINDOW = 640  # samples: 10 cycles of 50 Hz
CASES = {
    "clean": (0, 7, ""),
    "bit errors": (4, 4, "ber=1e-5 at 2 seed=7"),
    "100 ppm": (4, 4, ""),
}
RATE = 1.3  # blocks in 20 ms at which the gateway catches up, at least
PIECE = 4  # blocks that are given up at once


def reported(case, count, *words):
    """(installation, reports): crystals differ by up to 150 ppm, along 100 m of cable."""
    cores, hubs, faults = CASES[case]
    installation = Polled(house_of(cores, hubs), faults=Faults.parse(faults))
    seen = first(count, reports(installation, *words))
    time_base(seen)
    for report in seen:
        end = report["first_sample"] + report["samples"]
        age = (installation.sample_number(1000 * report["ms"]) - end) % NUMBERS / 3.2
        assert report["age_ms"] == pytest.approx(age, abs=2)
        # But for the block in progress, that in hand, and what was given up between them.
        assert age / 20 - 2 - PIECE <= report["behind"] <= age / 20
    return installation, seen


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ms", [200, 500, 1000, 2000])
def test_a_pause_costs_no_sample(case, ms):
    installation, seen = reported(case, 6 + 5 * ms // 1000, f"3003:{ms}")
    times = [time for time, _, _ in installation.polls]
    assert max(b - a for a, b in zip(times, times[1:], strict=False)) >= ms / 1000
    last = seen[-1]
    assert set(last["missing"]) == {0}
    assert last["lost"] == last["skipped"] == last["restarts"] == 0
    for node in last["nodes"].values():
        assert (node["state"], node["gaps"], node["timeouts"]) == ("well", 0, 0)
    assert all(node.in_step(installation.now) for node in installation.nodes)
    assert installation.catch_up_s() <= ms / 1000 / (RATE - 1)
    assert last["behind"] <= 2
    if case == "bit errors":
        assert sum(node["repairs"] for node in last["nodes"].values()) > 10 * ms / 1000


def missing_by_jumps(missed, lost):
    """A jump belongs to one window, which ends behind it where it would have ended within. What
    is left of this window, less than one of usual length, counts or is missing too: it may be no
    whole number of cycles (metering.md)."""
    assert lost % (PIECE * BLOCK) == 0
    jumps = lost // (PIECE * BLOCK)
    assert all(lost <= count <= lost + jumps * WINDOW for count in missed)


def test_a_gateway_that_is_too_slow_loses_little_at_a_time():
    """25 ms a block: the backlog grows until it is as old as nodes remember, and then stays."""
    installation, seen = reported("bit errors", 28, "slow=25000")
    blocks = [block for _, block, _ in installation.polls]
    steps = [(b - a) & 0xFFFF for a, b in zip(blocks, blocks[1:], strict=False)]
    jumps = [step - 1 for step in steps[100:] if step > 1]
    last = seen[-1]
    assert max(jumps) == PIECE
    assert sum(jumps) == last["skipped"] >= 20
    # What was given up last is reported with the block after it.
    assert last["skipped"] - PIECE <= last["lost"] // BLOCK <= last["skipped"]
    later = [report for report in seen if report["skipped"]]
    assert len(later) > 5
    for before, after in zip(later, later[1:], strict=False):
        assert after["skipped"] - before["skipped"] < 20
        missing_by_jumps(after["missed"], after["lost"] - before["lost"])


def test_pauses_of_100_ms_cost_nothing(bits):
    """In 9 places of the cycle."""
    pauses = [f"{2000 + 733 * k + 2 * k}:100" for k in range(9)]
    last = run(9, *pauses, bits=bits)[-1]
    assert set(last["missing"]) == {0}
    assert last["lost"] == last["skipped"] == 0


@pytest.mark.parametrize("ms", [4_000, 45_000, 300_000])
def test_a_longer_pause_is_counted_on_all_points(ms):
    """The reports' time base stays that of the head (see `run`)."""
    seen = run(16, f"3003:{ms}")
    last = seen[-1]
    lost = last["lost"]
    assert lost == last["skipped"] * BLOCK
    assert abs(lost - (ms - 2500) * 3.2) < 6 * BLOCK
    if ms < 5000:  # the nodes' clocks have kept step
        assert all(lost <= count <= lost + WINDOW for count in last["missing"])  # one window
    else:  # or perhaps not: then they need a moment, and what they held is not given
        assert all(lost <= count <= lost + 4 * 3200 for count in last["missing"])
    assert set(last["missed"]) == {0}
    assert last["restarts"] == 0


def test_the_microsecond_clock_wraps(bits):
    """After 2^30 us, 1074 s; long pauses take the gateway there."""
    pauses = ["3000:300000", "306000:300000", "609000:300000", "912000:155000"]
    seen = run(36, *pauses, bits=bits)
    assert seen[0]["ms"] * 1000 < 1 << 30 < seen[-1]["ms"] * 1000
    assert seen[-1]["restarts"] == 0
    settled = [report for report in seen if report["ms"] > 1_076_500]
    assert len(settled) > 6
    assert {count for report in settled for count in report["missed"]} == {0}
