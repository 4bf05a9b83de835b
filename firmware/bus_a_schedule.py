"""Who speaks when on the A-bus: the nodes, and their slots in the cycle (docs/a-bus.md sections 4
and 8)."""

from bus_a_frame import HEADER_BYTES, SECTION_BYTES, TIMING_BYTES
from micropython import const

MOST_POINTS = const(28)
HEAD_TYPES = ("5400", "5020")
_LAST_SLOT_US = const(16000)  # every answer ends before this after POLL
_FIRST_SLOT_US = const(50)
_GUARD_US = const(20)
_HUB_POINTS = const(4)


class Node:
    """One node: who it is, where its channels go, and what has gone wrong with it since start."""

    def __init__(self, serial, channels):
        """`serial`: its ten digits; `channels`: for each of its inputs the index in a cycle's
        `where`, or -1 where it is not used."""
        self.serial = serial
        self.channels = channels
        self.address = 0
        self.request_us = 0  # time for a request and its longest answer to it
        self.lost = True
        self.fits = True
        self.in_step = False
        self.started = False  # whether it has ever delivered: before that nothing of it is missed
        self.silent = 0  # cycles in a row without an answer
        self.answers = 0
        self.timeouts = 0
        self.damaged = 0  # sections with a wrong check
        self.repairs = 0  # sections had by asking again
        self.gaps = 0  # channel blocks lost for good

    def answer_bytes(self):
        """Length of its answer to POLL."""
        timing = TIMING_BYTES if self.serial[:4] in HEAD_TYPES else 0
        return HEADER_BYTES + timing + len(self.channels) * SECTION_BYTES

    def state(self):
        """In a word, for people (docs/cloud.md)."""
        if not self.fits:
            return "no room"
        if self.lost:
            return "lost"
        return "well" if self.in_step else "synchronising"


def microseconds(count, baud):
    """Time of `count` bytes on the line, rounded up."""
    return (count * 10000000 + baud - 1) // baud


def lay_out(answers, baud):
    """Slots for the nodes that fit on the line (docs/a-bus.md section 4).

    `answers`: bytes of each node's answer, the head's first. Returns (slots in us of those that
    fit, end of the last one in us).
    """
    slots = []
    at = end = _FIRST_SLOT_US
    for count in answers:
        if at + microseconds(count, baud) > _LAST_SLOT_US:
            break
        slots.append(at)
        end = at + microseconds(count, baud)
        at = end + _GUARD_US
    return slots, end


def capacity(nodes, baud):
    """Points that fit on the line: those of the nodes that fit, and more on CT Hubs, up to the 28
    of an A-bus."""
    answers = [node.answer_bytes() for node in nodes if node.fits]
    points = sum(len(node.channels) for node in nodes[1:] if node.fits)
    hub = HEADER_BYTES + _HUB_POINTS * SECTION_BYTES
    while points + _HUB_POINTS <= MOST_POINTS:
        answers.append(hub)
        if len(lay_out(answers, baud)[0]) < len(answers):
            break
        points += _HUB_POINTS
    return points
