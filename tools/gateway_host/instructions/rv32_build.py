"""Builds the interpreter that `rv32.py` runs: MicroPython's ports/qemu, board VIRT_RV32.

Once per machine: 6 MB fetched by apt with its own signature check and compared with the checksums
below, kept in the cache, then about half a minute of compiling into build/rv32.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from gateway_host.errors import UserError

_ROOT = Path(__file__).resolve().parents[3]
_BUILD = _ROOT / "build"
_PACKAGES = {
    "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    "qemu-system-riscv32": "qemu-system-misc",
    "make": "make",
}
# Debian's source package: the suites to ask, and of each version the checksum of MicroPython's
# part.
_SUITES = ("sid", "forky", "trixie")
_SOURCES = {
    "1.26.1+ds-1": "f5ad2ec89d3e921f753d448955af98b6005655f84ba26087dde6ba0e8d062f34",
    "1.25.0+ds-1": "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea",
}
_HEAP = 1536 * 1024
_RECIPE = 1  # count on when the build changes


def tool(name: str) -> str:
    """The path of a program. Raises UserError naming the packages to install."""
    found = shutil.which(name)
    if not found:
        missing = " ".join(p for n, p in _PACKAGES.items() if not shutil.which(n))
        raise UserError(f"{name} is not on this machine; as root: apt-get install {missing}")
    return found


def interpreter() -> Path:
    """The program for QEMU, built at the first use. Raises UserError if it cannot be had here."""
    for name in _PACKAGES:
        tool(name)
    built = _BUILD / "rv32" / f"micropython-{_RECIPE}.elf"
    built.parent.mkdir(parents=True, exist_ok=True)
    with (built.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes may want it at once
        if not built.exists():
            _build(_source(), built)
    return built


def _build(source: Path, into: Path) -> None:
    _say(f"building MicroPython for rv32 from {source.name}")
    with tempfile.TemporaryDirectory(dir=into.parent) as folder:
        tree = Path(folder)
        with tarfile.open(source) as archive:
            # Python 3.11 before 3.11.4 has no filters; the archive's checksum is known.
            archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            archive.extractall(tree)
        port = next(tree.glob("*/ports/qemu"))
        settings = ["BOARD=VIRT_RV32", "RV32_ARCH=rv32imac", "CFLAGS_EXTRA=-misa-spec=2.2"]
        settings += ["AS=riscv64-unknown-elf-as -misa-spec=2.2", "FROZEN_MANIFEST="]
        settings += [f"MICROPY_HEAP_SIZE={_HEAP}", f"PYTHON={sys.executable}", "BUILD=out"]
        _run(["make", "-C", port, f"-j{os.cpu_count() or 1}", *settings], into.parent / "log")
        shutil.copy(port / "out" / "firmware.elf", into.with_suffix(".part"))
    into.with_suffix(".part").replace(into)


def _source() -> Path:
    """MicroPython's part of the source package, from the cache or by apt."""
    cache = Path(os.environ.get("GATEWAY_CACHE") or _BUILD / "cache").resolve()
    cache.mkdir(parents=True, exist_ok=True)
    for version, checksum in _SOURCES.items():
        file = cache / f"micropython_{version.rpartition('-')[0]}.orig.tar.xz"
        if file.exists() and _sha256(file) == checksum:
            return file
    why = "no suite of Debian was reachable"
    for suite in _SUITES:
        for text in _sources(suite):
            try:
                return _fetch(suite, text, cache)
            except UserError as error:
                why = str(error)
    raise UserError(f"MicroPython's source: {why}; put a known one into {cache.name}/ by hand")


def _sources(suite: str) -> list[str]:
    """apt sources of a suite's source packages, made from the machine's own sources by the
    set-up's module.
    """
    sys.path.insert(0, str(_ROOT / "tools" / "bootstrap"))
    try:
        import apt as bootstrap
    finally:
        sys.path.pop(0)
    return [
        text.replace("Types: deb", "Types: deb-src").replace("Targets: Packages\n", "")
        for _, text in bootstrap.debian_sources(suite)
    ]


def _fetch(suite: str, sources: str, cache: Path) -> Path:
    _say(f"fetching MicroPython's source package from Debian {suite}")
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        place = Path(folder)
        for part in ("lists/partial", "archives/partial", "parts", "out"):
            (place / part).mkdir(parents=True)
        (place / "status").touch()
        (place / "parts" / "own.sources").write_text(sources)
        settings = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": place / "parts",
            "Dir::State::lists": place / "lists",
            "Dir::State::status": place / "status",
            "Dir::Cache": place,
            "APT::Sandbox::User": "root",
            "APT::Update::Error-Mode": "any",
        }
        apt = ["apt-get", "-q", *(f"-o{key}={value}" for key, value in settings.items())]
        log = cache / "source.log"
        _run([*apt, "update"], log)
        for version, checksum in _SOURCES.items():
            name = f"micropython={version}"
            try:
                _run([*apt, "source", "--download-only", "--tar-only", name], log, place / "out")
            except UserError:
                continue
            file = next((place / "out").glob("micropython_*.orig.tar.xz"))
            if _sha256(file) != checksum:
                raise UserError(f"{file.name} from Debian {suite} is not the one that is known")
            return file.replace(cache / file.name)
    raise UserError(f"Debian {suite} has none of the known versions {', '.join(_SOURCES)}")


def _run(command: list, log: Path, directory: Path | None = None) -> None:
    with log.open("w") as out:
        done = subprocess.run(
            [str(word) for word in command], cwd=directory, stdout=out, stderr=subprocess.STDOUT
        )
    if done.returncode:
        last = (log.read_text(errors="replace").strip() or "no message").splitlines()[-1]
        raise UserError(f"{command[0]} failed: {last} (all of it: {log})")


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _say(text: str) -> None:
    print(f"instructions: {text}", file=sys.stderr, flush=True)
