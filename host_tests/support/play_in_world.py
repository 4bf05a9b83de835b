"""Runs a program in the interpreter, as the simulator board in a world of the test's."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gateway_host import interpreter, portal_pages
from gateway_host.session import MODULE_PATH
from gateway_host.sim.link import LinkServer
from gateway_host.sim.radio import World

DEVICE = Path(__file__).parents[1] / "device"
NEW_BOARD = Path(__file__).with_name("BRAND_NEW")  # one that nobody has thought of
PAGES = next(iter(portal_pages.make())).parent


def play(
    world: World,
    program: Path,
    directory: Path,
    *,
    given: Any = None,
    bits: int = 32,
    board: Path | None = None,
    arguments: tuple[str, ...] = (),
    **simulator: Any,
) -> list[dict[str, Any]]:
    """What `program` reports (device/on_world.py), a table a line. given: what
    it reads as JSON from its standard input; board: the folder of its board.py, default the
    simulator's; simulator: more of simulator.json."""
    options = {} if given is None else {"stdin": None, "input": json.dumps(given)}
    nobody = SimpleNamespace(prepare=lambda: None)
    with LinkServer(nobody, world=world) as server:
        settings = {"link": server.path, "paced": False, "epoch": 1_764_000_000, "baud": 3_000_000}
        settings |= {"serial": "5010000042", "rxbuf": 5120} | simulator
        (directory / "simulator.json").write_text(json.dumps(settings))
        done = interpreter.run(
            [program, *arguments],
            bits=bits,
            heap="1M",
            path=[*([board] if board else []), *MODULE_PATH, DEVICE, PAGES],
            cwd=directory,
            **options,
        )
    assert server.failure is None, server.failure
    assert not world.refused, "the radio was at something else"
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
