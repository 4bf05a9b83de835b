"""MicroPython on a simulated 32-bit RISC-V machine: QEMU's "virt" board, counting instructions.

The interpreter, built by `rv32_build.py`, has single-precision floats and 31-bit small integers,
as on the device, a heap of 1.5 MB, and no time, asyncio, or sockets. `run_rv32` runs any source
there; `count` measures one function.
"""

from __future__ import annotations

import ast
import base64
import selectors
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from gateway_host.errors import UserError
from gateway_host.instructions import mpy, rv32_build
from gateway_host.instructions.counts import Argument, Counts

ON_TARGET = Path(__file__).parent / "on_target"
_QEMU = "qemu-system-riscv32"
# One instruction a nanosecond of virtual time, which stops while the machine waits: the count does
# not depend on the host.
_MACHINE = ["-bios", "none", "-machine", "virt", "-nographic", "-monitor", "none"]
_MACHINE += ["-serial", "stdio", "-icount", "shift=0"]
_PARSING = threading.Lock()  # Python 3.11 fails where two threads parse at once (SystemError)
MEMORY = 0x84000000  # the second half of the machine's 128 MB


class TargetError(RuntimeError):
    """A program ended with an exception on the target; the text is its traceback."""


def run_rv32(
    source: str,
    *,
    path: Sequence[Path] = (),
    files: dict[str, bytes] | None = None,
    memory: bytes = b"",
    limit=120.0,
) -> str:
    """Run a program on the target and return what it printed.

    path: directories whose modules it may import (those it needs are found by reading its imports
    and theirs).
    files: more modules by their path (.py or .mpy); they come before those of `path`. memory: what
    the program finds at MEMORY, outside its heap, at most 64 MB. limit: seconds on the host.
    Raises TargetError with the traceback if the program fails, UserError if the target is not
    available.
    """
    interpreter = rv32_build.interpreter()
    held = dict(files or {})
    _gather(source, path, held)
    places, end = {}, len(memory)
    for name, content in held.items():
        places[name] = (MEMORY + end, len(content))
        end += len(content)
    parts = [f"_FILES = {places!r}\n", (ON_TARGET / "files.py").read_text()]
    command = [rv32_build.tool(_QEMU), *_MACHINE, "-kernel", str(interpreter)]
    with (
        tempfile.NamedTemporaryFile() as image,
        subprocess.Popen(
            command + _loaded(image, b"".join([memory, *held.values()])),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            link = _Link(process, time.monotonic() + limit)
            link.until(b">>> ")
            link.send(b"\x01")
            link.until(b"raw REPL; CTRL-B to exit\r\n>")
            link.execute("".join(parts))
            return link.execute(source)
        finally:
            process.kill()


def stubs(*names: str) -> dict[str, bytes]:
    """Of modules that the target has not: `files` for run_rv32."""
    return {f"{name}.py": (ON_TARGET / "stubs" / f"{name}.py").read_bytes() for name in names}


def _loaded(image: IO[bytes], memory: bytes) -> list[str]:
    """QEMU's options that put `memory` at MEMORY."""
    image.write(memory or b"\0")
    image.flush()
    return ["-device", f"loader,file={image.name},addr={MEMORY:#x},force-raw=on"]


def count(module: Path, function: str, arguments: Sequence[Argument]) -> Counts:
    """As `instructions.count`; what the module imports is taken from its own directory."""
    if module.suffix != ".py":
        raise UserError(f"{module}: for rv32 give the module's source (.py)")
    buffers = {id(a): a for a in arguments if not isinstance(a, int)}
    places = list(buffers)
    texts = [base64.b64encode(buffer).decode() for buffer in buffers.values()]
    call, parameters = [], []
    for i, argument in enumerate(arguments):
        number = isinstance(argument, int)
        call.append(str(argument) if number else f"_buffers[{places.index(id(argument))}]")
        parameters.append(f"a{i}: {'int' if number else 'ptr8'}")
    program = f"""{(ON_TARGET / "count.py").read_text()}
from binascii import a2b_base64
from {module.stem} import {function} as _function

@micropython.viper
def _nothing({", ".join(parameters)}):
    pass

_buffers = [bytearray(a2b_base64(text)) for text in {texts!r}]
count(_function, _nothing, [{", ".join(call)}])
"""
    held = {f"{module.stem}.mpy": mpy.compile_module(module, "rv32imc")}
    _gather(module.read_text(), [module.parent], held)
    try:
        lines = run_rv32(program, files=held).splitlines()
    except TargetError as error:
        raise UserError(f"{function} on rv32: {str(error).splitlines()[-1]}") from error
    whole, own = (int(word) for word in lines[0].split())
    return Counts(
        "rv32",
        function,
        own,
        [None if line == "-" else base64.b64decode(line) for line in lines[2:]],
        None if lines[1] == "None" else int(lines[1]),
        whole=whole,
    )


def _gather(source: str, path: Sequence[Path], held: dict[str, bytes]) -> None:
    """Add the modules of `path` that the source imports, and those that they import, to `held`."""
    wanted = []
    with _PARSING:
        tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            wanted += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            wanted += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    for name in (name.replace(".", "/") for name in wanted):
        for folder in path:
            file = Path(folder) / f"{name}.py"
            if file.is_file() and not {f"{name}.py", f"{name}.mpy"} & set(held):
                held[f"{name}.py"] = file.read_bytes()
                _gather(file.read_text(), path, held)


class _Link:
    """The raw REPL over the machine's serial line."""

    def __init__(self, process: subprocess.Popen, deadline: float):
        self._process = process
        self._deadline = deadline
        self._got = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(process.stdout, selectors.EVENT_READ)

    def send(self, data: bytes) -> None:
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def until(self, mark: bytes) -> bytes:
        """What comes before the mark. Raises UserError when it does not come in time."""
        while mark not in self._got:
            left = self._deadline - time.monotonic()
            if left <= 0 or not self._selector.select(left):
                raise UserError(f"rv32 target: no end in time; it said {bytes(self._got[-80:])!r}")
            data = self._process.stdout.read1(65536)
            if not data:
                raise UserError(f"rv32 target: {_QEMU} ended by itself; does it start by hand?")
            self._got += data
        before, _, after = bytes(self._got).partition(mark)
        self._got = bytearray(after)
        return before

    def execute(self, source: str) -> str:
        """Run a source text in the raw REPL; what it printed. Raises TargetError."""
        self.send(source.encode() + b"\x04")
        self.until(b"OK")
        out = self.until(b"\x04")
        error = self.until(b"\x04")
        self.until(b">")
        if error:
            raise TargetError(error.decode().replace("\r\n", "\n").strip())
        return out.decode().replace("\r\n", "\n")
