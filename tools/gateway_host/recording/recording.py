"""A recording played through the nodes: used in place of a House (docs/replay.md says how it is
mapped).
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import UserError
from ..sim.catalogue import BLOCK, FULL_SCALE, SAMPLE_RATE
from ..sim.house import Site
from .inputs import Mapped
from .mapping import default_mapping, mapping_of
from .read import read_waveform
from .steady import CYCLES, LOWEST, Steady, find_frequency, fit_begin
from .waveform import Waveform

RUN_IN_SECONDS = 6.0

_MOST_WATT = 21e6  # of a report: docs/cloud.md
_SLIP_FROM, _SLIP_TO = -4.7, -1.2  # s: so slowly that the gateway follows, and settles after it


@dataclass
class Recording(Site):
    """A site whose samples come from a file.

    The head's sample number `start_sample` (a multiple of 64) is the recording's sample 0;
    `samples` follow. Before it, from `first_sample` on, there is the run-in, in which nodes come
    in step. Every node gives the recording's samples as they are, whatever its clock is off.

    slip: samples by which the mains are ahead 4.7 s before the recording, so that a window can be
    made to begin with it. notes: what was made of the channels.
    """

    file: Waveform | None = None
    voltages: list[Mapped | None] = field(default_factory=list)
    currents: list[Mapped] = field(default_factory=list)
    start_sample: int = 0
    warm: bool = False
    slip: float = 0.0
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        blocks = -(-self.samples // BLOCK)
        self._counts = np.zeros((self.channels, blocks * BLOCK), np.int16)
        missing = np.zeros((self.channels, blocks * BLOCK), bool)
        for row, mapped in enumerate([*self.voltages, *self.currents]):
            if mapped is not None:
                self._counts[row, : self.samples] = mapped.counts()
                missing[row, : self.samples] = mapped.missing()
        self._lost = missing.reshape(self.channels, blocks, BLOCK).any(axis=2)
        self.true_frequency = self._find_frequency()
        self._before = self._run_in() if self.warm else None
        self._never = missing[:, : int(CYCLES[0] * SAMPLE_RATE / LOWEST)].all(axis=1)

    def _find_frequency(self) -> float | None:
        """Hz at the recording's begin, or None when it has no mains there."""
        there = [m.channel.stored for m in self.voltages if m is not None]
        return find_frequency(np.array(there), SAMPLE_RATE)

    def _run_in(self) -> Steady:
        """What goes on from the recording's first cycles to before it."""
        values = self._counts[:, : self.samples].astype(float)
        for row, mapped in enumerate([*self.voltages, *self.currents]):
            if mapped is not None:
                values[row, mapped.missing()] = np.nan
        return fit_begin(values, SAMPLE_RATE, self.true_frequency or float(self.frequency))

    @property
    def samples(self) -> int:
        """Samples of the recording that are played."""
        return self.file.samples

    @property
    def connected_phases(self) -> int:
        """Bit mask of the voltages that the recording has."""
        return sum(1 << phase for phase, mapped in enumerate(self.voltages) if mapped is not None)

    @property
    def trigger_sample(self) -> int | None:
        """The head's sample number at which the recorder was triggered; None: not known."""
        trigger = self.info()["trigger"]
        return None if trigger is None else self.start_sample + trigger

    @property
    def ended_at(self) -> int:
        """The head's sample number after the last block that holds samples of the recording."""
        return self.start_sample + self._counts.shape[1]

    def info(self) -> dict:
        """What is played and on which side of which transformer, for people and reports."""
        trigger = self.file.trigger
        inside = trigger is not None and 0 <= trigger * SAMPLE_RATE < self.samples
        return {
            "file": self.file.path.name,
            "station": self.file.station,
            "rate": SAMPLE_RATE,
            "samples": self.samples,
            "trigger": round(trigger * SAMPLE_RATE) if inside else None,
            "frequency": self.true_frequency,
            "voltages": [m.json() if m else None for m in self.voltages],
            "points": [m.json() for m in self.currents],
            "notes": [*self.file.notes, *self.notes],
        }

    def waveforms(self, first_sample: int, count: int) -> np.ndarray:
        """int16 [channel, count] from the head's sample number `first_sample` on.

        0 before and after the recording; when `warm`, before it the harmonics of its first
        cycles, at their own frequency.
        """
        at = np.arange(first_sample, first_sample + count) - self.start_sample
        found = np.zeros((self.channels, count), np.int16)
        inside = (at >= 0) & (at < self._counts.shape[1])
        found[:, inside] = self._counts[:, at[inside]]
        if self._before is not None and (at < 0).any():
            exact = np.rint(self._before.at(self._slipped(at[at < 0])))
            found[:, at < 0] = np.clip(exact, -FULL_SCALE - 1, FULL_SCALE)
        return found

    def _slipped(self, at: np.ndarray) -> np.ndarray:
        """Where in the steady mains a sample before the recording is taken."""
        done = np.clip((at / SAMPLE_RATE - _SLIP_FROM) / (_SLIP_TO - _SLIP_FROM), 0.0, 1.0)
        return at + self.slip * (1 + np.cos(np.pi * done)) / 2

    def render(self, block: int, shifts: np.ndarray | None) -> np.ndarray:
        """int16 [channel, 64] of a block; `shifts` are not applied."""
        return self.waveforms(block * BLOCK, BLOCK)

    def lost(self, block: int) -> np.ndarray | None:
        """Of each channel whether samples of this block are missing; None: of none."""
        place = block - self.start_sample // BLOCK
        if place >= self._lost.shape[1]:
            return None
        lost = self._never if place < 0 else self._lost[:, place]
        return lost if lost.any() else None


def load_recording(
    path: str | Path,
    site: str | Path | None = None,
    *,
    run_in: float = RUN_IN_SECONDS,
    warm: bool = False,
    slip: float = 0.0,
) -> Recording:
    """The recording `path` (COMTRADE or CSV), mapped by the TOML file `site` or, without one, as
    it suggests itself.

    run_in: seconds before it begins, at least 2; warm: fill them with what goes on from its first
    cycles instead of zeros, so that the gateway's frequency loop has locked; slip: see Recording.
    UserError when the recording or the site cannot be used.
    """
    file = read_waveform(Path(path))
    if site:
        mapping = mapping_of(file, Path(site))
    else:
        mapping = default_mapping(file, _nominal(file))
    if file.samples < BLOCK:
        raise UserError(f"{path}: only {file.samples} samples; record for longer")
    blocks = -(-round(max(2.0, run_in) * SAMPLE_RATE) // BLOCK)
    recording = Recording(
        **mapping,
        first_sample=0,
        file=file,
        start_sample=blocks * BLOCK,
        warm=warm,
        slip=slip,
    )
    if _largest_power(recording) > _MOST_WATT:
        recording.notes.append(
            "P, Q and S of a point beyond 21 MW are null; its import and export count"
        )
    return recording


def _largest_power(recording: Recording) -> float:
    """W that a point could have: half of the product of both peaks."""
    volt, ampere = (
        max(np.abs(m.counts().astype(int)).max() * m.per_count for m in mapped if m is not None)
        for mapped in (recording.voltages, recording.currents)
    )
    return volt * ampere / 2


def _nominal(file: Waveform) -> float:
    """Hz: what is there counts more than what is stated."""
    there = [c.stored for c in file.channels if c.kind == "V"]
    found = find_frequency(np.array(there), SAMPLE_RATE) if there else None
    return found or file.frequency or 50.0
