"""What is counted, and of which arguments."""

from __future__ import annotations

from dataclasses import dataclass, field

Argument = int | bytes | bytearray
"""What a function is called with: an integer, or a buffer (the same object twice = one buffer)."""


@dataclass
class Counts:
    """What a call took, and what it left behind.

    target, function: what was run.
    instructions: executed by the call. xtensa: the function's own code, without what its `calls`
        do. rv32: with that, less what an empty viper function with the same arguments takes.
    whole: rv32 only: the call with the interpreter's part (its arguments' conversion).
    calls: xtensa only: how often the code called each of the interpreter's functions.
    buffers: the contents of each argument after the call, None where it is an integer.
    returned: the value returned; None when there is none.
    heat: xtensa only: (times, offset and instruction) in the order of the code.
    """

    target: str
    function: str
    instructions: int
    buffers: list[bytes | None]
    returned: int | None = None
    whole: int | None = None
    calls: dict[str, int] = field(default_factory=dict)
    heat: list[tuple[int, str]] = field(default_factory=list)
