"""One fault, as its text says it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NoReturn

from gateway_host.errors import UserError


@dataclass(frozen=True)
class Fault:
    """One fault: from `start` to `end`, µs since the simulation began.

    target: a serial number, "head", "gateway", "b-module" or ""; values: by the names of the
    verb's options.
    """

    verb: str
    target: str = ""
    input: str = ""
    start: float = 0.0
    end: float = math.inf
    values: dict[str, float] = field(default_factory=dict)
    text: str = ""

    def fail(self, problem: str) -> NoReturn:
        """UserError about this fault."""
        raise UserError(f'faults: "{self.text}": {problem}')
