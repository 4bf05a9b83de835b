"""The A-bus master: asks the nodes for their sample blocks, repairs what arrived damaged, and
hands over complete cycles in order.

Owns the line's schedule and the receive buffers (docs/a-bus.md). It gets a UART (`write`,
`readinto`) and a microsecond clock; it never sleeps: `run()` is a generator that yields how long
it has nothing to do, so the same code runs under asyncio and, without waiting, in replay. In
steady state it allocates nothing.
"""

from array import array
from time import ticks_diff

import bus_a_frame as frame
from bus_a_cycle import BLOCK, GAP, MISSING, Cycle, copy, difference
from bus_a_schedule import capacity, lay_out, microseconds
from bus_a_time import HeadTime
from micropython import const

_BLOCK_US = const(20000)
_MARGIN_US = const(500)  # from an answer's end until its bytes are surely in the driver's buffer
_ASK_AFTER_US = const(2500)  # a block is asked for this long after its last sample
_TURNAROUND_US = const(300)  # the longest that an answer to a request may take to begin
_REPAIR_ROUNDS = const(3)
_SILENT_SOON = const(3)  # cycles without an answer after which repairs are not tried
_SILENT_LOST = const(50)  # cycles without an answer after which a node is lost
_HELD = const(7)  # blocks that a node surely still holds
_REPAIR_UNTIL = const(4)  # blocks behind the head: later the next ones come first
_SETTLE = const(100)  # cycles that nodes get after the head is known to come in step


class BusA:
    """The master. After each step of `run()`, `ready` is a complete Cycle to be used before the
    next step, or None.

    `uart`: `write(buffer)`, `readinto(buffer)` without waiting. `ticks_us`: a clock as
    time.ticks_us. `nodes[0]` is the head: channels 0 to 2 are its voltages. `channels`: length of
    a cycle's `where`. `schedule`: 1 to 255, another one than before the last restart.
    """

    def __init__(self, uart, ticks_us, baud, nodes, channels, schedule):
        self.nodes = nodes
        self.ready = None
        self.blocks = 0  # handed over
        self.skipped = 0  # blocks that nobody held any more because the gateway came too late
        self.restarts = 0  # how often the head began to count anew
        self.noise = 0  # bytes outside good frames
        self._uart = uart
        self._ticks_us = ticks_us
        self._schedule = schedule
        self._slots, end = lay_out([node.answer_bytes() for node in nodes], baud)
        self._by_address = [None] * 256
        for i, node in enumerate(nodes):
            node.fits = i < len(self._slots)
            node.address = frame.HEAD + i
            node.request_us = _TURNAROUND_US + _MARGIN_US
            node.request_us += microseconds(2 * frame.HEADER_BYTES + node.answer_bytes(), baud)
            self._by_address[node.address] = node
        self.capacity = capacity(nodes, baud)
        self.line_us = microseconds(frame.HEADER_BYTES, baud) + end
        size = sum(node.answer_bytes() for node in nodes if node.fits) + 64
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
        self._settling = _SETTLE  # cycles left
        self._next = 0  # the block to poll next
        self._head = HeadTime()
        self._polled = 0  # ticks when the last POLL began: the reference edge
        self._lost = 0  # blocks that no channel has, to be told with the next cycle

    # Receiving

    def _receive(self, view, offset, cycle):
        """Read what has come into `view` and enter it into `cycle`; `offset` is the view's place
        in `samples`, -1 for the scratch."""
        count = self._uart.readinto(view)
        found = self._found
        found[frame.NEXT] = 0
        found[frame.END] = count or 0
        found[frame.NOISE] = 0
        while frame.find(
            0, view, view, found[frame.NEXT], found[frame.END], frame.CRC_TABLE, found
        ):
            node = self._by_address[found[frame.ADDRESS]]
            if node is None:
                continue
            kind = found[frame.KIND]
            if kind == frame.DATA:
                self._take(node, view, offset, cycle)
            elif kind == frame.NODATA:
                self._excuse(node, view, cycle)
            elif kind == frame.INFO:
                node.silent = 0
                node.lost = False
        self.noise += found[frame.NOISE]

    def _take(self, node, view, offset, cycle):
        """A DATA frame: its good sections go into the cycle; those in the scratch buffer are
        copied."""
        found = self._found
        node.silent = 0
        node.answers += 1
        node.in_step = node.started = True
        argument = found[frame.ARGUMENT]
        bad = found[frame.BAD_SECTIONS]
        at = found[frame.BODY]
        if bad and frame.header_inside(view, at, found[frame.NEXT], frame.CRC_TABLE):
            bad = -1
            found[frame.NEXT] = at
        if argument & frame.TIMING_FLAG:
            if not bad & 1:
                self._note_time(view, at)
            bad >>= 1
            at += frame.TIMING_BYTES
        where = cycle.where
        for c in range(len(node.channels)):
            if not argument & (1 << c):
                continue
            i = node.channels[c]
            if bad & 1:
                node.damaged += 1
            elif i >= 0 and where[i] == MISSING and cycle.block == found[frame.BLOCK]:
                if offset >= 0:
                    where[i] = offset + at
                else:
                    where[i] = cycle.patches + i * BLOCK * 2
                    copy(self.samples, where[i], view, at, BLOCK // 2)
                    node.repairs += 1
                cycle.missing -= 1
            bad >>= 1
            at += frame.SECTION_BYTES

    def _excuse(self, node, view, cycle):
        """A NODATA frame: unless the block is only late, stop asking for it."""
        found = self._found
        node.silent = 0
        node.answers += 1
        reason = found[frame.ARGUMENT] & 15
        node.in_step = reason != 3
        if found[frame.ARGUMENT] & frame.TIMING_FLAG and not found[frame.BAD_SECTIONS]:
            self._note_time(view, found[frame.BODY])
        if reason != 1 and cycle.block == found[frame.BLOCK]:
            self._give_up(node, cycle)

    def _give_up(self, node, cycle):
        for i in node.channels:
            if i >= 0 and cycle.where[i] == MISSING:
                cycle.where[i] = GAP
                cycle.missing -= 1
                node.gaps += node.started

    def _note_time(self, view, at):
        """The head's timing section: the sample that it was at when the last POLL began."""
        if view[at + 6] or view[at + 7]:
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
        cycle.block = block
        cycle.missing = 0
        for node in self.nodes:
            expected = node.fits and not node.lost
            node.silent += expected
            for i in node.channels:
                if i >= 0:
                    cycle.where[i] = MISSING if expected else GAP
                    cycle.missing += expected
                    node.gaps += node.started and not expected

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
            self._settling -= 1
            for node in self.nodes:
                if node.fits and not node.lost and not node.started:
                    return self._settling == 0
            self._settling = 0
        return True

    def _send(self, kind, address, argument, block):
        frame.encode(self._request, kind, address, argument, block)
        self._uart.write(self._request)

    def run(self):
        """Generator, without end: yields the us until it wants to be resumed; look at `ready`
        after every step."""
        filling, collected = self._cycles
        use = False  # whether `collected` holds a block to be used
        turn = 0
        while True:
            if turn == 0:  # once a second: nodes that are new, were pulled or have restarted
                for node in self.nodes:
                    if node.fits and node.lost:
                        slot = self._slots[node.address - frame.HEAD]
                        self._uart.write(
                            frame.encode_assign(node.serial, node.address, self._schedule, slot)
                        )
                        yield node.request_us
                        self._receive(self._scratch, -1, filling)
            turn = (turn + 1) % _SILENT_LOST

            # Ask for the next block; while the answers come in, the one before is used.
            self._open(filling, self._next)
            self._polled = self._ticks_us()
            self._send(frame.POLL, frame.EVERYBODY, self._schedule, self._next)
            if use:
                self.blocks += 1
                self.ready = collected
                yield 0
                self.ready = None
            yield max(0, self.line_us + _MARGIN_US - ticks_diff(self._ticks_us(), self._polled))
            self._receive(filling.view, filling.offset, filling)

            # Ask again for what is missing before going on: nodes hold their blocks longer than
            # this takes.
            rounds = 0
            while filling.missing and rounds < _REPAIR_ROUNDS:
                for node in self.nodes:
                    mask = self._lacks(node, filling)
                    if mask and node.silent < _SILENT_SOON and self._may_repair(filling):
                        self._send(frame.REPEAT, node.address, mask, filling.block)
                        yield node.request_us
                        self._receive(self._scratch, -1, filling)
                rounds += 1
            for node in self.nodes:
                self._give_up(node, filling)
                node.timeouts += node.silent > 0
                node.lost = node.lost or node.silent >= _SILENT_LOST

            in_turn = self._head.known and filling.block == self._next
            if in_turn:
                self._next = (self._next + 1) & 0xFFFF
                filling.skipped = self._lost
                self._lost = 0
            use = in_turn and self._settled()
            filling, collected = collected, filling
            wait = self._until_next() if self._head.known else _BLOCK_US
            if wait > 0:
                yield wait
