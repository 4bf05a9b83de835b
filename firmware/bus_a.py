"""The A-bus master: finds the nodes, asks them for their sample blocks, repairs what arrived
damaged, and hands over complete cycles in order.

Owns the cycle and the receive buffers (docs/a-bus.md). It never sleeps: `run()` is a generator
that yields how long it has nothing to do, so the same code runs under asyncio and, without
waiting, in replay. In steady state it allocates nothing.
"""

from time import ticks_diff

from micropython import const

from system.refused import Refused
from site.sampling import BLOCK, BLOCK_US
from a_bus import collect, frame
from a_bus.backlog import Backlog
from a_bus.collect import begin, end
from a_bus.cycle import Cycle
from a_bus.frame import EVERYBODY, POLL, encode
from a_bus.nodes import Nodes
from a_bus.receive import Receiver
from a_bus.schedule import capacity, microseconds, repeats
from a_bus.search import Search

_MARGIN_US = const(300)  # from an answer's end until its bytes are surely in the driver's buffer
_HURRIED_US = const(200)  # the same while hurried: a node that answers late is then repaired
_LATE_US = const(1000)  # between looks for the rest of a frame, of which the driver gave a part
_LATE_LOOKS = const(5)
_TURNAROUND_US = const(100)  # the longest that an answer to a request may take to begin
_SHORT_ANSWER = const(40)  # bytes: the longest answer to ASSIGN, QUERY, IDENTIFY
_REPAIR_ROUNDS = const(6)
_POLLS = const(2)  # of one block, while nobody answers
_SILENT_SOON = const(3)  # cycles without an answer after which nothing is tried again
_SILENT_LOST = const(50)  # cycles without an answer after which a node is lost
_REPAIR_UNTIL = const(4)  # blocks complete: so far behind, repairs take the time that they need;
_REPAIR_US = const(3500)  # farther behind so much for a block on an average,
_MAX_REPAIR_US = const(20000)  # with what the blocks before have left
_SETTLE = const(100)  # cycles that nodes get after the head is known to come in step
_FIRST_SEARCHES = const(12)  # at a start, at the most
_SEARCH_EVERY = const(25)  # cycles: half a second,
_ROUND = const(100)  # and while hurried
_SELDOM = const(8)  # cycles: while hurried only the free time of one of them is used
_LOOKS = const(3)  # for misplaced devices, while what is heard is nobody's answer
_LOOK_EVERY = const(0xFFF)  # blocks, as a mask: 82 s,
_LOOK_AGAIN = const(0x1FF)  # while there is one: 10 s
_QUERY_EVERY = const(12)  # cycles, one node each time
_BITS = bytes(bin(mask).count("1") for mask in range(16))


class BusA:
    """The master. After each step of `run()`, `ready` is a complete Cycle to be used before the
    next step, or None. `misplaced`: what else has answered, see misplaced.look.

    named: of the site, the head first: channels 0 to 2 are its voltages. `channels`: length of a
    cycle's `where`. session: see a_bus.search.
    """

    def __init__(
        self, uart: UartLine, ticks_us: Ticks, baud: int, named: Named, channels: int, session: int
    ):
        self.nodes = Nodes(named, channels, baud)
        self.ready: Cycle | None = None
        self.blocks = 0  # handed over
        self._uart = uart
        self._ticks_us = ticks_us
        self._search = Search(session, baud)
        self._schedule = 1 + session % 255
        self._short_us = microseconds(32 + _SHORT_ANSWER, baud) + _TURNAROUND_US + _MARGIN_US
        self._repeat_us = [us + _TURNAROUND_US + _MARGIN_US for us in repeats(baud)]
        self.capacity = capacity(self.nodes.all, baud)
        poll_us = microseconds(frame.HEADER_BYTES, baud)
        self.line_us = poll_us + self.nodes.end_us
        self._early_us = poll_us + self.nodes.last_us + _HURRIED_US
        size = sum(node.answer_bytes() for node in self.nodes.all if node.fits) + 64
        # One place for both cycles: a block is used before the answers to the POLL that has just
        # been sent are read; until then the UART's driver holds them.
        self.samples = bytearray(size + channels * BLOCK * 2)
        view = memoryview(self.samples)[:size]
        self._cycles = [Cycle(view, self.nodes.early_bytes, size, channels) for _ in range(2)]
        self._request = bytearray(frame.HEADER_BYTES)
        self.receiver = Receiver(uart, self.nodes, self.samples, self._request, session)
        self._requests = []  # requests to be sent: (kind, address, argument, block)
        self._searching = True  # search in the next free time
        self.misplaced: str | None = None
        self._looks = _LOOKS  # for misplaced devices to be made, at the most
        self._baud = baud
        self._searches = _FIRST_SEARCHES  # to be made before the next POLL, at the most
        self._use = False  # whether a block is collected and not yet handed over
        self._queried = 0  # the address last asked for its status
        self._settling = _SETTLE  # cycles left
        self.backlog = Backlog()
        self._allowed_us = 0  # for repairs while far behind
        self._polled = 0  # ticks when the last POLL began: the reference edge
        self.session = session
        self._others_us = 0  # until the answers to another one have surely come

    def go_on(self, other: BusA, block: int) -> None:
        """Go on where another one has ended, with this block, which the nodes hold. With another
        session: they get their addresses anew, and keep their time."""
        self.backlog.go_on(other.backlog, block)
        self.blocks, self._settling, self._others_us = other.blocks, 0, other.line_us

    def behind(self) -> int:
        """Blocks that are complete at the head and not yet handed over: 1 or 2 when the gateway
        keeps up. Allocates nothing."""
        return self.backlog.behind(self._ticks_us(), self.backlog.next - self._use)

    def age_ms(self, block: int, sample: int) -> int:
        """How long ago the head took that sample (0 to 64) of a block that was handed over, in
        ms, by the head's clock. Allocates nothing."""
        return self.backlog.age_us(self._ticks_us(), block, sample) // 1000

    def scan(self) -> None:
        """Look for nodes now, and not only at the next half second; and for misplaced devices."""
        self._searching = True
        self._looks = _LOOKS

    def identify(self, serial: str, inputs: int, seconds: int) -> None:
        """Let the LED of a node blink at its `inputs` (bit mask) for `seconds` (0 to 600; 0 ends
        it; what was asked of it before and not yet sent is forgotten). Refused when there is no
        such node."""
        node = self.nodes.of(serial)
        if node is None or node.lost:
            raise Refused("no node %s on the A-bus" % serial)
        requests = [other for other in self._requests if other[1] != node.address]
        self._requests = requests + [(frame.IDENTIFY, node.address, inputs, seconds)]

    # The cycle

    def _may_repair(self, cycle, us):
        """Whether there is time for a repair that takes `us`: the blocks after this one can wait,
        or the backlog shrinks all the same."""
        if us <= self._allowed_us:
            return True
        return self.backlog.behind(self._ticks_us(), cycle.block) <= _REPAIR_UNTIL

    def _open(self, cycle, block):
        """Make `cycle` ready to receive `block`."""
        nodes = self.nodes
        cycle.block = block
        begin(cycle.where, nodes.initial, nodes.rows, cycle.state, block)

    def _settled(self):
        """Whether measuring may begin: every node that answers has come in step, or had its time.
        What is not there yet at a start is not lost."""
        self._settling = 0 if self.nodes.settled() else self._settling - 1
        return self._settling == 0

    def _poll(self, block):
        """Ask for a block."""
        self._polled = self._ticks_us()
        encode(self._request, POLL, EVERYBODY, self._schedule, block)
        self._uart.write(self._request)

    def _send(self, kind, address, argument, block):
        encode(self._request, kind, address, argument, block)
        self._uart.write(self._request)

    def _query_next(self):
        """Ask the next node that is there for its status; returns whether there is one."""
        self._queried = self.nodes.next_there(self._queried)
        if self._queried:
            self._send(frame.QUERY, self._queried, 0, 0)
        return self._queried > 0

    def _assign(self):
        """Give the node that was found last its address; returns whether anything was sent."""
        serial, nonce, inputs, version = self.receiver.found_nodes.pop()
        node = self.nodes.admit(serial, nonce, inputs, version)
        if node is None:
            return False
        schedule = self._schedule if node.fits else 0
        self._uart.write(
            frame.encode_assign(
                serial, node.address, schedule, node.slot, self._search.session, nonce
            )
        )
        return True

    def run(self) -> Generator[int, None, Never]:
        """Generator, without end: yields the us until it wants to be resumed; look at `ready`
        after every step. Another one may be made when one has failed."""
        filling, collected = self._cycles
        backlog, receiver, nodes = self.backlog, self.receiver, self.nodes
        ticks_us = self._ticks_us
        receiver.restart()
        backlog.lose(self._use)
        self._use = False
        self.ready = None
        self._uart.set_baud(self._baud)
        turn = quiet = 0
        if self._others_us:
            yield self._others_us
            self._others_us = 0
            receiver.drop()
        while True:
            # Find nodes: before the first POLL until nobody new answers, then now and then.
            while self._searches:
                self._searches -= 1
                self._uart.write(self._search.frame())
                yield self._search.us + _MARGIN_US
                receiver.answer_to_search(filling)
                if not receiver.heard:
                    self._searches = 0
                while receiver.found_nodes:
                    if self._assign():
                        yield self._short_us
                        receiver.answer(filling)

            wait = backlog.until_next(ticks_us())
            hurried = wait < -BLOCK_US
            if wait > 0:
                yield wait

            # Ask for the next block; while the answers come to the driver, the one before is used.
            block = backlog.next
            self._open(filling, block)
            self._poll(block)
            if self._use:
                self._use = False
                self.blocks += 1
                self.ready = collected
                yield 0
                self.ready = None
            if hurried:
                self._allowed_us = min(self._allowed_us + _REPAIR_US, _MAX_REPAIR_US)
                since = ticks_diff(ticks_us(), self._polled)
                if since < self._early_us:  # so that little is left to do after the end
                    yield self._early_us - since
                    receiver.early_answers(filling)
            else:
                self._allowed_us = _MAX_REPAIR_US
            polls = _POLLS if quiet < _SILENT_SOON else 1
            while polls:
                polled = self._polled
                end_us = self.line_us + (_HURRIED_US if hurried else _MARGIN_US)
                wait = end_us - ticks_diff(ticks_us(), polled)
                yield wait if wait > 0 else 0
                if receiver.answers(filling):  # the UART's driver is late
                    looks = _LATE_LOOKS
                    while looks:
                        looks -= 1
                        yield _LATE_US
                        if not receiver.late_answers(filling, not looks):
                            break
                backlog.note(polled, receiver)
                polls -= 1
                if receiver.heard or not polls or not backlog.head.known:
                    break
                self._poll(block)
            quiet = 0 if receiver.heard else min(quiet + 1, _SILENT_SOON)

            # Ask again for what is missing before going on.
            rounds = _REPAIR_ROUNDS if filling.state[collect.MISSING] else 0
            asked = False
            while rounds and filling.state[collect.MISSING]:
                for node in nodes.all:
                    mask = node.lacks(filling.where)
                    silent = node.count(collect.SILENT)
                    us = self._repeat_us[_BITS[mask]]
                    if mask and silent < _SILENT_SOON and self._may_repair(filling, us):
                        self._send(frame.REPEAT, node.address, mask, filling.block)
                        asked = True
                        self._allowed_us = max(0, self._allowed_us - us)
                        yield us
                        receiver.answer(filling)
                rounds -= 1
            # What is missing now is a gap; nodes that have been silent for long are lost.
            if end(filling.where, nodes.rows, _SILENT_LOST):
                nodes.review(_SILENT_LOST)

            self._use = backlog.take(filling) and (not self._settling or self._settled())
            filling, collected = collected, filling

            # The free time; what can wait does after repairs.
            turn = (turn + 1) % _ROUND
            if hurried and turn % _SELDOM:
                continue
            if self._searching or not turn % _SEARCH_EVERY:
                self._searching = False
                self._searches = 1
            elif self._requests:
                self._send(*self._requests.pop(0))
                yield self._short_us
                receiver.answer(filling)
            elif asked or hurried:
                continue
            elif self._looks and not (self._settling and backlog.head.known):
                from a_bus.misplaced import look  # seldom needed

                self._looks -= 1
                self.misplaced = yield from look(self._uart, receiver, self._baud)
                if self.misplaced != "":
                    self._looks = 0
            elif not backlog.next & (_LOOK_EVERY if self.misplaced is None else _LOOK_AGAIN):
                self._looks = 1
            elif turn % _QUERY_EVERY == 0 and self._query_next():
                yield self._short_us
                receiver.answer(filling)
