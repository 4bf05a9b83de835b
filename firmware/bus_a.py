"""The A-bus master: finds the nodes, asks them for their sample blocks, repairs what arrived
damaged, and hands over complete cycles in order.

Owns the cycle and the receive buffers (docs/a-bus.md). It gets a UART (`write`, `readinto`) and a
microsecond clock; it never sleeps: `run()` is a generator that yields how long it has nothing to
do, so the same code runs under asyncio and, without waiting, in replay. In steady state it
allocates nothing.
"""

from array import array
from time import ticks_diff

import bus_a_collect as collect
import bus_a_frame as frame
from bus_a_cycle import BLOCK, GAP, MISSING, Cycle, difference
from bus_a_nodes import Nodes
from bus_a_schedule import capacity, microseconds
from bus_a_search import Search, parse_found, parse_serial
from bus_a_time import HeadTime
from micropython import const

_BLOCK_US = const(20000)
_MARGIN_US = const(500)  # from an answer's end until its bytes are surely in the driver's buffer
_ASK_AFTER_US = const(2500)  # a block is asked for this long after its last sample
_TURNAROUND_US = const(300)  # the longest that an answer to a request may take to begin
_SHORT_ANSWER = const(40)  # bytes: the longest answer to ASSIGN, QUERY, IDENTIFY
_REPAIR_ROUNDS = const(3)
_SILENT_SOON = const(3)  # cycles without an answer after which repairs are not tried
_SILENT_LOST = const(50)  # cycles without an answer after which a node is lost
_HELD = const(7)  # blocks that a node surely still holds
_REPAIR_UNTIL = const(4)  # blocks behind the head's time
_SETTLE = const(100)  # cycles that nodes get after the head is known to come in step
_FIRST_SEARCHES = const(12)  # at a start, at the most
_SEARCH_EVERY = const(25)  # cycles
_QUERY_EVERY = const(5)  # cycles, one node each time
_GATEWAY_KINDS = (
    frame.POLL,
    frame.REPEAT,
    frame.ASSIGN,
    frame.QUERY,
    frame.IDENTIFY,
    frame.SEARCH,
)


class BusA:
    """The master. After each step of `run()`, `ready` is a complete Cycle to be used before the
    next step, or None.

    `uart`: `write(buffer)`, `readinto(buffer)` without waiting. `ticks_us`: a clock as
    time.ticks_us. named: [(serial, [channel of each input, -1 where unused])] of the site, the
    head first: channels 0 to 2 are its voltages. `channels`: length of a cycle's `where`. session:
    see bus_a_search.
    """

    def __init__(self, uart, ticks_us, baud, named, channels, session):
        self.nodes = Nodes(named, channels, baud)
        self.ready = None
        self.blocks = 0  # handed over
        self.skipped = 0  # blocks that nobody held any more because the gateway came too late
        self.restarts = 0  # how often the head began to count anew
        self.noise = 0  # bytes outside good frames
        self.foreign = 0  # frames that only a gateway sends
        self.echoes = 0  # our own frames heard
        self._uart = uart
        self._ticks_us = ticks_us
        self._search = Search(session, baud)
        self._schedule = 1 + session % 255
        self._short_us = microseconds(32 + _SHORT_ANSWER, baud) + _TURNAROUND_US + _MARGIN_US
        for node in self.nodes.all:
            answer_us = microseconds(frame.HEADER_BYTES + node.answer_bytes(), baud)
            node.request_us = answer_us + _TURNAROUND_US + _MARGIN_US
        self.capacity = capacity(self.nodes.all, baud)
        self.line_us = microseconds(frame.HEADER_BYTES, baud) + self.nodes.end_us
        size = sum(node.answer_bytes() for node in self.nodes.all if node.fits) + 64
        self.samples = bytearray(2 * size + 2 * channels * BLOCK * 2)
        whole = memoryview(self.samples)
        self._cycles = tuple(
            Cycle(
                whole[k * size : (k + 1) * size],
                k * size,
                2 * size + k * channels * BLOCK * 2,
                channels,
            )
            for k in range(2)
        )
        self._scratch = memoryview(bytearray(frame.HEADER_BYTES + 544 + 64))
        self._request = bytearray(frame.HEADER_BYTES)
        self._found = array("i", [0] * 9)
        self._met = []  # what FOUND frames said, not yet looked at
        self._heard = 0  # bytes at the last receiving
        self._wishes = []  # requests to be sent: (kind, address, argument, block)
        self._searching = True  # search in the next free time
        self._searches = _FIRST_SEARCHES  # to be made before the next POLL, at the most
        self._use = False  # whether a block is collected and not yet handed over
        self._queried = 0  # the address last asked for its status
        self._settling = _SETTLE  # cycles left
        self._next = 0  # the block to poll next
        self._head = HeadTime()
        self._polled = 0  # ticks when the last POLL began: the reference edge
        self._lost = 0  # blocks that no channel has, to be told with the next cycle

    # For others

    def scan(self):
        """Look for nodes now, and not only at the next half second."""
        self._searching = True

    def identify(self, serial, inputs, seconds):
        """Let the LED of a node blink at its `inputs` (bit mask) for `seconds` (0 to 600; 0 ends
        it). KeyError when there is no such node."""
        node = self.nodes.of(serial)
        if node is None or node.lost:
            raise KeyError("no node %s on the A-bus" % serial)
        self._wishes.append((frame.IDENTIFY, node.address, inputs, seconds))

    # Receiving

    def _receive(self, view, base, cycle):
        """Read what has come into `view` and enter it into `cycle`; `base` is the view's place in
        `samples`, -1 for the scratch."""
        self._heard = self._uart.readinto(view) or 0
        found, nodes = self._found, self.nodes
        found[frame.NEXT] = 0
        found[frame.END] = self._heard
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
                    self.samples,
                )
                if at >= 0 and found[frame.ADDRESS] == frame.HEAD:
                    self._note_time(view, at)
            else:
                self._hear(found[frame.KIND], view, cycle)
        self.noise += found[frame.NOISE]

    def _hear(self, kind, view, cycle):
        """A frame that is not DATA."""
        found = self._found
        at, whole = found[frame.BODY], not found[frame.BAD_SECTIONS]
        node = self.nodes.at(found[frame.ADDRESS])
        if kind == frame.NODATA and node:
            self._excuse(node, view, cycle)
        elif kind == frame.INFO and node and whole:
            if parse_serial(view, at) == node.serial:
                self.nodes.joined(node)
        elif kind == frame.STATUS and node and whole:
            node.plugged = view[at + 2]
        elif kind == frame.FOUND and whole:
            self._met.append(parse_found(view, at))
        elif kind in _GATEWAY_KINDS:
            if self._is_ours(kind, view, at):
                self.echoes += 1
            else:
                self.foreign += 1

    def _is_ours(self, kind, view, at):
        """Whether a gateway's frame is the echo of what we sent, and not another gateway's."""
        if kind == frame.SEARCH:
            return view[at] | view[at + 1] << 8 == self._search.session
        if kind == frame.ASSIGN:
            return view[at + 10] | view[at + 11] << 8 == self._search.session
        sent, found = self._request, self._found
        block = sent[4] | sent[5] << 8
        return kind == sent[1] and found[frame.ARGUMENT] == sent[3] and found[frame.BLOCK] == block

    def _excuse(self, node, view, cycle):
        """A NODATA frame: unless the block is only late, stop asking for it."""
        found, stats = self._found, self.nodes.stats
        row = node.address * collect.ROW
        stats[row + collect.SILENT] = 0
        stats[row + collect.ANSWERS] += 1
        reason = found[frame.ARGUMENT] & 15
        known = stats[row + collect.STARTED] & 1 | node.lost << 2
        stats[row + collect.STARTED] = known | (reason != 3) << 1
        timed = found[frame.ARGUMENT] & frame.TIMING_FLAG and not found[frame.BAD_SECTIONS]
        if timed and node.address == frame.HEAD:
            self._note_time(view, found[frame.BODY])
        if reason != 1 and cycle.state[collect.BLOCK] == found[frame.BLOCK]:
            for i in node.channels:
                if i >= 0 and cycle.where[i] == MISSING:
                    cycle.where[i] = GAP
                    cycle.state[collect.MISSING] -= 1

    def _note_time(self, view, at):
        """The head's timing section: the sample that it was at when the last POLL began."""
        if (
            view[at + 6]
            or view[at + 7]
            or frame.header_inside(view, at, at + frame.HEADER_BYTES, frame.CRC_TABLE)
        ):
            return  # the next frame's header, in the place of a section that was cut off
        block = ((view[at] >> 6) | (view[at + 1] << 2) | (view[at + 2] << 10)) & 0xFFFF
        head = self._head
        if head.known and not head.agrees(self._polled, block):
            self.restarts += 1
            self._lost += max(0, difference(head.block_at(self._polled), self._next))
            head.known = False
        if not head.known:
            self._next = block
        head.note(self._polled, block, view[at] & 63)

    # The cycle

    def _until_next(self):
        """us until it is time to ask for block `_next`; steps over blocks that no node holds any
        more."""
        now = self._ticks_us()
        self._head.keep_up(now)
        behind = difference(self._head.block_at(now), self._next)
        if not -_HELD <= behind <= _HELD:
            lost = max(0, behind - 2)
            self.skipped += lost
            self._lost += lost
            self._next = (self._next + behind - 2) & 0xFFFF
        return self._head.until_complete(self._next, now) + _ASK_AFTER_US

    def _may_repair(self, cycle):
        """Whether the blocks after this one can wait."""
        return difference(self._head.block_at(self._ticks_us()), cycle.block) <= _REPAIR_UNTIL

    def _open(self, cycle, block):
        """Make `cycle` ready to receive `block`."""
        nodes = self.nodes
        cycle.block = cycle.state[collect.BLOCK] = block
        cycle.state[collect.MISSING] = collect.begin(
            cycle.where, nodes.hopes, len(cycle.where), nodes.stats, nodes.slotted
        )

    def _close(self, cycle):
        """What is missing now is a gap; nodes that have been silent for long are lost."""
        nodes = self.nodes
        if collect.end(cycle.where, nodes.table, nodes.stats, nodes.slotted, _SILENT_LOST):
            nodes.review(_SILENT_LOST)

    def _lacks(self, node, cycle):
        """Bit mask of the node's channels that the cycle lacks and that may still be had."""
        mask = 0
        for c in range(len(node.channels)):
            i = node.channels[c]
            if i >= 0 and cycle.where[i] == MISSING:
                mask |= 1 << c
        return mask

    def _settled(self):
        """Whether measuring may begin: every node that answers has come in step, or had its time.
        What is not there yet at a start is not lost."""
        if self._settling:
            self._settling = 0 if self.nodes.settled() else self._settling - 1
        return self._settling == 0

    def _send(self, kind, address, argument, block):
        frame.encode(self._request, kind, address, argument, block)
        self._uart.write(self._request)

    def _query_next(self):
        """Ask the next node that is there for its status; returns whether there is one."""
        nodes = self.nodes.all
        for _ in nodes:
            self._queried = self._queried % len(nodes) + 1
            if not nodes[self._queried - 1].lost:
                self._send(frame.QUERY, self._queried, 0, 0)
                return True
        return False

    def _assign(self):
        """Give the node that was met last its address; returns whether anything was sent."""
        serial, nonce, inputs, version = self._met.pop()
        node = self.nodes.greet(serial, nonce, inputs)
        if node is None:
            return False
        node.version = version
        schedule = self._schedule if node.fits else 0
        self._uart.write(
            frame.encode_assign(
                serial, node.address, schedule, node.slot, self._search.session, nonce
            )
        )
        return True

    def run(self):
        """Generator, without end: yields the us until it wants to be resumed; look at `ready`
        after every step. Another one may be made when one has failed."""
        filling, collected = self._cycles
        self._lost += self._use
        self._use = False
        self.ready = None
        turn = 0
        while True:
            # Find nodes: before the first POLL until nobody new answers, then now and then.
            while self._searches:
                self._searches -= 1
                self._uart.write(self._search.frame())
                yield self._search.us + _MARGIN_US
                noise = self.noise
                self._receive(self._scratch, -1, filling)
                self.noise = noise  # two nodes in one slot are none
                if not self._heard:
                    self._searches = 0
                while self._met:
                    if self._assign():
                        yield self._short_us
                        self._receive(self._scratch, -1, filling)

            wait = self._until_next() if self._head.known else _BLOCK_US
            if wait > 0:
                yield wait

            # Ask for the next block; while the answers come in, the one before is used.
            self._open(filling, self._next)
            self._polled = self._ticks_us()
            self._send(frame.POLL, frame.EVERYBODY, self._schedule, self._next)
            if self._use:
                self._use = False
                self.blocks += 1
                self.ready = collected
                yield 0
                self.ready = None
            yield max(0, self.line_us + _MARGIN_US - ticks_diff(self._ticks_us(), self._polled))
            self._receive(filling.view, filling.offset, filling)

            # Ask again for what is missing before going on: nodes hold their blocks longer than
            # this takes.
            rounds = _REPAIR_ROUNDS if filling.state[collect.MISSING] else 0
            turn += 0 if rounds else 1
            while rounds and filling.state[collect.MISSING]:
                for node in self.nodes.all:
                    mask = self._lacks(node, filling)
                    silent = node.count(collect.SILENT)
                    if mask and silent < _SILENT_SOON and self._may_repair(filling):
                        self._send(frame.REPEAT, node.address, mask, filling.block)
                        yield node.request_us
                        self._receive(self._scratch, -1, filling)
                rounds -= 1
            self._close(filling)

            in_turn = self._head.known and filling.block == self._next
            if in_turn:
                self._next = (self._next + 1) & 0xFFFF
                filling.skipped = self._lost
                self._lost = 0
            self._use = in_turn and self._settled()
            filling, collected = collected, filling

            # The free time of the cycle.
            if self._searching or turn % _SEARCH_EVERY == 0:
                self._searching = False
                self._searches = 1
            elif self._wishes:
                self._send(*self._wishes.pop(0))
                yield self._short_us
                self._receive(self._scratch, -1, filling)
            elif turn % _QUERY_EVERY == 0 and self._query_next():
                yield self._short_us
                self._receive(self._scratch, -1, filling)
