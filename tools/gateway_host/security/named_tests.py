"""Runs the tests that rows name, and says what came of each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from gateway_host import processes
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

_ON_DEVICE = "boards/test_device.py"
_PARTS = 3  # at the same time: most of them wait for a gateway in real time
# Those that start a world for `make world`: a tree has one at a time.
_WORLDS = "test_provisioning.py"
_PATIENCE_S = 3600
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


def run(tests: Iterable[str], place: Path) -> dict[str, str]:
    """PASSED, FAILED or SKIPPED (all its cases) of each. What pytest prints lies at `place`, in
    security-<n>.log. UserError where pytest could not look for them."""
    wanted = sorted(set(tests))
    files: dict[str, list[str]] = {}
    for test in wanted:
        files.setdefault(node(test).partition("::")[0], []).append(test)
    parts: list[list[str]] = [[] for _ in range(_PARTS)]
    for number, (_, named) in enumerate(sorted(files.items(), key=lambda one: _WORLDS in one[0])):
        parts[-1 if _WORLDS in named[0] else number % _PARTS] += named
    running = []
    for number, part in enumerate(filter(None, parts), 1):
        result, log = place / f"security-{number}.xml", place / f"security-{number}.log"
        result.unlink(missing_ok=True)
        nodes = [str(ROOT / "host_tests" / node(test)) for test in part]
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={result}"]
        command += [f"--basetemp={place / f'tests-{number}'}", *dict.fromkeys(nodes)]
        with log.open("w") as file:
            running.append((processes.start(command, cwd=ROOT, stdout=file, stderr=file), result))
    outcomes: dict[str, set[str]] = {}
    try:
        for process, result in running:
            process.wait(_PATIENCE_S)
            if not result.exists():
                raise UserError(f"pytest did not end well: {result.with_suffix('.log')} says why")
            _take(result, outcomes)
    except subprocess.TimeoutExpired:
        raise UserError(f"the tests have not ended after {_PATIENCE_S} s") from None
    finally:
        for process, _ in running:
            processes.stop(process)
    return {test: _of(test, outcomes) for test in wanted}


def node(test: str) -> str:
    """pytest's name. Tests for the device run all of a file, once in each interpreter."""
    name, _, function = test.partition("::")
    if not name.startswith("device/"):
        return test
    return f"{_ON_DEVICE}::test_on_device[32-bit-{Path(name).stem}]"


def _take(result: Path, outcomes: dict[str, set[str]]) -> None:
    for case in ElementTree.parse(result).iter("testcase"):
        file = case.get("classname", "").removeprefix("host_tests.").replace(".", "/") + ".py"
        name = case.get("name", "")
        node = f"{file}::{name if file == _ON_DEVICE else name.partition('[')[0]}"
        kinds = {child.tag for child in case}
        said = FAILED if kinds & {"failure", "error"} else PASSED
        if "skipped" in kinds:
            said = SKIPPED
        for one in (node, file):
            outcomes.setdefault(one, set()).add(said)


def _of(test: str, outcomes: dict[str, set[str]]) -> str:
    said = outcomes.get(node(test), set())
    if FAILED in said or not said:
        return FAILED
    return PASSED if PASSED in said else SKIPPED
