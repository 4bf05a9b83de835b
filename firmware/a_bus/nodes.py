"""The nodes of the A-bus that the gateway knows: those that the site names and those that were
found, with their addresses and slots.

Owns who is who. What has gone wrong with each node is in `rows`, filled by a_bus.collect;
bus_a.py decides what is sent.
"""

from array import array

from micropython import const

from site.devices import HEADS
from a_bus import collect
from a_bus.collect import ROW
from a_bus.cycle import GAP, MISSING
from a_bus.frame import HEAD, HEADER_BYTES, SECTION_BYTES, TIMING_BYTES
from a_bus.schedule import lay_out

_ADDRESSES = const(31)  # 1 to 30


class Node:
    """One node. `serial`: ten digits. `channels`: for each input the index in a cycle's `where`,
    -1 where it is not used.

    `named`: the site names it. `fits`: it has a slot in the cycle. `found`: it has answered since
    the start of the gateway. `lost`: it does not answer (any more). `plugged`: bit mask of inputs
    with a CT, or -1 while it is not known. `twin`: another node has the same serial number.
    `searched`: how often it has answered a search.
    """

    def __init__(
        self, serial: str, channels: Sequence[int], named: bool, address: int, rows: Words
    ):
        self.serial = serial
        self.channels = channels
        self.named = named
        self.address = address
        self.fits = False
        self.slot = 0
        self.found = False
        self.lost = True
        self.twin = False
        self.nonce = 0
        self.version = 0
        self.searched = 0
        self.plugged = -1
        self._rows = rows

    def count(self, what: int) -> int:
        """One of a_bus.collect's statistics."""
        return self._rows[self.address * ROW + what]

    def lacks(self, where: Words) -> int:
        """Bit mask of its channels that a cycle lacks and that may still be had."""
        mask = 0
        for c in range(len(self.channels)):
            i = self.channels[c]
            if i >= 0 and where[i] == MISSING:
                mask |= 1 << c
        return mask

    def answer_bytes(self) -> int:
        """Length of its answer to POLL."""
        timing = TIMING_BYTES if self.serial[:4] in HEADS else 0
        return HEADER_BYTES + timing + len(self.channels) * SECTION_BYTES

    def state(self) -> str:
        """In a word, for people (docs/cloud.md)."""
        if self.lost:
            return "lost" if self.found else "missing"
        if not self.named:
            return "not in the site"
        if not self.fits:
            return "no room"
        return "well" if self.count(collect.STARTED) & 2 else "synchronising"


class Nodes:
    """named: [(serial, channels)] of the site, the head first; channels: how many a cycle has.

    `all`: every Node; `rows`, `initial`: what a_bus.collect wants. `last_us`, `end_us`: when the
    last answer begins and ends, after a POLL; `early_bytes`: of the answers before it.
    """

    def __init__(self, named: Named, channels: int, baud: int):
        self.rows = array("i", ([0] * collect.CHANNELS + [-1] * 4) * (_ADDRESSES + 1))
        self.initial = array("i", [GAP] * channels)
        self.all = []
        for serial, inputs in named:
            self._add(serial, inputs, True)
        answers = [node.answer_bytes() for node in self.all]
        slots, self.end_us = lay_out(answers, baud)
        self.last_us = slots[-1]
        self.early_bytes = sum(answers[: len(slots) - 1])
        self.rows[0] = len(slots)
        for node, slot in zip(self.all, slots):
            node.fits = True
            node.slot = slot
            for c in range(len(node.channels)):
                self.rows[ROW * node.address + collect.CHANNELS + c] = node.channels[c]

    def _add(self, serial, inputs, named):
        node = Node(serial, inputs, named, HEAD + len(self.all), self.rows)
        self.all.append(node)
        return node

    def at(self, address: int) -> Node | None:
        """The node with that address, or None."""
        if 0 < address <= len(self.all):
            return self.all[address - 1]
        return None

    def of(self, serial: str) -> Node | None:
        """The node with that serial number, or None."""
        for node in self.all:
            if node.serial == serial:
                return node
        return None

    def next_there(self, address: int) -> int:
        """The address of the next node that is there, after that one, in turn; 0: there is
        none."""
        for _ in self.all:
            address = address % len(self.all) + 1
            if not self.all[address - 1].lost:
                return address
        return 0

    def admit(self, serial: str, nonce: int, inputs: int, version: int) -> Node | None:
        """A node has answered a search. Returns the Node to be assigned, or None: its twin is
        there already, or there are too many."""
        node = self.of(serial)
        if node is None:
            if len(self.all) + 1 >= _ADDRESSES:
                return None
            node = self._add(serial, [-1] * inputs, False)
        elif node.nonce != nonce and not node.lost and not node.count(collect.SILENT):
            node.twin = True
            return None
        node.nonce = nonce
        node.version = version
        node.searched += 1
        return node

    def joined(self, node: Node) -> None:
        """It has taken its address."""
        node.found = True
        node.lost = False
        self._expect(node)

    def set_plugged(self, node: Node, inputs: int) -> None:
        """It has said at which inputs there is a CT: a bit mask."""
        node.plugged = inputs

    def review(self, limit: int) -> None:
        """Nodes that have been silent for `limit` cycles are lost; lost ones that answer are
        back."""
        for node in self.all:
            if not node.fits:
                continue
            if node.lost and node.count(collect.STARTED) & 4:
                self.joined(node)
            elif not node.lost and node.count(collect.SILENT) >= limit:
                node.lost = True
                self._expect(node)

    def _expect(self, node):
        """Let the next cycles wait for it, or not any more."""
        expected = node.fits and not node.lost
        row = node.address * ROW
        self.rows[row + collect.EXPECTED] = expected
        self.rows[row + collect.SILENT] = 0
        self.rows[row + collect.STARTED] &= 3
        for i in node.channels:
            if i >= 0:
                self.initial[i] = MISSING if expected else GAP

    def points(self) -> int:
        """Inputs of all nodes that are named or there, the head's voltages not counted."""
        return sum(
            len(node.channels)
            for node in self.all
            if node.serial[:4] not in HEADS and (node.named or not node.lost)
        )

    def settled(self) -> bool:
        """Whether every node that is there and has a slot has delivered."""
        for node in self.all:
            if node.fits and not node.lost and not node.count(collect.STARTED):
                return False
        return True
