"""A line that misbehaves: faults of the A-bus as a text, reproducible by seed (docs/faults.md).

    faults = Faults.parse("ber=1e-5 seed=3; unplug 5500000191 at 10 for 5")
    installation = Installation(house, faults=faults)

This module owns the text; effects.py makes the faults happen.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NoReturn

from gateway_host.errors import UserError
from gateway_host.faults import effects
from gateway_host.faults.fault import Fault
from gateway_host.sim.catalogue import serial_parts
from gateway_host.sim.installation import Installation


@dataclass(frozen=True)
class Option:
    """A number of a fault, from `low` to `high`; `default` None: it must be given."""

    low: float
    high: float
    default: float | None = None
    whole: bool = False


@dataclass(frozen=True)
class Verb:
    """What a fault takes. target: "" nothing, "node" a serial number or head, "input" a node and
    an input, "new" what is added. A `settings` verb is written verb=number.
    """

    target: str = ""
    options: dict[str, Option] = field(default_factory=dict)
    settings: bool = False


_RATE = Option(0.0, 0.5)
_METRES = Option(0.0, 100.0, 0.0)
_SECONDS = {"at": Option(0.0, 1e7, 0.0), "for": Option(0.0, 1e7, math.inf)}
VERBS = {
    "ber": Verb(options={"ber": _RATE}, settings=True),
    "cut": Verb(options={"cut": _RATE}, settings=True),
    "double": Verb(options={"double": _RATE}, settings=True),
    "bursts": Verb(options={"rate": Option(0.0, 1e4), "mean": Option(1.0, 1e6, 300.0)}),
    "echo": Verb(),
    "unterminated": Verb(options={"rate": Option(0.0, 0.1, 5e-6)}),
    "babble": Verb("node", {"rate": Option(0.0, 1e4, 1.0), "bytes": Option(1, 1e4, 20.0)}),
    "late": Verb("node", {"by": Option(0.0, 1e6)}),
    "unplug": Verb("node"),
    "plug": Verb("node"),
    "restart": Verb("node"),
    "segment": Verb(options={"beyond": Option(0.0, 100.0)}),
    "twin": Verb("node", {"metres": _METRES}),
    "add": Verb(
        "new",
        {
            "metres": _METRES,
            "channels": Option(1, 4, 4, whole=True),
            "schedule": Option(1, 255, 200, whole=True),
            "every": Option(1e3, 1e7, 20_100.0),
            "searches": Option(0.0, 100.0, 0.0),
            "number": Option(0, 999_999, 1, whole=True),
        },
    ),
    "no-ct": Verb("input"),
    "open-ct": Verb("input", {"share": Option(0.001, 0.99, 0.005)}),
}
_STRANGERS = ("gateway", "b-module")
_TARGETS = {
    "node": "a node: its serial number, or head",
    "input": "a node and its input, such as 5500000190:A",
    "new": "a new serial number, gateway or b-module",
}


@dataclass(frozen=True)
class Faults:
    """Faults and the seed of all that is random in them."""

    faults: tuple[Fault, ...] = ()
    seed: int = 1

    @classmethod
    def parse(cls, text: str) -> Faults:
        """The faults of a text such as "ber=1e-5 seed=3; unplug 5500000191 at 10 for 5".

        UserError when it cannot be understood.
        """
        faults: list[Fault] = []
        seed = 1
        for clause in re.split(r"[;\n]", text):
            parser = _Clause(clause)
            faults += parser.faults()
            seed = parser.seed if parser.seed is not None else seed
        return cls(tuple(faults), seed)

    def attach(self, installation: Installation) -> None:
        """Makes the faults happen; before the installation's first byte.

        UserError when one names a node or a point that is not there.
        """
        effects.attach(self.faults, self.seed, installation)


class _Clause:
    """What stands between two semicolons."""

    def __init__(self, text: str) -> None:
        self.seed: int | None = None
        self._text = " ".join(text.split())
        self._words = text.split()

    def faults(self) -> list[Fault]:
        """The faults that the clause names: one, or several of the form verb=number."""
        found = []
        while self._words:
            name, equals, _ = self._words[0].partition("=")
            if name == "seed":
                _, value = self._pair({"seed": Option(0, 2**31, whole=True)})
                self.seed = int(value)
            elif name not in VERBS:
                known = ", ".join(VERBS)
                self._fail(f"{name!r} is not a fault; known are {known} and seed")
            else:
                found.append(self._fault(name, bool(equals)))
        return found

    def _fault(self, name: str, equals: bool) -> Fault:
        verb = VERBS[name]
        if verb.settings != equals:
            form = f"{name}=NUMBER" if verb.settings else f"{name} without '='"
            self._fail(f"write {form}")
        target = letter = ""
        if not verb.settings:
            self._words.pop(0)
        if verb.target:
            target, letter = self._target(verb.target)
        options = verb.options | _SECONDS
        values: dict[str, float] = {}
        while self._words:
            key = self._words[0].partition("=")[0]
            if key == "seed" or (key in VERBS and (key not in options or key in values)):
                break
            key, value = self._pair(options)
            if key in values:
                self._fail(f"{key!r} is there twice")
            values[key] = value
        for key, option in options.items():
            if key not in values:
                if option.default is None:
                    self._fail(f"{key!r} is missing; add {key}=NUMBER")
                values[key] = option.default
        start = values.pop("at") * 1e6
        end = start + values.pop("for") * 1e6
        return Fault(name, target, letter, start, end, values, self._text)

    def _target(self, kind: str) -> tuple[str, str]:
        word = self._words.pop(0) if self._words else ""
        serial, colon, letter = word.partition(":")
        if kind == "new" and word in _STRANGERS or kind == "node" and word == "head":
            return word, ""
        good = bool(colon) == (kind == "input") and letter in ("", "A", "B", "C", "D")
        if good and (letter or kind != "input"):
            try:
                serial_parts(serial)
            except ValueError:
                good = False
            else:
                return serial, letter
        self._fail(f"{word!r} is not {_TARGETS[kind]}" if word else f"name {_TARGETS[kind]}")

    def _pair(self, options: dict[str, Option]) -> tuple[str, float]:
        """The next "key=number" or "key number"."""
        key, equals, text = self._words.pop(0).partition("=")
        if key not in options:
            self._fail(f"{key!r} is not known here; known are {', '.join(options)}")
        if not equals:
            text = self._words.pop(0) if self._words else ""
        option = options[key]
        try:
            value = int(text) if option.whole else float(text)
        except ValueError:
            value = math.nan
        if not option.low <= value <= option.high:
            kind = "a whole number" if option.whole else "a number"
            self._fail(f"{key!r} must be {kind} from {option.low:g} to {option.high:g}")
        return key, value

    def _fail(self, problem: str) -> NoReturn:
        raise UserError(f'faults: "{self._text}": {problem}')
