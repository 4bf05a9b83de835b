"""Blocks as the nodes hold them: rendered once for all nodes, laid out as they go on the wire."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from . import unclosed_core
from .catalogue import BLOCK
from .checks import checks_of
from .nodes import Node
from .sampler import KEPT_BLOCKS

_KEPT = KEPT_BLOCKS + 8  # whatever can be asked for is rendered once
_KEPT_CURRENTS = 16
_LOOSE_COUNTS = 4  # noise of an input without a CT
_NOISE_BLOCKS = 32
_SECTION = 2 * BLOCK + 4


class Renders(Protocol):
    """What samples come from: a House or a Recording."""

    @property
    def channels(self) -> int:
        """3 voltages and the points."""
        ...

    def render(self, block: int, shifts: np.ndarray | None) -> np.ndarray:
        """int16 [channel, 64] of a block, each channel taken late by its shift in samples."""
        ...


@dataclass(slots=True)
class Rendered:
    """A block of all nodes: samples [channel, 64], and each node's shift and sections."""

    samples: np.ndarray
    shifts: list[float]
    bodies: list[bytes]


@dataclass(frozen=True)
class InputFault:
    """A CT that is missing (share 0), or not closed, for samples `first` to `last` (exclusive) of
    `channel`; share: of a current of 50 Hz, what it still gives (unclosed_core.py).
    """

    channel: int
    share: float
    first: float
    last: float


class Blocks:
    """The last blocks of `nodes`; `inputs[k]` has the channel of each input of node k, or None.

    Node 0 is the head, which is never late. An input without a channel has no CT: its samples are
    noise of some counts, by `seed`.
    """

    def __init__(
        self,
        source: Renders,
        nodes: list[Node],
        inputs: list[list[int | None]],
        seed: int = 1,
        faults: list[InputFault] | None = None,
    ) -> None:
        self._source = source
        self._nodes = nodes
        self._index = {node: k for k, node in enumerate(nodes)}
        self._asked: int | None = None  # the block asked for last
        self._kept: OrderedDict[int, Rendered] = OrderedDict()
        self._currents: OrderedDict[int, np.ndarray] = OrderedDict()
        rows = [channel for of_node in inputs for channel in of_node]
        self._used = np.array([row for row, channel in enumerate(rows) if channel is not None])
        self._channels = np.array([channel for channel in rows if channel is not None])
        self._sections = np.zeros((len(rows), _SECTION), np.uint8)
        self._loose = np.array([row for row, channel in enumerate(rows) if channel is None], int)
        self._faults = [] if faults is None else faults
        dice = np.random.default_rng(seed)
        self._noise = dice.uniform(-1.0, 1.0, (_NOISE_BLOCKS, len(rows) + source.channels, BLOCK))
        loose = np.rint(_LOOSE_COUNTS * self._noise[:, self._loose]).astype("<i2")
        self._loose_wire = loose.view(np.uint8)
        self._bounds = np.cumsum([0, *map(len, inputs)]).tolist()
        owners = np.repeat(np.arange(len(nodes)), [len(of_node) for of_node in inputs])
        self._owners = np.zeros(len(self._used), int)
        self._owners[self._channels] = owners[self._used]

    def body(self, node: Node, block: int) -> bytes:
        """The sections of all inputs of `node`, which has sampled `block` wholly."""
        k = self._index[node]
        self._asked = block
        kept = self._kept.get(block)
        if kept is None or (k and kept.shifts[k] != node.clock.shift(block)):
            kept = self._render(block)
        return kept.bodies[k]

    def prepare(self) -> None:
        """Renders the block that will probably be asked for next, unless that is done."""
        if self._asked is not None and self._asked + 1 not in self._kept:
            self._render(self._asked + 1)

    def samples(self, block: int) -> np.ndarray:
        """int16 [channel, 64] as the nodes took them."""
        kept = self._kept.get(block)
        shifts = self._shifts(block)
        if kept is not None and kept.shifts == shifts:
            return kept.samples
        return self._take(block, shifts)

    def _take(self, block: int, shifts: list[float]) -> np.ndarray:
        late = np.array(shifts)[self._owners]
        samples = self._source.render(block, late)
        for fault in self._faults:
            if fault.first <= block * BLOCK < fault.last:
                noise = self._noise[block % _NOISE_BLOCKS, -1 - fault.channel]
                exact = _LOOSE_COUNTS * noise
                if fault.share:
                    around = [
                        self._current(near, late)[fault.channel]
                        for near in range(block - unclosed_core.BEFORE, block + 2)
                    ]
                    exact = unclosed_core.seen(np.concatenate(around), fault.share) + noise
                samples[fault.channel] = np.rint(exact)
        return samples

    def _current(self, block: int, late: np.ndarray) -> np.ndarray:
        """What flows, without faults: blocks next to one with a fault are needed five times."""
        if block not in self._currents:
            self._currents[block] = self._source.render(block, late)
            while len(self._currents) > _KEPT_CURRENTS:
                self._currents.popitem(last=False)
        return self._currents[block]

    def _shifts(self, block: int) -> list[float]:
        return [0.0] + [node.clock.expected_shift(block) for node in self._nodes[1:]]

    def _render(self, block: int) -> Rendered:
        shifts = self._shifts(block)
        samples = self._take(block, shifts)
        sections = self._sections
        wire = samples.astype("<i2", copy=False).view(np.uint8)
        sections[self._used, : 2 * BLOCK] = wire[self._channels]
        if len(self._loose):
            sections[self._loose, : 2 * BLOCK] = self._loose_wire[block % _NOISE_BLOCKS]
        checks = checks_of(sections[:, : 2 * BLOCK])
        sections[:, 2 * BLOCK :] = checks.astype("<u4").view(np.uint8).reshape(-1, 4)
        raw, bounds = sections.tobytes(), self._bounds
        bodies = [
            raw[_SECTION * bounds[k] : _SECTION * bounds[k + 1]] for k in range(len(self._nodes))
        ]
        kept = self._kept[block] = Rendered(samples, shifts, bodies)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept
