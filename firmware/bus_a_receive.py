"""Receiving on the A-bus: what the UART has is taken apart into frames, and each is entered where
it belongs: samples into the cycle, news into the nodes, the head's time for the master to take.

Owns the reading of the UART and the counts of what does not belong there. Allocates only when a
node joins.
"""

from array import array

import bus_a_collect as collect
import bus_a_frame as frame
from bus_a_cycle import GAP, MISSING
from bus_a_search import parse_found, parse_serial

_GATEWAY_KINDS = (
    frame.POLL,
    frame.REPEAT,
    frame.ASSIGN,
    frame.QUERY,
    frame.IDENTIFY,
    frame.SEARCH,
)
_BODIES = bytes((0, 0, 0, 0, 0, 20, 20, 0, 28, 0, 12, 24))  # bytes by kind, DATA and NODATA apart


class Receiver:
    """`heard`: bytes at the last receiving. `met`: what FOUND frames said, not yet looked at.
    `timed`: the head has told its time: it was `within` samples into `block` at the last POLL.

    samples: the buffer that cycles point into. sent: the last request's header, to know its echo.
    session: see bus_a_search.
    """

    def __init__(self, uart, nodes, samples, sent, session):
        self.heard = 0
        self.met = []
        self.timed = False
        self.block = 0
        self.within = 0
        self.noise = 0  # bytes outside good frames
        self.foreign = 0  # frames that only a gateway sends
        self.echoes = 0  # our own frames heard
        self._uart = uart
        self._nodes = nodes
        self._samples = samples
        self._sent = sent
        self._session = session
        self._scratch = memoryview(bytearray(frame.HEADER_BYTES + 544 + 64))
        self._found = array("i", [0] * 9)

    def answers(self, cycle):
        """Take the answers to a POLL: they stay where they are read to."""
        self._receive(cycle.view, cycle.offset, cycle)

    def answer(self, cycle):
        """Take the answer to a request: sections of the cycle's block are copied to their
        place."""
        self._receive(self._scratch, -1, cycle)

    def _receive(self, view, base, cycle):
        """Read what has come into `view` and enter it into `cycle`; `base` is the view's place in
        `samples`, -1 for the scratch."""
        self.timed = False
        self.heard = self._uart.readinto(view) or 0
        found, nodes = self._found, self._nodes
        found[frame.NEXT] = 0
        found[frame.END] = self.heard
        found[frame.NOISE] = 0
        while frame.find(
            0, view, view, found[frame.NEXT], found[frame.END], frame.CRC_TABLE, found
        ):
            if found[frame.KIND] == frame.DATA and found[frame.ADDRESS] <= nodes.slotted:
                body = found[frame.BODY]
                if found[frame.BAD_SECTIONS] and frame.header_inside(
                    view, body, found[frame.NEXT], frame.CRC_TABLE
                ):
                    found[frame.BAD_SECTIONS] = -1
                    found[frame.NEXT] = body
                at = collect.enter(
                    0,
                    view,
                    view,
                    found,
                    nodes.table,
                    nodes.stats,
                    cycle.where,
                    cycle.state,
                    base,
                    self._samples,
                )
                if at >= 0:
                    self._note_time(view, at, cycle)
            else:
                self._hear(found[frame.KIND], view, cycle)
        self.noise += found[frame.NOISE]

    def _hear(self, kind, view, cycle):
        """A frame that is not DATA."""
        found = self._found
        at = found[frame.BODY]
        whole = (
            not found[frame.BAD_SECTIONS] and view[at - 6] == _BODIES[kind] and not view[at - 5]
        )
        node = self._nodes.at(found[frame.ADDRESS])
        if kind == frame.NODATA and node:
            self._excuse(node, view, cycle)
        elif kind == frame.INFO and node and whole:
            if parse_serial(view, at) == node.serial:
                self._nodes.joined(node)
        elif kind == frame.STATUS and node and whole:
            node.plugged = view[at + 2]
        elif kind == frame.FOUND and whole:
            self.met.append(parse_found(view, at))
        elif kind in _GATEWAY_KINDS and whole:
            if self._is_ours(kind, view, at):
                self.echoes += 1
            else:
                self.foreign += 1

    def _is_ours(self, kind, view, at):
        """Whether a gateway's frame is the echo of what we sent, and not another gateway's."""
        if kind == frame.SEARCH:
            return view[at] | view[at + 1] << 8 == self._session
        if kind == frame.ASSIGN:
            return view[at + 10] | view[at + 11] << 8 == self._session
        sent, found = self._sent, self._found
        block = sent[4] | sent[5] << 8
        return kind == sent[1] and found[frame.ARGUMENT] == sent[3] and found[frame.BLOCK] == block

    def _excuse(self, node, view, cycle):
        """A NODATA frame: unless the block is only late, stop asking for it."""
        found, stats = self._found, self._nodes.stats
        row = node.address * collect.ROW
        stats[row + collect.SILENT] = 0
        stats[row + collect.ANSWERS] += 1
        reason = found[frame.ARGUMENT] & 15
        known = stats[row + collect.STARTED] & 1 | node.lost << 2
        stats[row + collect.STARTED] = known | (reason != 3) << 1
        timed = found[frame.ARGUMENT] & frame.TIMING_FLAG and not found[frame.BAD_SECTIONS]
        if timed:
            self._note_time(view, found[frame.BODY], cycle)
        if reason != 1 and cycle.state[collect.BLOCK] == found[frame.BLOCK]:
            for i in node.channels:
                if i >= 0 and cycle.where[i] == MISSING:
                    cycle.where[i] = GAP
                    cycle.state[collect.MISSING] -= 1

    def _note_time(self, view, at, cycle):
        """A timing section: it counts when it is the head's, in its answer to the last POLL."""
        found = self._found
        if found[frame.ADDRESS] != frame.HEAD or found[frame.BLOCK] != cycle.block:
            return
        if (
            view[at + 6]
            or view[at + 7]
            or frame.header_inside(view, at, at + frame.HEADER_BYTES, frame.CRC_TABLE)
        ):
            return  # the next frame's header, in the place of a section that was cut off
        self.timed = True
        self.block = ((view[at] >> 6) | (view[at + 1] << 2) | (view[at + 2] << 10)) & 0xFFFF
        self.within = view[at] & 63
