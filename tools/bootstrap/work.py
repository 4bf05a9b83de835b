"""Does the steps of the set-up that are not done yet, and keeps what was done in build/setup.json.

`make setup` tries again what failed, and to replace what stands in for something better; other
targets leave that alone, but for a step that lacked room as soon as there is room. `make doctor`
reports them all.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import environment
import interpreters
from common import (
    BUILD,
    CACHE,
    LOG,
    ROOT,
    TEMPORARY,
    NoRoomError,
    SetupError,
    free,
    machine,
    megabytes,
    remove,
    say,
    write_whole,
)
from gateway_host import hangup
from gateway_host.disk_room import room_left
from steps import GROUPS, Step, all_steps

STATE = BUILD / "setup.json"


def main(arguments: list[str]) -> int:
    """Do what is not done yet. Returns 0, or 2 when a required step failed."""
    parser = argparse.ArgumentParser(prog="bootstrap", description=__doc__)
    parser.add_argument("--group", choices=list(GROUPS), default="all", help="what for")
    parser.add_argument("--again", action="store_true", help="try what failed and what stands in")
    parser.add_argument("--chosen", action="store_true", help="this Python, and no other")
    options = parser.parse_args(arguments)
    try:
        with hangup.like_interrupt():
            return _locked(options)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:
        hangup.silence(sys.stdout)
    except OSError as error:  # a full disk, a cache of another user
        words = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        print(f"error: {words}; {room_left(_there())} are free", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 2


def _there() -> Path:
    return BUILD if BUILD.exists() else ROOT


def _locked(options: argparse.Namespace) -> int:
    if ":" in str(ROOT) or "\n" in str(ROOT):
        raise SetupError(
            f"{str(ROOT)!r}: lists of folders are split at a colon and at a line's end: "
            "give this folder another name"
        )
    try:
        BUILD.mkdir(exist_ok=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        lock = (BUILD / ".setup.lock").open("w")
    except OSError as error:
        text = f"{error.filename} cannot be written: {error.strerror}"
        if isinstance(error, PermissionError):
            text += "; what `sudo make` left is given back by `sudo chown -R $USER build`"
        if isinstance(error, FileExistsError | NotADirectoryError):
            text = f"{error.filename} has to be a folder: remove the file that stands in its place"
        raise SetupError(text) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is at work here: waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            _Work(options).do()
        finally:
            remove(TEMPORARY)
    return 0


class _Work:
    """One set-up."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._state = _load()
        group = GROUPS[options.group]
        self._steps = [step for step in all_steps() if step.group in group]

    def do(self) -> None:
        """What is to be done; raises SetupError when a required step failed."""
        steps = [step for step in self._steps if self._is_due(step)]
        if not steps:
            return
        steps = self._that_fit(steps)
        if not steps:
            return
        LOG.unlink(missing_ok=True)
        print(f"Setting up in {BUILD}, downloads are kept in {CACHE}", flush=True)
        for number, step in enumerate(steps, 1):
            print(f"[{number}/{len(steps)}] {step.title}", flush=True)
            self._do(step)
        print("Set-up is complete.", flush=True)

    def _is_due(self, step: Step) -> bool:
        entry = self._entry(step)
        if entry.get("key") != _key(step):
            return True
        if not entry.get("ok"):
            return not step.remedy or self._options.again or bool(entry.get("no_room"))
        if entry.get("stand_in") and self._options.again:
            return True
        needed = [*step.places, *(ROOT / use for use in entry.get("uses", ()))]
        if not all(path.exists() for path in needed):
            return True
        return step.name == "environment" and not environment.works(self._options.chosen)

    def _entry(self, step: Step) -> dict[str, Any]:
        entry = self._state.get(step.name)
        return entry if isinstance(entry, dict) else {}

    def _that_fit(self, steps: list[Step]) -> list[Step]:
        """Those for which there is room; raises NoRoomError where required ones have none."""
        kept, left, total = [], [], dict.fromkeys(_places(), 0)
        for step in sorted(steps, key=lambda step: step.group != "run"):
            needs = _needs(step)
            together = {place: total[place] + needs[place] for place in total}
            fits = all(size <= free(place) for place, size in together.items())
            if not fits and step.group != "run":
                left.append(step)
                continue
            kept.append(step)
            total = together
        for place, size in total.items():
            if size > free(place):
                raise NoRoomError(
                    f"{megabytes(size)} needed in {place}, {megabytes(free(place))} are free: "
                    "make room, or keep the downloads elsewhere (GATEWAY_CACHE)"
                )
        for step in left:
            need = sum(_needs(step).values())
            text = f"{megabytes(need)} needed in {BUILD}, {megabytes(free(BUILD))} are free"
            if not self._entry(step).get("no_room"):
                print(f"{step.title}: {text}; left out: {step.remedy}", flush=True)
            self._keep(step, ok=False, text=text, no_room=True)
        return [step for step in steps if step in kept]

    def _do(self, step: Step) -> None:
        began = time.monotonic()
        if self._state.pop(step.name, None):  # what is interrupted now counts as not done
            self._save()
        try:
            made = step.make()
        except (SetupError, OSError) as error:
            for place in (*step.places, *step.folders):
                remove(place)
            full = isinstance(error, NoRoomError)
            if isinstance(error, OSError):
                full = error.errno in hangup.NO_ROOM
                error = SetupError(f"{error.filename or BUILD}: {error.strerror or error}")
            self._keep(step, ok=False, text=str(error), no_room=full)
            if not step.remedy:
                raise SetupError(
                    f"{step.title}: {error} (details: {LOG.relative_to(ROOT)})"
                ) from error
            say(f"missing: {error}; {step.remedy}")
        else:
            uses = list(made.uses)
            self._keep(step, ok=True, text=made.text, uses=uses, stand_in=made.stand_in)
            say(f"{made.text} ({time.monotonic() - began:.1f} s)")
        if step.name == "micropython" and not self._entry(step)["ok"]:
            entry = self._state.pop(step.name)
            say(interpreters.stand_in())
            self._keep(step, **entry)

    def _keep(self, step: Step, **entry: Any) -> None:
        self._state[step.name] = {**entry, "key": _key(step)}
        self._save()

    def _save(self) -> None:
        write_whole(STATE, json.dumps(self._state, indent=1) + "\n")


def _places() -> list[Path]:
    """The disks that are written to, by a folder on each."""
    same = BUILD.stat().st_dev == CACHE.stat().st_dev
    return [BUILD] if same else [BUILD, CACHE]


def _needs(step: Step) -> dict[Path, int]:
    """What a step takes of each disk, in bytes, beside what it has already."""
    build = max(0, step.room_mb * 1_000_000 - sum(map(_size, step.places + step.folders)))
    cache = max(0, step.download_mb * 1_000_000 - sum(map(_size, step.downloads)))
    needs = dict.fromkeys(_places(), 0)
    needs[_places()[0]] += build
    needs[_places()[-1]] += cache
    return needs


def _size(place: Path) -> int:
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(file.lstat().st_size for file in files if file.is_file() or file.is_symlink())


def _key(step: Step) -> str:
    digest = hashlib.sha256(f"{machine()} {step.recipe}".encode())
    for path in step.inputs:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _load() -> dict[str, Any]:
    try:
        return dict(json.loads(STATE.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # there is none, or a damaged one
        return {}
