"""Inputs that reach code no input has reached yet: a parser under CPython with Atheris, which is
libFuzzer, and a shim for what MicroPython has of its own. Run as a program; `search` starts it.

Owns the folder of a parser's inputs, build/fuzz/<parser>, where a search goes on from.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tempfile
import types
from dataclasses import dataclass
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.fuzz import corpus
from gateway_host.fuzz.parsers import PARSERS, PATH
from gateway_host.interpreter import ROOT

ATHERIS = ROOT / "build" / "atheris"
FOUND = ROOT / "build" / "fuzz"
_DEVICE = ROOT / "tools" / "gateway_host" / "device"
_SLOW_S = 20  # for one input
_MEMORY_MB = 2048
_MOST_S = 3600  # a search
_NO_ATHERIS = "GUIDED=1 wants Atheris in build/atheris, which is not there: `make setup` says why"


@dataclass
class Search:
    """Of a search. failed: the exception's text and the input, None where there was none; inputs:
    those that are kept, each of which reaches something of its own; covered: libFuzzer's count of
    what they reach."""

    runs: int
    covered: int
    inputs: list[bytes]
    failed: str | None


def is_there() -> bool:
    """Whether Atheris is."""
    return (ATHERIS / "atheris").is_dir()


def search(parser: str, count: int, seed: int = 1) -> Search:
    """Run a parser so many times, from its corpus and what was found before. UserError where there
    is no Atheris."""
    if not is_there():
        raise UserError(_NO_ATHERIS)
    folder = FOUND / parser
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in corpus.read(parser).items():
        (folder / name).write_bytes(data)
    tokens = FOUND / f"{parser}.tokens"
    escaped = ["".join(f"\\x{byte:02x}" for byte in token) for token in PARSERS[parser].tokens]
    tokens.write_text("".join(f'"{token}"\n' for token in escaped))
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=place) as run_in:
        command = [
            sys.executable, "-m", "gateway_host.fuzz.guided", parser, str(folder),
            f"-runs={count}", f"-seed={seed}", f"-max_len={PARSERS[parser].longest}",
            f"-timeout={_SLOW_S}", f"-rss_limit_mb={_MEMORY_MB}", f"-dict={tokens}",
            f"-artifact_prefix={FOUND / parser}-", "-print_final_stats=1", "-reduce_inputs=1",
            f"-max_total_time={_MOST_S}",
        ]  # fmt: skip
        ended = subprocess.run(
            command, cwd=run_in, capture_output=True, text=True, errors="replace"
        )
    said = ended.stdout + ended.stderr
    runs = re.findall(r"stat::number_of_executed_units:\s*(\d+)|^#(\d+)\s", said, re.MULTILINE)
    covered = re.findall(r"cov: (\d+)", said)
    inputs = [path.read_bytes() for path in sorted(folder.iterdir())]
    return Search(
        max((int(one or other) for one, other in runs), default=0),
        max(map(int, covered), default=0),
        inputs,
        None if ended.returncode == 0 else said[-6000:],
    )


def main(arguments: list[str]) -> None:
    """A parser's name, and libFuzzer's arguments."""
    parser, *options = arguments
    sys.path.insert(0, str(ATHERIS))
    import atheris  # in a folder of its own, where there is any
    from atheris.instrument_bytecode import patch_code

    from gateway_host.fuzz import shim

    copy = os.environ.get("FUZZED_FIRMWARE")  # of a test, which has broken it
    first = [Path(copy)] if copy else []
    ours = tuple(str(place) for place in (*first, ROOT / "firmware", ROOT / "boards"))

    def changed(code: types.CodeType) -> types.CodeType:
        return patch_code(code, False) if code.co_filename.startswith(ours) else code

    shim.install([*first, _DEVICE, *PATH], changed)
    take = importlib.import_module(f"parsers.{parser}").take
    atheris.Setup([sys.argv[0], *options], lambda data: take(data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
