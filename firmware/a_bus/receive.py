"""Receiving on the A-bus: what the UART has is taken apart into frames, and each is entered where
it belongs: samples into the cycle, news into the nodes, the head's time for the master to take.

Owns the reading of the UART and the counts of what does not belong there. Allocates only when a
node joins.
"""

from array import array

from micropython import const

from a_bus import collect, frame
from a_bus.collect import enter, enter_clean, move
from a_bus.cycle import GAP, MISSING
from a_bus.frame import find, header_inside
from a_bus.search import parse_found, parse_serial

_GATEWAY_KINDS = (
    frame.POLL,
    frame.REPEAT,
    frame.ASSIGN,
    frame.QUERY,
    frame.IDENTIFY,
    frame.SEARCH,
)
_START = const(0xA5)
_MAX_FRAME = const(556)  # bytes of a frame
_BODIES = bytes((0, 0, 0, 0, 0, 20, 20, 0, 28, 0, 12, 24))  # bytes by kind, DATA and NODATA apart


class Receiver:
    """`heard`: bytes at the last receiving. `found_nodes`: what FOUND frames said, not yet
    looked at. `timed`: the head has given its time: it was `within` samples into `block` at the
    last POLL.

    samples: the buffer that cycles point into. sent: the last request's header, to know its echo.
    session: see a_bus.search.
    """

    def __init__(self, uart: UartLine, nodes: Nodes, samples: Samples, sent: Bytes, session: int):
        self.heard = 0
        self.found_nodes = []
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
        self._early = 0  # bytes of the answers that were taken while the others still came,
        self._done = 0  # and those entered of them
        self._found = array("i", [0] * 9)

    def restart(self) -> None:
        """Forget what is left of answers that were being taken."""
        self._early = self._done = 0

    def drop(self) -> None:
        """What has come is for nobody."""
        while self._uart.readinto(self._samples):
            pass

    def early_answers(self, cycle: Cycle) -> None:
        """Take those answers to a POLL that are here, while the others still come."""
        self._early = self._uart.readinto(cycle.early) or 0
        rows, where, state = self._nodes.rows, cycle.where, cycle.state
        self._done = enter_clean(cycle.view, self._early, rows, where, state, 0)

    def answers(self, cycle: Cycle) -> bool:
        """Take the answers to a POLL, or the rest of them: they stay where they are read to.
        Returns whether more may be on its way: late_answers() is for that."""
        early, view, state = self._early, cycle.view, cycle.state
        if early:
            heard = self._uart.readinto(cycle.late) or 0
            if early < len(cycle.early):
                move(view, early, view, len(cycle.early), heard)
            heard += early
            done = self._done
            self._early = 0
        else:
            heard = self._uart.readinto(view) or 0
            done = 0
        done = enter_clean(view, heard, self._nodes.rows, cycle.where, state, done)
        self.heard = heard
        self.block = state[collect.HEAD_BLOCK]
        self.within = state[collect.HEAD_WITHIN]
        self.timed = self.block >= 0
        if done < heard:
            self._done = done
            if self._is_cut(view):
                return True
            self._take(view, done, False, cycle)
        elif heard and state[collect.MISSING]:  # it may end between two frames
            self._done = done
            return True
        return False

    def late_answers(self, cycle: Cycle, last: bool) -> bool:
        """Take what has come since; returns as answers(), with `last` never that more comes."""
        view, state = cycle.view, cycle.state
        late = min(self._uart.readinto(self._scratch) or 0, len(view) - self.heard)
        move(view, self.heard, self._scratch, 0, late)
        self.heard += late
        rows, where = self._nodes.rows, cycle.where
        self._done = enter_clean(view, self.heard, rows, where, state, self._done)
        self.block = state[collect.HEAD_BLOCK]
        self.within = state[collect.HEAD_WITHIN]
        self.timed = self.block >= 0
        if self._done == self.heard:
            return bool(late and not last and state[collect.MISSING])
        if late and not last and self._is_cut(view):
            return True
        self._take(view, self._done, False, cycle)
        return False

    def _is_cut(self, view):
        """Whether the frame behind those that are entered has begun and has no end yet."""
        at, left = self._done, self.heard - self._done
        if view[at] != _START:
            return False
        if left < frame.HEADER_BYTES:
            return True
        return left < frame.HEADER_BYTES + (view[at + 6] | view[at + 7] << 8) <= _MAX_FRAME

    def answer(self, cycle: Cycle) -> None:
        """Take the answer to a request: sections of the cycle's block are copied to their
        place."""
        self.heard = self._uart.readinto(self._scratch) or 0
        self.timed = False
        self._take(self._scratch, 0, True, cycle)

    def answer_to_search(self, cycle: Cycle) -> None:
        """As answer(), to a SEARCH: two nodes in one slot are no noise."""
        noise = self.noise
        self.answer(cycle)
        self.noise = noise

    def raw(self) -> bytes:
        """What has come, as bytes, whatever it is; allocates."""
        return bytes(self._scratch[: self._uart.readinto(self._scratch) or 0])

    def _take(self, view, first, copied, cycle):
        """Enter what was received in `view` from byte `first` on into `cycle`, frame by frame;
        `copied`: see a_bus.collect.enter."""
        found = self._found
        found[frame.NEXT] = first
        found[frame.END] = self.heard
        found[frame.NOISE] = 0
        while find(view, 0, found):
            if found[frame.KIND] == frame.DATA and found[frame.ADDRESS] <= self._nodes.rows[0]:
                self._hear_data(view, copied, cycle)
            else:
                self._hear(view, cycle)
        self.noise += found[frame.NOISE]

    def _hear_data(self, view, copied, cycle):
        """A DATA frame of a node with a slot."""
        found = self._found
        body = found[frame.BODY]
        if found[frame.BAD_SECTIONS] and header_inside(view, body, found[frame.NEXT]):
            found[frame.BAD_SECTIONS] = -1
            found[frame.NEXT] = body
        rows, where, state = self._nodes.rows, cycle.where, cycle.state
        at = enter(0, view, view, found, rows, where, state, copied, self._samples)
        if at >= 0:
            self._note_time(view, at, cycle)

    def _hear(self, view, cycle):
        """A frame that is not DATA of a node with a slot."""
        found = self._found
        kind, body = found[frame.KIND], found[frame.BODY]
        node = self._nodes.at(found[frame.ADDRESS])
        if kind == frame.NODATA and node:
            self._on_nodata(node, view, cycle)
        elif not found[frame.BAD_SECTIONS] and view[body - 6] == _BODIES[kind]:
            if not view[body - 5]:
                self._hear_whole(kind, node, view, body)

    def _hear_whole(self, kind, node, view, at):
        """A frame of a kind with one section or none, of the right length."""
        if kind == frame.STATUS and node:
            self._nodes.set_plugged(node, view[at + 2])
        elif kind == frame.INFO and node:
            if parse_serial(view, at) == node.serial:
                self._nodes.joined(node)
        elif kind == frame.FOUND:
            self.found_nodes.append(parse_found(view, at))
        elif kind in _GATEWAY_KINDS:
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

    def _on_nodata(self, node, view, cycle):
        """A NODATA frame: unless the block is only late, stop asking for it."""
        found, rows = self._found, self._nodes.rows
        row = node.address * collect.ROW
        rows[row + collect.SILENT] = 0
        rows[row + collect.ANSWERS] += 1
        reason = found[frame.ARGUMENT] & 15
        known = rows[row + collect.STARTED] & 1 | node.lost << 2
        rows[row + collect.STARTED] = known | (reason != 3) << 1
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
        if view[at + 6] or view[at + 7] or header_inside(view, at, at + frame.HEADER_BYTES):
            return  # the next frame's header, in the place of a section that was cut off
        self.timed = True
        self.block = ((view[at] >> 6) | (view[at + 1] << 2) | (view[at + 2] << 10)) & 0xFFFF
        self.within = view[at] & 63
