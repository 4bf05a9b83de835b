"""A recording as it was read: channels of samples in V and A, and what must be said of them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .names import Phase

SIDES = ("primary", "secondary")


@dataclass(frozen=True)
class Channel:
    """An analog channel: kind "V", "A" or "" (neither); phase: a Phase, "" for a residual or
    neutral one, None when it is not known.

    ratio: of its transformer, primary over secondary; stored: samples as the file has them, V or
    A, NaN where one is missing; `primary` says on which side of the transformer those are.
    """

    name: str
    kind: str
    phase: Phase | str | None
    ratio: float
    primary: bool
    stored: np.ndarray

    def samples(self, side: str) -> np.ndarray:
        """V or A on the "primary" or the "secondary" side of the transformer."""
        if (side == "primary") == self.primary:
            return self.stored
        return self.stored * self.ratio if side == "primary" else self.stored / self.ratio

    def peak(self, side: str) -> float:
        """The largest absolute value on that side; 0 when every sample is missing."""
        return float(np.nanmax(np.abs(self.samples(side)), initial=0.0))

    def nearest_zero(self) -> float:
        """The least that all samples are away from zero, on one side of it, as the file has them;
        0 where they lie on both, or are all missing.
        """
        there = self.stored[np.isfinite(self.stored)]
        return float(max(there.min(), -there.max(), 0.0)) if len(there) else 0.0


@dataclass(frozen=True)
class Waveform:
    """Channels with samples at `rate` (per second), all of the same length.

    frequency: nominal as the file states it, Hz, or None; trigger: s from the first sample to the
    recorder's trigger, or None when the file does not say; notes: what people must know of the
    reading.
    """

    path: Path
    station: str
    frequency: float | None
    rate: float
    channels: list[Channel]
    trigger: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def samples(self) -> int:
        """Of each channel."""
        return len(self.channels[0].stored)

    def channel(self, name: str, kind: str = "") -> Channel | None:
        """The first channel of that name, which may have a unit behind it; of `kind` where there
        are several.
        """
        bare = re.sub(r"\s*[\[(][^\])]*[\])]\s*$|[/_\s][kmu]?[VA]\s*$", "", name)
        for wanted in (name.strip(), bare.strip()):
            found = [channel for channel in self.channels if channel.name == wanted]
            if found:
                return next((channel for channel in found if channel.kind == kind), found[0])
        return None
