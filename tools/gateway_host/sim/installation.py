"""The installation: a house (or a recording), its nodes and the line, as the board's link sees
them.
"""

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import numpy as np

from .blocks import Blocks, InputFault
from .catalogue import BLOCK, SOLID_CORE_TYPE, inputs_of
from .clock import HeadClock
from .head import Head
from .house import NodeSettings
from .leds import Led
from .line import Corrupt, Counters, Line
from .modbus_line import ModbusLine
from .nodes import Node
from .source import Source

_TICKS = 1 << 30
_SETTLED_BLOCKS = 10  # complete ones after a block, when no steering changes it any more
_END_GRACE_US = 100_000

Tap = Callable[[int, np.ndarray], None]


class Attachable(Protocol):
    """What makes an installation misbehave: gateway_host.faults.script.Faults."""

    def attach(self, installation: "Installation") -> None:
        """Makes `installation` misbehave from its begin on."""
        ...


class Installation:
    """The simulated installation, driven by the board's clock.

    house: a House or a Recording; baud: bits/s; rxbuf: the gateway's receive buffer in bytes; tap:
    called in order with (first_sample, int16 [channel, 64]) for each block once its samples can no
    longer change; corrupt: damages what is sent (see line.Corrupt); faults: what goes wrong (a
    gateway_host.faults.script.Faults). Sample numbers do not wrap here; on the line they are
    modulo 2^32. Methods may be called from several threads.
    """

    def __init__(
        self,
        house: Source,
        baud: int = 3_000_000,
        rxbuf: int = 5120,
        tap: Tap | None = None,
        corrupt: Corrupt | None = None,
        faults: Attachable | None = None,
    ) -> None:
        self.house = house
        self.head_clock = HeadClock(house.first_sample, house.head.drift_ppm)
        self._lock = threading.RLock()
        self._origin = 0  # µs at which the board's clock was 0
        self._tap = tap
        self._prepared = 0  # bytes that the nodes had sent when last something was
        self._tapped = house.first_sample // BLOCK + 1
        self.head = Head(
            house.head.serial,
            3,
            self.head_clock,
            self._sections,
            drift_ppm=house.head.drift_ppm,
            metres=house.head.metres,
            plugged=house.connected_phases,
            seed=f"{house.seed} 0",
            lost=self._lost_inputs,
        )
        self.head.connected = not (house.head.absent or "power_box" in house.b_bus.site)
        self.nodes: list[Node] = [self.head]
        self._channels = {(p.node, p.input): 3 + i for i, p in enumerate(house.points)}
        self._inputs: list[list[int | None]] = [[0, 1, 2]]
        self._input_faults: list[InputFault] = []
        self.line = Line(self.nodes, baud, rxbuf, corrupt, house.seed)
        self.b_line = ModbusLine([make(house) for make in house.b_bus.slaves], seed=house.seed)
        # Devices of the B-bus on port A, and whether the gateway speaks at their speed.
        self.misplaced = ModbusLine(seed=house.seed)
        self._slowly = False
        for settings in house.nodes:
            self.add_node(settings)
        if faults is not None:
            faults.attach(self)

    def _sections(self, node: Node, block: int) -> bytes:
        return self._blocks.body(node, block)

    def _lost_inputs(self, node: Node, block: int) -> int:
        lost = self.house.lost(block)
        if lost is None:
            return 0
        inputs = self._inputs[self.nodes.index(node)]
        return sum(1 << bit for bit, row in enumerate(inputs) if row is not None and lost[row])

    def add_node(self, settings: NodeSettings, channels: int | None = None) -> Node:
        """Puts one more node on the line, before the first byte is sent; its inputs are those of
        the points that name it.

        channels: for a type that is not in the catalogue, 1 to 4. A serial number that is there
        already makes a twin, whose inputs have no CT.
        """
        known = inputs_of(int(settings.serial[:4]))
        letters = known or "ABCD"[: 4 if channels is None else channels]
        twin = any(node.serial == settings.serial for node in self.nodes)
        inputs = [None if twin else self._channels.get((settings.serial, x)) for x in letters]
        plugged = sum(1 << bit for bit, channel in enumerate(inputs) if channel is not None)
        node = Node(
            settings.serial,
            len(letters),
            self.head_clock,
            self._sections,
            drift_ppm=settings.drift_ppm,
            metres=settings.metres,
            plugged=plugged,
            built_in=settings.serial.startswith(str(SOLID_CORE_TYPE)),
            seed=f"{self.house.seed} {len(self.nodes)}",
            lost=self._lost_inputs,
        )
        node.connected = not settings.absent
        self.nodes.append(node)
        self._inputs.append(inputs)
        self.__dict__.pop("_blocks", None)
        return node

    @cached_property
    def _blocks(self) -> Blocks:
        """Made when it is first needed: all nodes are there then."""
        return Blocks(self.house, self.nodes, self._inputs, self.house.seed, self._input_faults)

    # The board's link

    @property
    def now(self) -> float:
        """µs since the installation began, as far as the board has said."""
        return self.line.now

    @property
    def counters(self) -> Counters:
        """What happened on the line."""
        return self.line.counters

    def time_of(self, ticks: int) -> int:
        """µs since the installation began, for the board's `ticks` (modulo 2^30)."""
        latest = int(self.line.now)
        ahead = (ticks + self._origin - latest) % _TICKS
        return latest if ahead > _TICKS // 2 else latest + ahead

    def write(self, ticks: int, data: bytes) -> None:
        """The board's UART sends `data` from `ticks` on."""
        with self._lock:
            self._slowly = False
            self.line.write(self.time_of(ticks), data)
            self._pass_on()

    def write_slowly(self, ticks: int, data: bytes, baud: int) -> None:
        """As `write`, at a speed at which no node of the A-bus understands anything."""
        with self._lock:
            self._slowly = True
            time = self.time_of(ticks)
            self.line.advance(time)
            self.misplaced.disturb(self.line.busy_until)
            self.misplaced.write(time, data, baud)

    def read(self, ticks: int, size: int) -> bytes | None:
        """At most `size` bytes received until `ticks`; None when all has ended."""
        with self._lock:
            time = self.time_of(ticks)
            if self.ended(time):
                return None
            data = self.line.read(time, size)
            if self._slowly:
                data = self.misplaced.read(time, size)
            self._pass_on()
            return data

    def write_b(self, ticks: int, data: bytes, baud: int) -> None:
        """As `write`, on the B-bus."""
        with self._lock:
            self.b_line.write(self.time_of(ticks), data, baud)

    def read_b(self, ticks: int, size: int) -> bytes:
        """As `read`, on the B-bus, which never ends."""
        with self._lock:
            time = self.time_of(ticks)
            data = self.b_line.read(time, size)
            self._pass_on(time)
            return data

    def prepare(self) -> None:
        """Makes ready what will be asked for next, once a cycle is over. Changes nothing."""
        with self._lock:
            if self.line.quiet and self._prepared != self.line.counters.node_bytes:
                self._prepared = self.line.counters.node_bytes
                self._blocks.prepare()

    def board_restarted(self) -> None:
        """The board's clock begins at 0 again, now; the nodes go on."""
        with self._lock:
            self._origin = int(self.line.now)

    def ended(self, time: float) -> bool:
        """Whether the recording is over: 100 ms after its last block was complete."""
        end = self.house.ended_at
        return end is not None and time > self.head_clock.time_of(end) + _END_GRACE_US

    # Nodes

    def node(self, serial: str) -> Node:
        """The node (or head) with that serial number; KeyError when there is none."""
        for node in self.nodes:
            if node.serial == serial:
                return node
        raise KeyError(serial)

    def leds(self) -> dict[str, Led | None]:
        """What the LED of each node shows now, by serial number (a twin's is left out); None for
        one without power.
        """
        with self._lock:
            found: dict[str, Led | None] = {}
            for node in self.nodes:
                found.setdefault(node.serial, node.led(self.line.now) if node.connected else None)
            return found

    def restart(self, serial: str) -> None:
        """Switches a node off and on."""
        with self._lock:
            if self.node(serial).connected:
                self.take_off(self.node(serial))
                self.put_on(self.node(serial))

    def unplug(self, serial: str) -> None:
        """Takes a node off the bus."""
        with self._lock:
            self.take_off(self.node(serial))

    def plug(self, serial: str) -> None:
        """Connects a node again; it starts afresh."""
        with self._lock:
            self.put_on(self.node(serial))

    def take_off(self, node: Node) -> None:
        """As `unplug`, where twins have to be distinguished."""
        self.line.silence(node)
        node.connected = False

    def put_on(self, node: Node) -> None:
        """As `plug`, where twins have to be distinguished."""
        node.connected = True
        node.power_on(self.line.now)

    def spoil_input(self, node: Node, input: str, share: float, start: float, end: float) -> None:
        """From `start` to `end` (µs) the input has no CT (share 0), or one that is not closed and
        gives this share of a current of 50 Hz.

        KeyError when there is no point.
        """
        channel, bit = self._channels[node.serial, input], 1 << "ABCD".index(input)
        clock = self.head_clock
        fault = InputFault(channel, share, clock.reading(start), clock.reading(end))
        self._input_faults.append(fault)
        if not share:
            self.line.at(start, lambda _: setattr(node, "plugged", node.plugged & ~bit))
            self.line.at(end, lambda _: setattr(node, "plugged", node.plugged | bit))

    # Samples

    def truth(self, first_sample: int, count: int) -> np.ndarray:
        """int16 [channel, count] as on the wire: the head's L1, L2, L3, then the points as in
        site_json().

        `first_sample` does not wrap (it begins at house.first_sample). Samples of a node that was
        not in step are those that it would have taken in step.
        """
        with self._lock:
            first, last = first_sample // BLOCK, (first_sample + count - 1) // BLOCK
            for node in self.nodes:
                node.log(self.line.now)
            blocks = [self._blocks.samples(block) for block in range(first, last + 1)]
            skip = first_sample - first * BLOCK
            return np.concatenate(blocks, axis=1)[:, skip : skip + count]

    def sample_number(self, time: float | None = None) -> float:
        """The head's sample clock at `time` (µs; now when None), not wrapped."""
        return self.head_clock.reading(self.line.now if time is None else time)

    def _pass_on(self, time: float | None = None) -> None:
        if self._tap is None:
            return
        settled = int(self.sample_number(time) // BLOCK) - _SETTLED_BLOCKS
        while self._tapped < settled:
            block = self._tapped
            self._tapped += 1
            self._tap(block * BLOCK, self.truth(block * BLOCK, BLOCK))
