"""What an installation is made of: where its waveforms come from."""

from typing import Protocol

import numpy as np

from .b_bus_house import BBus
from .house import NodeSettings, Point


class Source(Protocol):
    """Where samples come from: a House or a Recording."""

    head: NodeSettings
    nodes: list[NodeSettings]
    points: list[Point]
    first_sample: int
    seed: int
    b_bus: BBus
    ended_at: int | None  # sample number after the last one that can be served; None: never ends

    @property
    def channels(self) -> int:
        """3 voltages and the points."""
        ...

    @property
    def connected_phases(self) -> int:
        """Bit mask of the voltages that are connected to the head."""
        ...

    def site_json(self) -> dict:
        """site.json (docs/site.md)."""
        ...

    def waveforms(self, first_sample: int, count: int) -> np.ndarray:
        """int16 [channel, count] at the head's own instants."""
        ...

    def render(self, block: int, shifts: np.ndarray | None) -> np.ndarray:
        """int16 [channel, 64] of a block, each channel taken late by its shift in samples."""
        ...

    def lost(self, block: int) -> np.ndarray | None:
        """Of each channel whether it has no samples of this block; None: it has all."""
        ...
