"""What each Xtensa instruction does to a core: `step_of` turns one into a function to call.

After the Xtensa Instruction Set Architecture reference manual, chapter 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gateway_host.errors import UserError
from gateway_host.instructions.xtensa_decode import Instruction

END = -1
"""Where the function's return goes."""
WORD = 0xFFFFFFFF
SIGN = 0x80000000


class Core(Protocol):
    """What instructions act on: 16 registers (0 to WORD), the shift amount, memory, callees."""

    registers: list[int]
    shift: int

    def load(self, address: int, size: int) -> int: ...
    def store(self, address: int, size: int, value: int) -> None: ...
    def interpreter(self, address: int) -> None: ...
    def fault(self, what: str) -> UserError: ...


def signed(word: int) -> int:
    """A 32-bit word as a signed number."""
    return (word ^ SIGN) - SIGN


_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "beq": lambda a, b: a == b,
    "bne": lambda a, b: a != b,
    "blt": lambda a, b: a ^ SIGN < b ^ SIGN,
    "bge": lambda a, b: a ^ SIGN >= b ^ SIGN,
    "bltu": lambda a, b: a < b,
    "bgeu": lambda a, b: a >= b,
    "bany": lambda a, b: a & b != 0,
    "bnone": lambda a, b: a & b == 0,
    "ball": lambda a, b: a & b == b,
    "bnall": lambda a, b: a & b != b,
    "bbs": lambda a, b: a >> (b & 31) & 1 == 1,
    "bbc": lambda a, b: a >> (b & 31) & 1 == 0,
}
_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "addx2": lambda a, b: 2 * a + b,
    "addx4": lambda a, b: 4 * a + b,
    "addx8": lambda a, b: 8 * a + b,
    "sub": lambda a, b: a - b,
    "subx2": lambda a, b: 2 * a - b,
    "subx4": lambda a, b: 4 * a - b,
    "subx8": lambda a, b: 8 * a - b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "mull": lambda a, b: a * b,
    "slli": lambda a, b: a << b,
    "srli": lambda a, b: a >> b,
    "srai": lambda a, b: signed(a) >> b,
}
_WITH_IMMEDIATE = {"addi": "add", "addmi": "add", "addi.n": "add"}
_WITH_IMMEDIATE |= {"slli": "slli", "srli": "srli", "srai": "srai"}
_LOADS = {"l8ui": 1, "l16ui": 2, "l16si": -2, "l32i": 4, "l32i.n": 4}
_STORES = {"s8i": 1, "s16i": 2, "s32i": 4, "s32i.n": 4}


def step_of(machine: Core, instruction: Instruction) -> Callable[[], int]:
    """A function that executes the instruction and returns where to go on."""
    name, o = instruction.name, instruction.operands
    regs = machine.registers
    after = instruction.address + instruction.length
    if name in _LOADS or name in _STORES:
        return _transfer(machine, name, o, after)
    if name.removesuffix(".n") in _COMPUTE and len(o) == 3 and name not in _WITH_IMMEDIATE:
        compute = _COMPUTE[name.removesuffix(".n")]

        def step():
            regs[o[0]] = compute(regs[o[1]], regs[o[2]]) & WORD
            return after
    elif name in _WITH_IMMEDIATE:
        compute = _COMPUTE[_WITH_IMMEDIATE[name]]

        def step():
            regs[o[0]] = compute(regs[o[1]], o[2]) & WORD
            return after
    elif name in _HOLDS:
        holds = _HOLDS[name]

        def step():
            return o[2] if holds(regs[o[0]], regs[o[1]]) else after
    elif name[:3] in ("beq", "bne", "blt", "bge", "bbc", "bbs") and name[3:] in (
        "z",
        "z.n",
        "i",
    ):
        holds = _HOLDS[name[:3]]
        other = o[1] & WORD if name.endswith("i") else 0

        def step():
            return o[-1] if holds(regs[o[0]], other) else after
    else:
        return _special(machine, name, o, after)
    return step


def _transfer(machine: Core, name: str, o: tuple[int, ...], after: int) -> Callable[[], int]:
    regs = machine.registers
    size = _LOADS.get(name) or _STORES[name]
    if name in _STORES:

        def step():
            machine.store(regs[o[1]] + o[2] & WORD, size, regs[o[0]])
            return after
    elif size > 0:

        def step():
            regs[o[0]] = machine.load(regs[o[1]] + o[2] & WORD, size)
            return after
    else:

        def step():
            value = machine.load(regs[o[1]] + o[2] & WORD, -size)
            regs[o[0]] = ((value ^ 0x8000) - 0x8000) & WORD
            return after

    return step


def _special(machine: Core, name: str, o: tuple[int, ...], after: int) -> Callable[[], int]:
    regs = machine.registers

    def step():
        to = after
        if name in ("mov.n", "neg", "abs"):
            value = regs[o[1]]
            negative = name == "neg" or (name == "abs" and value >= SIGN)
            regs[o[0]] = (-value if negative else value) & WORD
        elif name in ("movi", "movi.n"):
            regs[o[0]] = o[1] & WORD
        elif name == "l32r":
            regs[o[0]] = machine.load(o[1], 4)
        elif name == "ssr":
            machine.shift = regs[o[0]] & 31
        elif name == "ssl":
            machine.shift = 32 - (regs[o[0]] & 31)
        elif name == "ssai":
            machine.shift = o[0]
        elif name == "sll":
            regs[o[0]] = regs[o[1]] << 32 - machine.shift & WORD
        elif name == "srl":
            regs[o[0]] = regs[o[1]] >> machine.shift
        elif name == "sra":
            regs[o[0]] = signed(regs[o[1]]) >> machine.shift & WORD
        elif name == "src":
            regs[o[0]] = (regs[o[1]] << 32 | regs[o[2]]) >> machine.shift & WORD
        elif name == "extui":
            regs[o[0]] = regs[o[1]] >> o[2] & (1 << o[3]) - 1
        elif name == "j":
            to = o[0]
        elif name == "jx":
            to = regs[o[0]]
        elif name == "entry":
            regs[o[0]] -= o[1]
        elif name == "callx8":
            machine.interpreter(regs[o[0]])
        elif name in ("retw", "retw.n"):
            to = END
        elif name != "nop.n":
            raise machine.fault(f"instruction {name}, which is not executed here")
        return to

    return step
