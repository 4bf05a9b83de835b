"""Decoding of the Xtensa instructions that MicroPython's emitter writes, and near relatives.

After the Xtensa Instruction Set Architecture reference manual, chapter 7; little-endian, with the
code density, windowed register, 32-bit multiply and extended shift options of the ESP32. Anything
else is refused, never skipped.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway_host.errors import UserError


class Instruction(NamedTuple):
    """operands: registers, immediates, and the addresses that branches and l32r point to."""

    address: int
    length: int
    name: str
    operands: tuple[int, ...]

    @property
    def text(self) -> str:
        """As GNU objdump writes it, numbers in decimal and addresses in hexadecimal."""
        kinds = FORMS[self.name]
        words = [_WRITE[kind](value) for kind, value in zip(kinds, self.operands, strict=True)]
        return f"{self.name} {', '.join(words)}".strip()


_WRITE = {"r": "a{}".format, "i": str, "l": "0x{:x}".format}

_BRANCH_ZERO = ("beqz", "bnez", "bltz", "bgez")
_BRANCH_IMMEDIATE = ("beqi", "bnei", "blti", "bgei")
_BRANCH = {0: "bnone", 1: "beq", 2: "blt", 3: "bltu", 4: "ball", 5: "bbc"}
_BRANCH |= {8: "bany", 9: "bne", 10: "bge", 11: "bgeu", 12: "bnall", 13: "bbs"}
_RRR = {0x10: "and", 0x20: "or", 0x30: "xor", 0x80: "add", 0x90: "addx2", 0xA0: "addx4"}
_RRR |= {0xB0: "addx8", 0xC0: "sub", 0xD0: "subx2", 0xE0: "subx4", 0xF0: "subx8"}
_RRR |= {0x81: "src", 0x82: "mull"}
_LOAD_STORE = {0: ("l8ui", 0), 1: ("l16ui", 1), 2: ("l32i", 2), 4: ("s8i", 0), 5: ("s16i", 1)}
_LOAD_STORE |= {6: ("s32i", 2), 9: ("l16si", 1)}
_CALLX = ("callx0", "callx4", "callx8", "callx12")
_CONSTANTS = (-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256)

FORMS = {
    **dict.fromkeys(_RRR.values(), "rrr"),
    **dict.fromkeys([name for name, _ in _LOAD_STORE.values()], "rri"),
    **dict.fromkeys(_BRANCH_ZERO, "rl"),
    **dict.fromkeys(_BRANCH_IMMEDIATE, "ril"),
    **dict.fromkeys(_BRANCH.values(), "rrl"),
    **dict.fromkeys(_CALLX, "r"),
    **{"bbci": "ril", "bbsi": "ril", "neg": "rr", "abs": "rr", "extui": "rrii", "j": "l"},
    **{"slli": "rri", "srai": "rri", "srli": "rri", "srl": "rr", "sll": "rr", "sra": "rr"},
    **{"ssr": "r", "ssl": "r", "ssai": "i", "jx": "r", "retw": "", "l32r": "rl"},
    **{"movi": "ri", "addi": "rri", "addmi": "rri", "entry": "ri", "l32i.n": "rri"},
    **{"s32i.n": "rri", "add.n": "rrr", "addi.n": "rri", "movi.n": "ri", "mov.n": "rr"},
    **{"beqz.n": "rl", "bnez.n": "rl", "retw.n": "", "nop.n": ""},
}
"""Every name that can be decoded, and its operands: r register, i immediate, l address."""


def decode(code: bytes, offset: int, address: int) -> Instruction:
    """What is at code[offset], which lies at `address`. Raises UserError when it is unknown."""
    narrow = code[offset] & 8
    word = int.from_bytes(code[offset : offset + (2 if narrow else 3)], "little")
    op0, t, s, r = word & 15, word >> 4 & 15, word >> 8 & 15, word >> 12 & 15
    if narrow:
        found = _narrow(op0, t, s, r, address)
    elif op0 == 0:
        found = _registers(word >> 16 & 15, word >> 20, t, s, r)
    elif op0 == 1:
        target = (address + 3 & ~3) + (word >> 8 << 2) - (1 << 18)
        found = "l32r", (t, target)
    elif op0 == 2:
        found = _memory(word >> 16, t, s, r)
    elif op0 in (6, 7):
        found = _jump(word, op0, t, s, r, address)
    else:
        found = None
    if not found:
        raise UserError(
            f"xtensa instruction {word:0{4 if narrow else 6}x} at {address:#x} is not known here; "
            "add it to instructions/xtensa_decode.py and xtensa.py"
        )
    return Instruction(address, 2 if narrow else 3, *found)


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> bits - 1 else value


def _registers(op1: int, op2: int, t: int, s: int, r: int):
    if op1 in (4, 5):
        return "extui", (r, t, (op1 & 1) << 4 | s, op2 + 1)
    name = _RRR.get(op2 << 4 | op1)
    if name:
        return name, (r, s, t)
    if op1 == 0:
        if op2 == 0 and r == 0:
            if t >> 2 == 3:
                return _CALLX[t & 3], (s,)
            return {9: ("retw", ()), 10: ("jx", (s,))}.get(t)
        if op2 == 4:
            return {0: ("ssr", (s,)), 1: ("ssl", (s,)), 4: ("ssai", ((t & 1) << 4 | s,))}.get(r)
        if op2 == 6 and s in (0, 1):
            return ("neg", "abs")[s], (r, t)
    if op1 == 1:
        if op2 in (0, 1):
            return "slli", (r, s, 32 - ((op2 & 1) << 4 | t))
        if op2 in (2, 3):
            return "srai", (r, t, (op2 & 1) << 4 | s)
        known = {4: ("srli", (r, t, s)), 9: ("srl", (r, t)), 10: ("sll", (r, s))}
        return (known | {11: ("sra", (r, t))}).get(op2)
    return None


def _memory(imm8: int, t: int, s: int, r: int):
    if r in _LOAD_STORE:
        name, scale = _LOAD_STORE[r]
        return name, (t, s, imm8 << scale)
    if r == 10:
        return "movi", (t, _signed(s << 8 | imm8, 12))
    if r == 12:
        return "addi", (t, s, _signed(imm8, 8))
    if r == 13:
        return "addmi", (t, s, _signed(imm8, 8) << 8)
    return None


def _jump(word: int, op0: int, t: int, s: int, r: int, address: int):
    near = address + 4 + _signed(word >> 16, 8)
    if op0 == 7:
        if r in _BRANCH:
            return _BRANCH[r], (s, t, near)
        return ("bbci", "bbsi")[r >> 3], (s, (r & 1) << 4 | t, near)
    kind, which = t & 3, t >> 2
    if kind == 0:
        return "j", (address + 4 + _signed(word >> 6, 18),)
    if kind == 1:
        return _BRANCH_ZERO[which], (s, address + 4 + _signed(word >> 12, 12))
    if kind == 2:
        return _BRANCH_IMMEDIATE[which], (s, _CONSTANTS[r], near)
    if which == 0:
        return "entry", (s, word >> 12 << 3)
    return None


def _narrow(op0: int, t: int, s: int, r: int, address: int):
    if op0 in (8, 9):
        return ("l32i.n", "s32i.n")[op0 - 8], (t, s, r << 2)
    if op0 == 10:
        return "add.n", (r, s, t)
    if op0 == 11:
        return "addi.n", (r, s, t or -1)
    if op0 == 12:
        if t < 8:
            value = t << 4 | r
            return "movi.n", (s, value - 128 if value >= 96 else value)
        return ("beqz.n", "bnez.n")[t >> 2 & 1], (s, address + 4 + ((t & 3) << 4 | r))
    if r == 0:
        return "mov.n", (t, s)
    if r == 15:
        return {1: ("retw.n", ()), 3: ("nop.n", ())}.get(t)
    return None
