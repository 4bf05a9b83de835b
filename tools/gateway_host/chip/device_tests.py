"""All tests of host_tests/device on the emulated chip, against the modules of a board's image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway_host.chip import bench, scripts
from gateway_host.interpreter import LIB, ROOT

TESTS = ROOT / "host_tests" / "device"
HELPERS = ROOT / "tools" / "gateway_host" / "device"
_RAN = re.compile(r"Ran (\d+) tests")
_TEST = re.compile(r"(test\w*) \([\w.]+\) \.\.\.")
_FAILED = re.compile(r"FAILED \((.*)\)")


@dataclass(frozen=True)
class Outcome:
    """Of one file: how many tests passed and failed; where any failed which, with what they have
    printed, and the last words."""

    name: str
    passed: int
    failed: int
    words: str = ""


def outcome(name: str, printed: str) -> Outcome:
    """Of what micropython-lib's unittest printed; one failure where it did not come to its end."""
    ran, failed = _RAN.search(printed), _FAILED.search(printed)
    lines = [line for line in printed.splitlines() if line.strip()]
    words = lines[-1] if lines else "nothing was printed"
    if ran is None:
        return Outcome(name, 0, 1, words)
    bad = sum(map(int, re.findall(r"\d+", failed[1]))) if failed else 0
    return Outcome(
        name, int(ran[1]) - bad, bad, "; ".join([*_failed(printed), words]) if bad else ""
    )


def _failed(printed: str) -> Iterator[str]:
    """The tests that failed, each with what it has printed."""
    _, *parts = _TEST.split(printed)
    for test, said in zip(parts[::2], parts[1::2], strict=True):
        before, fail, _ = said.partition(" FAIL\n")
        if fail:
            yield " ".join([test, *before.split()])


def run(board: str, say: Callable[[str], None], only: str = "") -> Iterator[Outcome]:
    """One file after the other on the emulated chip; `say` is called before each."""
    files = {f"lib/{name}": content for name, content in helpers().items()}
    with scripts.at_console(board, files) as chip:
        yield from at_port(chip.pty, say, only)


def helpers() -> dict[str, bytes]:
    """Modules that the tests want beside those of the image."""
    files = {"unittest.mpy": bench.compiled(LIB / "unittest.py")}
    for helper in (*HELPERS.glob("*.py"), *TESTS.glob("*.py")):
        if not helper.name.startswith("test_"):
            files[f"{helper.stem}.mpy"] = bench.compiled(helper)
    return files


def at_port(port: str, say: Callable[[str], None], only: str = "") -> Iterator[Outcome]:
    """The same on a chip at this port, which has the image and the helpers and is at its
    prompt."""
    for test in sorted(TESTS.glob("test_*.py")):
        if only not in test.stem:
            continue
        say(f"{test.name} on {port}")
        # A script of mpremote has no __file__.
        place = f"__file__ = '/host_tests/device/{test.name}'"
        yield outcome(test.stem, scripts.run(port, test, "exec", place))
