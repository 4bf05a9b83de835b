"""Drawn sites through the firmware's advisor, in the MicroPython interpreter, and what it said
held against the truth."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np

from gateway_host import interpreter
from gateway_host.errors import UserError
from gateway_host.session import MODULE_PATH

from . import wrong_types
from .oracle import Oracle
from .sites import Drawn, draw, patterns_of
from .truth import is_right

SCRIPT = interpreter.ROOT / "tools" / "gateway_host" / "device" / "advise.py"
SECONDS = 600
_TOGETHER = 10  # sites in one interpreter
_SLOW = 16  # seconds
_SPLIT = "2x120/240"
_FLOWS = 50.0  # VA: a point that never carries so much has nothing to be decided by
NO_CURRENT, UNDECIDED, AS_CONFIGURED, WRONG, ONE_WIRE, WRONG_TYPE = range(6)


@dataclass
class Verdict:
    """Of a point: what is true, what was said in the end, and when that was first said.

    fault: its name, empty where the power is right as it is configured; flows: whether it had a
    current; switches: whether that changed, by 50 VA and a third; grid: whether the grid is
    measured; said: the state; right: whether what was said makes the power right; wrong: whether
    anything that was said for sure at any time was wrong; alarm: whether a fault was said at any
    time of a point without one, but for a CT in a split phase that is on the other leg and turned;
    second: of the first right answer; decidable: whether a fault could be known (oracle.Oracle);
    types: it is of a site drawn once more, with CTs of other types (wrong_types), and fault is one
    of type.
    """

    seed: int
    point: int
    scheme: str
    role: str
    fault: str
    flows: bool
    switches: bool
    grid: bool
    said: int = NO_CURRENT
    right: bool = False
    wrong: bool = False
    alarm: bool = False
    second: int | None = None
    decidable: bool = False
    types: bool = False


def records(site: Drawn) -> bytes:
    """What device/advise.py reads of a site."""
    seconds = site.power.shape[1]
    peak = (np.sqrt(2) * site.volts).T.copy().view(float).astype("<f4")
    words = np.rint(100 * site.power.T.copy().view(float)).astype("<i4")
    rows = np.concatenate([peak.view("u1"), words.view("u1")], axis=1)
    return json.dumps(site.plan).encode() + b"\n%d\n" % seconds + rows.tobytes()


def spoken(sites: list[Drawn]) -> list[list[list]]:
    """Of each site what was said: of each judgement the second, states, ways, and what the CTs are
    rated that are of another type than is configured, else 0."""
    done = subprocess.run(
        [str(interpreter.find(32)), "-X", "heapsize=1M", str(SCRIPT)],
        input=b"".join(map(records, sites)) + b"\n",
        capture_output=True,
        env={"MICROPYPATH": ":".join([*map(str, MODULE_PATH), ".frozen"])},
    )
    if done.returncode:
        raise UserError(f"the advisor failed: {done.stderr.decode()[-500:]}")
    said = done.stdout.decode().split("\n\n")[:-1]
    return [[json.loads(line) for line in text.splitlines()] for text in said]


def judge(seeds: list[int], seconds: int = SECONDS) -> list[Verdict]:
    """The verdicts on the points of these sites, after so long."""
    sites = [draw(seed, seconds) for seed in seeds]
    found = []
    for seed, site, lines in zip(seeds, sites, spoken(sites), strict=True):
        found += [_verdict(seed, site, k, lines) for k in range(len(site.cts))]
    return found


def judge_types(seeds: list[int]) -> list[Verdict]:
    """The same of these sites with CTs of other types."""
    drawn = [wrong_types.draw(draw(seed, SECONDS), seed) for seed in seeds]
    found = []
    said = spoken([site for site, _ in drawn])
    for seed, (site, types), lines in zip(seeds, drawn, said, strict=True):
        found += [_type_verdict(seed, site, types, k, lines) for k in range(len(site.cts))]
    return found


def _both(seeds: list[int]) -> list[Verdict]:
    return judge(seeds) + judge_types(seeds)


def _type_verdict(
    seed: int, site: Drawn, types: wrong_types.Types, k: int, lines: list[list]
) -> Verdict:
    """What was said of the type is held against that, and all else as without: `right` is what
    lies as it is configured."""
    verdict = _verdict(seed, site, k, [line for line in lines if line[1][k] < WRONG_TYPE])
    verdict.types, verdict.fault, verdict.second = True, types.faults[k], None
    verdict.right = verdict.decidable = False
    for second, states, _, rated in lines:
        verdict.said = states[k]
        if rated[k]:
            verdict.said = WRONG_TYPE  # perhaps beside a wrong way
            verdict.right = bool(verdict.fault) and rated[k] == types.true[k]
            verdict.wrong = verdict.wrong or not verdict.right
            verdict.alarm = verdict.alarm or not verdict.fault
            if verdict.right and verdict.second is None:
                verdict.second = second
        elif verdict.fault:
            verdict.right = False
    if verdict.fault and verdict.flows:
        verdict.decidable = verdict.right or wrong_types.decidable(site, types, k)
    return verdict


def _verdict(seed: int, site: Drawn, k: int, lines: list[list]) -> Verdict:
    ct = site.cts[k]
    flows = bool(np.mean(np.abs(site.power[k]) > _FLOWS) > 0.02)
    names = list(patterns_of(site.scheme))
    split = site.scheme == _SPLIT  # turned on the other leg: the power is right both ways
    fault = "" if is_right(site, ct, 2 * names.index(ct.phase)) else ct.fault or "unnamed"
    change = np.abs(site.power[k][_SLOW:] - site.power[k][:-_SLOW]).max()
    switches = bool(change > max(_FLOWS, np.abs(site.power[k]).max() / 3))
    grid = any(other.role == "grid" for other in site.cts)
    verdict = Verdict(seed, k, site.scheme, ct.role, fault, flows, switches, grid)
    for second, states, ways, _ in lines:
        verdict.said = states[k]
        verdict.right = is_right(site, ct, ways[k])
        if verdict.said == WRONG_TYPE:
            verdict.alarm = True
        if verdict.said == WRONG and not fault and not (split and ct.fault and verdict.right):
            verdict.alarm = True
        if verdict.said >= AS_CONFIGURED:
            if not verdict.right:
                verdict.wrong = True
            elif verdict.second is None:
                verdict.second = second
    if fault and flows and site.supply is not None:
        found = verdict.said == WRONG and verdict.right
        verdict.decidable = found or Oracle(site, grid).decides(k)
    return verdict


def judge_all(count: int, first: int = 0, seconds: int = SECONDS) -> Iterator[list[Verdict]]:
    """The verdicts on so many sites after so long, as they are done, two interpreters at a time;
    of SECONDS also on these sites with CTs of other types."""
    parts = [
        list(range(k, min(k + _TOGETHER, first + count)))
        for k in range(first, first + count, _TOGETHER)
    ]
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        work = _both if seconds == SECONDS else partial(judge, seconds=seconds)
        for done in as_completed([pool.submit(work, part) for part in parts]):
            yield done.result()
