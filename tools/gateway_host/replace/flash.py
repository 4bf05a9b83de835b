"""The files of a gateway: what the old one's flash has, and what the new one gets. The firmware
itself reads and writes them, in the interpreter: this side knows nothing of their form."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway_host import interpreter
from gateway_host.errors import UserError
from gateway_host.replace import gaps
from gateway_host.session import MODULE_PATH

_DEVICE = interpreter.ROOT / "tools" / "gateway_host" / "device"
_REGISTERS = ("registers.0", "registers.1")
# What else goes on as it is. Never the settings: their secrets are the device's own.
_AS_IT_IS = ("pulses.0", "pulses.1")
_PROFILES = "profiles"
_HEAP = "8M"
_PATIENCE_S = 3600.0  # a journal of 10 MB has 120,000 records


@dataclass(frozen=True)
class Journal:
    """`waiting`: minutes that no reader has; `foreign`: whether it is of another site than the
    document; `messages`: all records, as (topic, payload) of docs/history.md; `lacking`: minutes
    between the first and the last that could not be read; `errors`: how often the firmware has
    counted which one."""

    waiting: int
    foreign: bool
    messages: list[tuple[str, bytes]]
    lacking: int
    errors: dict[str, int]


def factory(folder: Path | None) -> dict[str, Any]:
    """The factory.json of a gateway whose files are in this folder, empty where there is none."""
    try:
        found = json.loads((folder / "factory.json").read_bytes()) if folder else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def has_registers(folder: Path) -> bool:
    """Whether there are any."""
    return any((folder / name).exists() for name in _REGISTERS)


def journal(folder: Path, serial: str, document: dict[str, Any]) -> Journal:
    """What the journal of that gateway has. Its files are not changed."""
    with _copy(folder, (*_REGISTERS, "journal", _PROFILES)) as place:
        said = _run("read_old_gateway", {"serial": serial, "site": document}, place)
    head = json.loads(said[0])
    prefix = f"servicelocation/{document['uuid']}/"
    messages = [line.split(" ", 1) for line in said[1:-1]]
    delivered = max(head["delivered"].values(), default=0)
    return Journal(
        max(0, head["last"] - max(delivered, head["first"] - 1)),
        head["foreign"],
        [(prefix + kind, text.encode()) for kind, text in messages],
        _lacking(head, [json.loads(text) for kind, text in messages if kind == "history"]),
        json.loads(said[-1])["errors"],
    )


def _lacking(head: dict[str, Any], messages: list[dict[str, Any]]) -> int:
    """Minutes from the first sequence to the last that are in no record."""
    count, before = 0, None
    for message in messages:
        for one in message["records"]:
            first = one.get("first", one["sequence"])
            ends = gaps.Ends(
                message["device"], first, one["sequence"], one["boot"], one["time"], one["seconds"]
            )
            count += gaps.between(before, ends, head["first"])
            before = ends
    return count + head["last"] - (before.sequence if before else head["first"] - 1)


def make(
    out: Path,
    document: dict[str, Any],
    old: Path | None,
    counted: tuple[list[list[int]], list[list[int]]] | None,
) -> dict[str, Any]:
    """Write the new gateway's files into `out`: site.json and the registers. old: the folder of
    the old one, whose registers go on; counted: what its points (as restore_point has them) and
    its loads have counted, instead of its registers. Returns what the registers are then: `points`
    and `loads`, import and export, J."""
    names = (*(() if counted else _REGISTERS), *_AS_IT_IS, _PROFILES)
    with _copy(old, names) as place:
        points, loads = counted or (None, None)
        given = {"site": document, "points": points, "loads": loads}
        made = json.loads(_run("make_registers", given, place)[-1])
        if made["errors"]:
            raise UserError(
                f"{old}: its registers cannot be read ({', '.join(made['errors'])}): take the "
                "counters from the collector's file, HISTORY=history.db, without FLASH"
            )
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        (place / "site.json").write_text(text, encoding="utf-8", newline="")
        shutil.copytree(place, out, dirs_exist_ok=True)
    return made


@contextmanager
def _copy(folder: Path | None, names: tuple[str, ...]) -> Iterator[Path]:
    """A folder of its own with these files of another one."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for one in names if folder else ():
            source = folder / one
            if source.is_dir():
                shutil.copytree(source, place / one)
            elif source.exists():
                shutil.copy(source, place / one)
        yield place


def _run(script: str, given: dict[str, Any], place: Path) -> list[str]:
    done = interpreter.run(
        [_DEVICE / f"{script}.py"],
        heap=_HEAP,
        path=MODULE_PATH,
        stdin=None,
        input=json.dumps(given, ensure_ascii=False),
        encoding="utf-8",
        cwd=place,
        timeout=_PATIENCE_S,
    )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise UserError(f"the site document: {said[-1] if said else 'refused'}")
    return lines
