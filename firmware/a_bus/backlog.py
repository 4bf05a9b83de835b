"""How far the gateway is behind the head: which block is asked for next and when, and which ones
are given up.

Owns the head's time and the count of what was given up. Times are us as time.ticks_us, blocks
modulo 65536. Allocates nothing.
"""

from micropython import const

from site.sampling import BLOCK, BLOCK_US
from a_bus.cycle import difference
from a_bus.head_time import HeadTime

_ASK_AFTER_US = const(2500)  # a block is asked for this long after its last sample
_HELD_US = const(2500000)  # so long after it is complete a node surely still holds a block
_PIECE = const(4)  # blocks that are given up at once
_AHEAD_US = const(140000)  # no block is waited for any longer
_PATIENCE = const(250)  # cycles without a head, 5 s or more, before the gateway counts by itself


class Backlog:
    """`next`: the block to ask for. `skipped`: blocks given up because the gateway came too late.
    `restarts`: how often the head began to count anew. `head`: HeadTime."""

    def __init__(self) -> None:
        self.next = 0
        self.skipped = 0
        self.restarts = 0
        self.head = HeadTime()
        self._lost = 0  # blocks that no channel has, to be counted in the next cycle
        self._patience = 0  # cycles left; 0: there is a head, or nothing to do without one
        self._alone = False  # the time is our own

    def do_without_head(self) -> None:
        """Where no head gives its time at the start, blocks are counted by our own clock after
        some seconds: what is measured elsewhere is reported then."""
        self._patience = _PATIENCE

    def go_on(self, other: Backlog, block: int) -> None:
        """Go on, with this block, where another site's has ended: the head's time is known."""
        self.head, self.next = other.head, block
        self.skipped, self.restarts = other.skipped, other.restarts
        self._patience, self._alone = other._patience, other._alone

    def note(self, polled: int, received: Receiver) -> None:
        """Take the head's time where it was given: `block` and `within` at `polled`."""
        head, block = self.head, received.block
        if not received.timed:
            if self._patience:
                self._patience -= 1
                if not self._patience:
                    self._alone = True
                    head.set(polled, self.next, 0)
            head.keep_up(polled)
        elif not head.follows(polled, block, received.within):
            if head.known:
                self.restarts += not self._alone
                self.lose(max(0, difference(head.block_at(polled), self.next)))
            self._patience = 0
            self._alone = False
            self.next = block
            head.set(polled, block, received.within)

    def until_next(self, now: int) -> int:
        """us until it is time to ask for `next`, or for any block of an unknown head;
        negative when it was some time ago. Gives up what nodes soon hold no more, in small pieces:
        whoever comes too late for ever loses a little now and then."""
        head = self.head
        if not head.known:
            return BLOCK_US
        wait = head.until_complete(self.next, now)
        if wait < -_HELD_US:
            count = (-wait - _HELD_US) // BLOCK_US + _PIECE
            self.skipped += count
            self.lose(count)
            self.next = (self.next + count) & 0xFFFF
            wait += count * BLOCK_US
        elif wait > _AHEAD_US:  # the head has gone back a little
            self.next = (head.block_at(now) - 2) & 0xFFFF
            wait = head.until_complete(self.next, now)
        return wait + _ASK_AFTER_US

    def take(self, cycle: Cycle) -> bool:
        """Whether `cycle` is of the block in turn; then it is the next one's."""
        if not self.head.known or cycle.block != self.next:
            return False
        self.next = (self.next + 1) & 0xFFFF
        cycle.skipped = self._lost
        self._lost = 0
        return True

    def lose(self, count: int) -> None:
        """So many blocks are had by nobody."""
        self._lost += count

    def behind(self, now: int, block: int) -> int:
        """Blocks that the head has completed, `block` and those after it."""
        return max(0, difference(self.head.block_at(now), block)) if self.head.known else 0

    def age_us(self, now: int, block: int, sample: int) -> int:
        """How long before `now` the head took that sample (0 to 64) of a block."""
        return (BLOCK - sample) * 625 // 2 - self.head.until_complete(block, now)
