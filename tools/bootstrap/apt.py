"""Debian packages without root: a private apt configuration, `apt-get download`, `dpkg-deb -x`.

apt itself checks the signatures of the sources; nothing outside the given directory is written.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from common import (
    BUILD,
    CACHE,
    TEMPORARY,
    SetupError,
    release,
    run,
    sha256,
    write_whole,
)

ETC = Path("/etc/apt")
_ARCHIVE = re.compile(r"https?://[\w.-]+/debian\b(?!-)")
KEYRINGS = Path("/usr/share/keyrings")
DEBIAN_SUITES = re.compile(
    r"(buster|bullseye|bookworm|trixie|forky|duke|sid|stable|oldstable|testing|unstable)$"
)
# Packages without a file that a program reads while it runs.
_USELESS = re.compile(r"gcc-[0-9]+-base_|libc-gconv-modules-extra_")
_KEPT = ("signed-by", "check-valid-until", "check-date")


@dataclass(frozen=True)
class Package:
    """One package of a plan; `file` is the name under which apt-get leaves it."""

    name: str
    version: str
    file: str

    @classmethod
    def of_file(cls, file: str) -> Package:
        """Take a package file's name apart (`name_version_architecture.deb`)."""
        name, version, _ = file.split("_", 2)
        return cls(name, version.replace("%3a", ":"), file)


@dataclass(frozen=True)
class Bundle:
    """A program's package files in the cache, listed with checksums in `<name>.json`."""

    folder: Path
    packages: list[dict[str, str]]

    @classmethod
    def note(cls, name: str, folder: Path, plan: list[Package]) -> Bundle:
        """List freshly downloaded packages."""
        packages = [{**asdict(one), "sha256": sha256(folder / one.file)} for one in plan]
        write_whole(folder / f"{name}.json", json.dumps(packages, indent=1) + "\n")
        return cls(folder, packages)

    @classmethod
    def cached(cls, name: str, folder: Path) -> Bundle | None:
        """What an earlier set-up left in the cache, if every file is whole."""
        try:
            packages = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            whole = all(sha256(folder / p["file"]) == p["sha256"] for p in packages)
        except (OSError, ValueError):
            return None
        return cls(folder, packages) if whole else None

    def version(self, name: str) -> str:
        """A package's version, empty when it is not in the bundle."""
        return next((p["version"] for p in self.packages if p["name"] == name), "")

    def extract(self, into: Path) -> None:
        """Unpack into a directory that is made anew."""
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        for package in self.packages:
            run(["dpkg-deb", "-x", self.folder / package["file"], into])
        _lead_inside(into)


def _lead_inside(root: Path) -> None:
    """Absolute links to what is below `root` lead there, as fontconfig's to its configuration."""
    for folder, folders, files in os.walk(root):
        for link in (Path(folder, name) for name in [*folders, *files]):
            target = link.readlink() if link.is_symlink() else Path()
            if target.is_absolute() and os.path.lexists(inside := root / target.relative_to("/")):
                link.unlink()
                link.symlink_to(os.path.relpath(inside, folder))


class Apt:
    """apt-get with lists and cache of its own below `directory`.

    sources: text of a deb822 sources file; None = the machine's own sources.
    architecture: Debian's name of a foreign architecture; None = the machine's own, and what is
    installed on the machine then counts as installed.
    """

    def __init__(self, directory: Path, sources: str | None, architecture: str | None) -> None:
        for part in ("lists/partial", "cache/archives/partial"):
            (directory / part).mkdir(parents=True)
        settings = {
            "Dir::State::lists": directory / "lists",
            "Dir::Cache": directory / "cache",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": "30",
            "Acquire::https::Timeout": "30",
            "Debug::NoLocking": "true",
            # An index takes 10 MB in place of 120.
            "Acquire::GzipIndexes": "true",
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
        }
        if sources is not None:
            (directory / "parts").mkdir()
            (directory / "parts" / "own.sources").write_text(sources, encoding="utf-8")
            settings["Dir::Etc::sourcelist"] = "/dev/null"
            settings["Dir::Etc::sourceparts"] = directory / "parts"
        if architecture is not None:
            (directory / "status").touch()
            settings["Dir::State::status"] = directory / "status"
            settings["APT::Architecture"] = architecture
            settings["APT::Architectures"] = architecture
        self._options = [f"-o{key}={value}" for key, value in settings.items()]

    def update(self) -> None:
        """Fetch the signed indexes; raises SetupError when a source cannot be had or trusted."""
        run(["apt-get", *self._options, "-oAPT::Update::Error-Mode=any", "-q", "update"])

    def plan(self, package: str) -> list[Package]:
        """The package and everything it depends on that is not installed."""
        # Asked of the solver, not of `apt-cache depends`: it settles alternatives by itself.
        text = run(
            [
                *["apt-get", *self._options, "-qq", "-y", "--no-install-recommends"],
                *["--print-uris", "install", package],
            ]
        )
        files = re.findall(r"^'[^']+' (\S+\.deb) ", text, re.MULTILINE)
        return [Package.of_file(file) for file in files if not _USELESS.match(file)]

    def fetch(self, package: str, folder: Path) -> Bundle:
        """Plan and download a package into a folder and note there what it consists of."""
        plan = self.plan(package)
        self.download(plan, folder)
        return Bundle.note(package, folder, plan)

    def download(self, packages: list[Package], into: Path) -> None:
        """Fetch the packages' files into a directory; apt checks them against the signed index."""
        into.mkdir(parents=True, exist_ok=True)
        names = [f"{package.name}={package.version}" for package in packages]
        try:
            run(["apt-get", *self._options, "-q", "download", *names], cwd=into)
        except BaseException:
            for package in packages:  # a half one, on a disk that is full
                (into / package.file).unlink(missing_ok=True)
            raise
        for package in packages:
            if not (into / package.file).exists():
                raise SetupError(f"apt-get download did not bring {package.file}")


@contextmanager
def private_apt(sources: str | None, architecture: str | None) -> Iterator[Apt]:
    """An `Apt` with fresh indexes whose directory is removed at the end."""
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="apt-", dir=TEMPORARY) as directory:
        apt = Apt(Path(directory), sources, architecture)
        apt.update()
        yield apt


def of_this_release(name: str) -> Bundle:
    """A package of the machine's own release and what it needs beside what is installed, from the
    cache or fetched. Raises SetupError."""
    return _of_own_sources(name, CACHE / "debian" / release())


def of_any_processor(name: str) -> Bundle:
    """The same for a package that is of use on any machine."""
    return _of_own_sources(name, CACHE / "debian")


def _of_own_sources(name: str, folder: Path) -> Bundle:
    if bundle := Bundle.cached(name, folder):
        return bundle
    with private_apt(None, None) as private:
        return private.fetch(name, folder)


def debian_sources(suite: str) -> Iterator[tuple[str, str]]:
    """Ways to reach a suite of Debian: (where, deb822 text), the machine's own sources first."""
    seen = set()
    for stanza in _stanzas():
        uris = stanza.get("uris", "").split()
        suites = stanza.get("suites", "").split()
        ours = any(DEBIAN_SUITES.match(word) for word in suites)
        if not ours or "main" not in stanza.get("components", "").split():
            continue
        for uri in uris:
            if uri in seen or uri.startswith("cdrom:") or "debian" not in uri:
                continue
            seen.add(uri)
            kept = {key: stanza[key] for key in _KEPT if key in stanza}
            yield uri, _stanza(uri, suite, kept)
    archive = _debian_archive()
    if archive and archive not in seen and (keyring := _debian_keyring()):
        yield archive, _stanza(archive, suite, {"signed-by": str(keyring)})


def _stanza(uri: str, suite: str, more: dict[str, str]) -> str:
    lines = ["Types: deb", "Targets: Packages", "Components: main"]
    lines += [f"URIs: {uri}", f"Suites: {suite}"]
    lines += [f"{key.title()}: {value}" for key, value in more.items()]
    return "\n".join(lines) + "\n"


@cache
def _debian_archive() -> str | None:
    """Debian's archive for a machine that has none among its sources: GATEWAY_DEBIAN, or what
    debootstrap, out of the machine's own release, takes for it."""
    if given := os.environ.get("GATEWAY_DEBIAN"):
        return given
    place = BUILD / "debootstrap"
    with suppress(SetupError):
        of_any_processor("debootstrap").extract(place)
    for file in sorted(path for path in place.rglob("*") if path.is_file()):
        if found := _ARCHIVE.search(file.read_text(encoding="utf-8", errors="replace")):
            return found[0]
    return None


@cache
def _debian_keyring() -> Path | None:
    """Debian's keys: the machine's, or out of the machine's own release (Ubuntu packages them)."""
    pattern = "debian-archive-keyring.*"
    place = BUILD / "keyring"
    if not any(KEYRINGS.glob(pattern)):
        with suppress(SetupError):
            of_any_processor("debian-archive-keyring").extract(place)
    found = [*KEYRINGS.glob(pattern), *place.glob(f"usr/share/keyrings/{pattern}")]
    return min(found, default=None)


def _stanzas() -> Iterator[dict[str, str]]:
    """The machine's own package sources, of either form, keys in lower case."""
    files = [ETC / "sources.list", *sorted((ETC / "sources.list.d").glob("*"))]
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if file.suffix == ".sources":
            yield from _deb822(text)
        elif file.suffix == ".list":
            yield from _one_line(text)


def _deb822(text: str) -> Iterator[dict[str, str]]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for block in re.split(r"\n[ \t]*(?:\n|$)", "\n".join(lines)):
        stanza: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if line[:1] in (" ", "\t"):
                stanza[key] = stanza.get(key, "") + "\n" + line
            elif ":" in line:
                key, value = line.split(":", 1)
                key = key.strip().lower()
                stanza[key] = value.strip()
        off = stanza.get("enabled", "yes").lower() in ("no", "false", "0")
        if "deb" in stanza.get("types", "").split() and not off:
            yield stanza


def _one_line(text: str) -> Iterator[dict[str, str]]:
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)", line.strip())
        if match:
            options, uri, suite, components = match.groups()
            stanza = {"uris": uri, "suites": suite, "components": components}
            for option in (options or "").split():
                key, _, value = option.partition("=")
                stanza[key.lower()] = value
            yield stanza
