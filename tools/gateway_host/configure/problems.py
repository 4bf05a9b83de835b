"""What is said about a plan, without words: a key of text.toml, and what it is filled in with.

Owns the two kinds: what is refused, and what is said beside a result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """path: the field of the plan, such as load[2].breaker; key: in text.toml."""

    path: str
    key: str
    values: dict[str, Any] = field(default_factory=dict)


class PlanError(ValueError):
    """The plan cannot be built; `problems` has everything that is wrong in it."""

    def __init__(self, problems: list[Message]):
        super().__init__(", ".join(f"{one.path}: {one.key}" for one in problems))
        self.problems = problems


def refuse(path: str, key: str, **values: Any) -> PlanError:
    """The error with one problem."""
    return PlanError([Message(path, key, values)])
