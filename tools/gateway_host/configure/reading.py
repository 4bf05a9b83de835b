"""A plan out of its tables (TOML or JSON). Owns the shape of a plan's file."""

from __future__ import annotations

import json
import re
import tomllib
import uuid
from pathlib import Path
from typing import Any

from gateway_host import zones
from gateway_host.errors import UserError

from .catalogue import (
    B_BUS_M,
    CTS,
    DIAMETERS,
    GATEWAYS,
    LINKS,
    NORTH_AMERICAN,
    ROGOWSKI,
    ROLES,
    SCHEMES,
    SPLIT_CORE,
    TRANSFORMED,
    connections,
    volts,
)
from .catalogue import BUILT_IN as SOLID
from .fields import Table
from .plan import Board, DigitalInput, Load, Output, Plan, identity_of
from .problems import Message, PlanError

AUTO = "auto"
BUSBAR = "busbar"  # or several wires in parallel, in place of a cross-section
KINDS = (AUTO, SPLIT_CORE, SOLID, ROGOWSKI)
INVERTERS = ("string", "hybrid")
POWER_BOXES = ("a-bus", "modbus")
MOUNTINGS = ("din", "wall")
UNITS = ("kWh", "Wh", "m3", "l")
_MAX_LOADS = 64
_MAX_AMPERES = 10000
_MAX_A_M = 95  # from the gateway: the hubs of a board always have room on the A-bus


def read_file(path: Path) -> dict[str, Any]:
    """The tables of a plan's file: TOML, or JSON where its name ends so. UserError where it
    cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8")
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror or error}); give the path of a plan"
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8; save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}:{error.lineno}: not JSON: {error.msg}") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from None


def read(tables: Any) -> Plan:
    """The plan. PlanError with everything that is wrong in it; where the scheme is not known, the
    loads are not judged."""
    problems: list[Message] = []
    top = Table("", tables, problems)
    scheme = top.choice("scheme", tuple(SCHEMES))
    if problems:
        raise PlanError(problems)
    plan = _read(top, scheme)
    top.finish()
    if problems:
        raise PlanError(problems)
    return plan


def _read(top: Table, scheme: str) -> Plan:
    name = top.name(())
    breaker = top.number("breaker", 1, _MAX_AMPERES)
    gateway = top.table("gateway")
    boards = _boards(top.tables("board"))
    names = [board.name for board in boards]
    digital: list[str] = []
    american = scheme in NORTH_AMERICAN
    usual = TRANSFORMED.get(scheme, 1.0)
    modbus = gateway.choice("power_box", POWER_BOXES, POWER_BOXES[0]) == "modbus"
    plan = Plan(
        name=name,
        scheme=scheme,
        breaker=breaker,
        frequency=int(top.choice("frequency", ("50", "60"), "60" if american else "50")),
        timezone=_zone(top),
        identity=_identity(top, name),
        location=int(top.number("location", 0, 2**31 - 1, 1)),
        voltage_ratio=top.number("voltage_ratio", 0.01, 1000, usual),
        gateway=gateway.choice("kind", (AUTO, *GATEWAYS), AUTO),
        internet=gateway.choice("internet", LINKS, LINKS[0]),
        gateway_distance=gateway.number("distance", 0, B_BUS_M if modbus else _MAX_A_M, 0.4),
        modbus=modbus,
        mounting=gateway.choice("mounting", MOUNTINGS, MOUNTINGS[0]),
        boards=tuple(boards),
        loads=tuple(_loads(top, names, scheme, breaker)),
        inputs=tuple(_input(table, names, digital) for table in top.tables("input")),
        outputs=tuple(_output(table, names, digital) for table in top.tables("output")),
        serials=_serials(top),
    )
    gateway.finish()
    return plan


def _zone(top: Table) -> str:
    name = top.text("timezone", "Etc/UTC")
    is_name = re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", name)
    if not is_name or (zones.rule(name) is None and zones.are_there()):
        top.note("timezone", "zone", name=name)
    return name


def _identity(top: Table, name: str) -> str:
    text = top.text("uuid", identity_of(name))
    try:
        return str(uuid.UUID(text))
    except ValueError:
        top.note("uuid", "uuid")
        return ""


def _serials(top: Table) -> dict[str, str]:
    """Which device each belongs to is seen when there are devices (numbers.py)."""
    table = top.table("serials")
    found = {}
    for name, serial in table.items().items():
        if isinstance(serial, str) and len(serial) == 10 and serial.isascii() and serial.isdigit():
            found[name] = serial
        elif serial:
            table.note(name, "serial")
    return found


def _boards(tables: list[Table]) -> list[Board]:
    boards: list[Board] = []
    for table in tables:
        boards.append(
            Board(
                table.name([board.name for board in boards]),
                table.number("distance", 0, 500, 0.0),
                table.choice("cts", (SPLIT_CORE, SOLID), SPLIT_CORE) == SOLID,
                table.flag("short_leads"),
            )
        )
        table.finish()
    return boards or [Board("Board")]


def _loads(top: Table, boards: list[str], scheme: str, main: float) -> list[Load]:
    loads: list[Load] = []
    tables = top.tables("load")
    if top.is_empty("load"):
        top.note("load", "no_loads")
    if len(tables) > _MAX_LOADS:
        top.note("load", "many_loads", most=_MAX_LOADS, count=len(tables))
    for table in tables:
        load = _load(table, loads, boards, scheme, main)
        if load.role == "grid" and any(other.role == "grid" for other in loads):
            table.note("role", "second_grid")
        loads.append(load)
        table.finish()
    _parents(top, loads)
    return loads


def _load(table: Table, earlier: list[Load], boards: list[str], scheme: str, main: float) -> Load:
    name = table.name([load.name for load in earlier])
    role = table.choice("role", ROLES, "circuit")
    known = tuple(connections(scheme))
    phases = table.choice("phases", known, known[-1] if role == "grid" else known[0])
    if role == "grid" and phases != known[-1]:
        table.note("phases", "part_of_grid", all=known[-1], scheme=scheme)
    hybrid = False
    if role in ("solar", "battery"):
        hybrid = table.choice("inverter", INVERTERS, INVERTERS[0]) == "hybrid"
    cable = table.choice("cable", [*(f"{size:g}" for size in DIAMETERS), BUSBAR], "")
    return Load(
        name=name,
        role="battery" if hybrid else role,
        phases=phases,
        amperes=_amperes(table, role, volts(scheme, phases), main),
        cable=float(cable) if cable not in ("", BUSBAR) else None,
        busbar=cable == BUSBAR,
        board=_board(table, boards),
        ct=table.choice("ct", KINDS + tuple(ct.article for ct in CTS), AUTO),
        hybrid=hybrid,
        parent=table.text("parent", "") or None,
    )


def _amperes(table: Table, role: str, watts_per_ampere: float, main: float) -> float:
    """The breaker's current, or what the power takes; of the grid the main breaker's."""
    if table.has("power"):
        if table.has("breaker"):
            table.note("power", "breaker_and_power")
        return table.number("power", 0.001, 10000) * 1000 / watts_per_ampere
    if role == "grid":
        return table.number("breaker", 0.1, _MAX_AMPERES, main)
    if not table.has("breaker"):
        table.note("breaker", "no_current")
        return 0.0
    return table.number("breaker", 0.1, _MAX_AMPERES)


def _board(table: Table, boards: list[str]) -> int:
    """The index of the table's board; the first one where it names none."""
    if not table.has("board"):
        return 0
    known = boards or ["Board"]
    return known.index(table.choice("board", known, known[0]))


def _parents(top: Table, loads: list[Load]) -> None:
    by_name = {load.name: load for load in loads}
    for k, load in enumerate(loads):
        if load.parent and load.role == "grid":
            top.note(f"load[{k}].parent", "parent_of_grid")
            continue
        seen, one = {load.name}, load
        while one.parent:
            if one.parent not in by_name:
                top.note(f"load[{k}].parent", "no_parent", name=one.parent)
                break
            if by_name[one.parent].role != "circuit":
                top.note(f"load[{k}].parent", "parent_no_circuit", name=one.parent)
                break
            if one.parent in seen:
                top.note(f"load[{k}].parent", "own_parent", name=one.parent)
                break
            seen.add(one.parent)
            one = by_name[one.parent]


def _input(table: Table, boards: list[str], names: list[str]) -> DigitalInput:
    name = table.name(names)
    names.append(name)
    mode = table.choice("mode", ("pulse", "state"), "state")
    site: dict[str, Any] = {"name": name, "mode": mode}
    if site["mode"] == "pulse":
        site["unit"] = table.choice("unit", UNITS)
        site["per_pulse"] = table.number("per_pulse", 0.000001, 10000)
    board = _board(table, boards)
    table.finish()
    return DigitalInput(name, board, site)


def _output(table: Table, boards: list[str], names: list[str]) -> Output:
    name = table.name(names)
    names.append(name)
    site = {
        "name": name,
        "contact": table.choice("contact", ("NO", "NC"), "NO"),
        "fail_safe": table.choice("fail_safe", ("off", "on", "keep"), "off"),
    }
    amperes, board = table.number("amperes", 0, 1000, 0.0), _board(table, boards)
    table.finish()
    return Output(name, board, amperes, site)
