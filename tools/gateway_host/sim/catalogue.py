"""What can be installed: current transformers, measuring nodes, wiring schemes (docs/a-bus.md,
section 2).
"""

import math
from dataclasses import dataclass

SAMPLE_RATE = 3200  # samples per second of every channel
BLOCK = 64  # samples in a block
FULL_SCALE = 32767  # counts
VOLT_PER_COUNT = 0.015
MAX_POINTS = 28
MAX_NODES = 29  # besides the head: the addresses 2 to 30

RATED_AMPERE = {
    "AC-CT-50A": 50.0,
    "AC-CT-S-50A": 50.0,
    "AC-CT-100A": 100.0,
    "AC-CT-200A": 200.0,
    "AC-CT-400A": 400.0,
    "AC-RSCT-4CM": 400.0,
    "AC-RSCT-12CM": 1600.0,
    "AC-RSCT-19CM": 4000.0,
    "AC-RSCT-30CM": 10000.0,
    "SOLID-CORE": 80.0,
}

HEAD_TYPES = (5400, 5020)
HUB_TYPES = (5500, 5520)
SOLID_CORE_TYPE = 5600

PHASES = ("L1", "L2", "L3")
ROLES = ("grid", "solar", "battery", "circuit")


def ampere_per_count(ct: str) -> float:
    """A for each count of a sample: 32767 is 1.5 x sqrt(2) x the rated current, peak."""
    return 1.5 * math.sqrt(2.0) * RATED_AMPERE[ct] / FULL_SCALE


@dataclass(frozen=True)
class Scheme:
    """A wiring scheme: the angle of each phase that exists (degrees) and its nominal voltage (V
    rms).

    ends: what a circuit configured as a phase lies between: (line, None) to the neutral, or two
    lines, with the CT on the first. `delta` schemes have no neutral.
    """

    volt: float
    angles: tuple[float, ...]
    ends: dict[str, tuple[int, int | None]]

    @property
    def delta(self) -> bool:
        """Whether there is no neutral."""
        return all(end is not None for _, end in self.ends.values())


_THREE = (0.0, -120.0, 120.0)
_STAR = {"L1": (0, None), "L2": (1, None), "L3": (2, None)}
_DELTA = {"L1": (0, 2), "L2": (1, 2), "L3": (0, 1)}
_SPLIT = {"L1": (0, None), "L2": (1, None), "L1-L2": (0, 1)}
SCHEMES = {
    "1x230": Scheme(230.0, (0.0,), {"L1": (0, None)}),
    "3x400+N": Scheme(230.0, _THREE, _STAR),
    "3x230": Scheme(230.0 / math.sqrt(3.0), _THREE, _DELTA),
    "2x120/240": Scheme(120.0, (0.0, 180.0), _SPLIT),
    "3x120/208": Scheme(120.0, _THREE, _STAR),
    "3x277/480": Scheme(277.0, _THREE, _STAR),
    "3x347/600": Scheme(347.0, _THREE, _STAR),
}


def serial_parts(serial: str) -> tuple[int, int]:
    """(type, number) of a serial number such as "5500000190"; ValueError if it is not one."""
    if len(serial) != 10 or not serial.isascii() or not serial.isdigit():
        raise ValueError(f"{serial!r} is not a serial number of 10 digits")
    return int(serial[:4]), int(serial[4:])


def inputs_of(node_type: int) -> str:
    """The letters of a node's inputs; empty when the type does not measure current."""
    if node_type in HUB_TYPES:
        return "ABCD"
    return "ABC" if node_type == SOLID_CORE_TYPE else ""
