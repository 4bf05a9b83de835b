"""All tests of host_tests/device on the emulated chip, through mpremote on its UART 0, against the
modules of a board's image."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway_host import image
from gateway_host.chip import bench, emulator, flash_image
from gateway_host.interpreter import LIB, ROOT

TESTS = ROOT / "host_tests" / "device"
HELPERS = ROOT / "tools" / "gateway_host" / "device"
_TIMEOUT_S = 300
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
    """One file after the other; `say` is called before each."""
    firmware = flash_image.firmware()
    emulator.find()
    built = image.build(board)
    files = {
        "main.py": b"",  # the console is for the tests
        "boot.py": b"import chip_files",
        "chip_files.mpy": bench.compiled(bench.PROBE / "chip_files.py"),
        "lib/unittest.mpy": bench.compiled(LIB / "unittest.py"),
    }
    for helper in (*HELPERS.glob("*.py"), *TESTS.glob("*.py")):
        if not helper.name.startswith("test_"):
            files[f"lib/{helper.stem}.mpy"] = bench.compiled(helper)
    flash = firmware.flash(flash_image.file_system(built.littlefs, files))
    with emulator.Emulator(flash, firmware.psram) as chip:
        for test in sorted(TESTS.glob("test_*.py")):
            if only not in test.stem:
                continue
            say(f"{test.name} on the emulated chip")
            yield outcome(test.stem, _run(chip, test))


def _run(chip: emulator.Emulator, test: Path) -> str:
    place = f"__file__ = '/host_tests/device/{test.name}'"  # which a script of mpremote has not
    command = [sys.executable, "-m", "mpremote", "connect", chip.pty]
    command += ["exec", place, "run", str(test)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return f"did not end within {_TIMEOUT_S} s"
    return done.stdout + done.stderr
