"""A recording played through the nodes: used in place of a House (docs/house.md says how it is
mapped).
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .catalogue import BLOCK, SAMPLE_RATE
from .comtrade_file import ComtradeFile, read_comtrade
from .house import Site
from .recording_site import Mapped, default_mapping, mapping_of

RUN_IN_SECONDS = 4.0


@dataclass
class Recording(Site):
    """A site whose samples come from a file.

    The head's sample number `start_sample` (a multiple of 64) is the recording's sample 0;
    `samples` follow. Before it, from `first_sample` on, there is the run-in, in which nodes come
    in step. Every node gives the recording's samples as they are, whatever its clock is off.
    """

    file: ComtradeFile | None = None
    voltages: list[Mapped | None] = field(default_factory=list)
    currents: list[Mapped] = field(default_factory=list)
    start_sample: int = 0
    warm: bool = False

    def __post_init__(self) -> None:
        count = self.samples
        self._counts = np.zeros((self.channels, -(-count // BLOCK) * BLOCK), np.int16)
        for row, mapped in enumerate([*self.voltages, *self.currents]):
            if mapped is not None:
                self._counts[row, :count] = mapped.counts()

    @property
    def samples(self) -> int:
        """Samples of the recording that are played."""
        return self.file.samples

    @property
    def connected_phases(self) -> int:
        """Bit mask of the voltages that the recording has."""
        return sum(1 << phase for phase, mapped in enumerate(self.voltages) if mapped is not None)

    @property
    def trigger_sample(self) -> int:
        """The head's sample number at which the recorder was triggered."""
        return self.start_sample + self.file.trigger

    @property
    def ended_at(self) -> int:
        """The head's sample number after the last block that holds samples of the recording."""
        return self.start_sample + self._counts.shape[1]

    def info(self) -> dict:
        """What is played and on which side of which transformer, for people and reports."""
        return {
            "file": self.file.path.name,
            "station": self.file.station,
            "rate": SAMPLE_RATE,
            "samples": self.samples,
            "trigger": self.file.trigger,
            "voltages": [m.json() if m else None for m in self.voltages],
            "points": [m.json() for m in self.currents],
        }

    def waveforms(self, first_sample: int, count: int) -> np.ndarray:
        """int16 [channel, count] from the head's sample number `first_sample` on.

        0 before and after the recording; when `warm`, its first cycles repeated before it.
        """
        at = np.arange(first_sample, first_sample + count) - self.start_sample
        found = np.zeros((self.channels, count), np.int16)
        inside = (at >= 0) & (at < self._counts.shape[1])
        if self.warm:
            tenth = min(self.samples, SAMPLE_RATE // 10)
            cycles = max(1, round(tenth * self.frequency / SAMPLE_RATE))
            period = min(self.samples, round(cycles * SAMPLE_RATE / self.frequency))
            inside |= at < 0
            at = np.where(at < 0, at % period, at)
        found[:, inside] = self._counts[:, at[inside]]
        return found

    def render(self, block: int, shifts: np.ndarray | None) -> np.ndarray:
        """int16 [channel, 64] of a block; `shifts` are not applied."""
        return self.waveforms(block * BLOCK, BLOCK)


def load_recording(
    cfg_path: str | Path,
    site: str | Path | None = None,
    *,
    run_in: float = RUN_IN_SECONDS,
    warm: bool = False,
) -> Recording:
    """The COMTRADE recording `cfg_path`, mapped by the TOML file `site` or, without one, as it
    suggests itself.

    run_in: seconds before it begins, at least 2; warm: fill them with its first cycles instead of
    zeros, so that the gateway's frequency loop has locked. UserError when the recording or the
    site cannot be used.
    """
    file = read_comtrade(Path(cfg_path))
    mapping = mapping_of(file, Path(site)) if site else default_mapping(file)
    blocks = -(-round(max(2.0, run_in) * SAMPLE_RATE) // BLOCK)
    return Recording(
        **mapping,
        first_sample=0,
        file=file,
        start_sample=blocks * BLOCK,
        warm=warm,
    )
