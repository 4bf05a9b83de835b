"""What a program may take of a gateway's flash and heap, and what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway_host import image, interpreter
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

# Of the 4,185 kB that Python has on a module with PSRAM: the rest is for what is measured.
HEAP_BYTES = 640 * 1024
_SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "image_heap.py"


@dataclass(frozen=True)
class Spent:
    """`what` takes so many bytes, and may take `budget`."""

    what: str
    used: int
    budget: int

    def __str__(self) -> str:
        share = 100 * self.used / self.budget
        return f"{self.used:>9,} bytes  {self.what}: {share:.0f} % of {self.budget:,}"


def spent(built: image.Image) -> Iterator[Spent]:
    """Of the flash, by that image; of the heap, by every module loaded from files. UserError where
    there is no interpreter with 32 bits."""
    # Half of the partition, so that a program may still become twice as large.
    room = image.partitions()["romfs"][1] // 2
    yield Spent("in romfs", built.romfs.stat().st_size, room)
    yield Spent("heap, loaded from files", program_heap(), HEAP_BYTES)


def program_heap() -> int:
    """Bytes of heap that the program takes when all of it was imported from files: in the
    interpreter whose objects have the device's size."""
    lib = image.host_image(32).parent / "files" / "lib"
    done = interpreter.run([_SCRIPT], bits=32, heap="8M", path=[lib, ".frozen"])
    try:
        return int(done.stdout)
    except ValueError:
        words = (done.stderr or done.stdout).strip().splitlines() or ["nothing was printed"]
        raise UserError(f"the program's heap was not measured: {words[-1]}") from None
