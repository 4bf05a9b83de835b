"""Counts the instructions of the firmware's viper functions on the devices' instruction sets.

    count("xtensa", "firmware/measure/kernel.py", "accumulate", [0, references, references, ...])

"xtensa" (ESP32, -S2, -S3) interprets mpy-cross's machine code here, instruction by instruction,
with every access checked; it needs nothing but mpy-cross. "rv32" (ESP32-C3, -C6) runs the real
MicroPython under QEMU, which `rv32_build.py` builds at the first use. Both execute what mpy-cross
writes, as on a device whose modules are precompiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.instructions.counts import Argument, Counts

TARGETS = ("xtensa", "rv32")


def count(target: str, module: str | Path, function: str, arguments: Sequence[Argument]) -> Counts:
    """Call `function` of `module` once on `target`; the arguments themselves stay as they are.

    module: the source, for xtensa also a .mpy made with -march=xtensawin.
    Raises UserError: unknown target or function, code that does not compile or does what is not
    allowed (an access outside the buffers, or not aligned), missing tools (with the remedy).
    """
    module = Path(module)
    if not module.is_file():
        raise UserError(f"{module}: no such file; name a module of the firmware")
    if target == "xtensa":
        from gateway_host.instructions import xtensa

        return xtensa.count(module, function, arguments)
    if target == "rv32":
        from gateway_host.instructions import rv32

        return rv32.count(module, function, arguments)
    raise UserError(f"unknown target {target!r}; known: {', '.join(TARGETS)}")
