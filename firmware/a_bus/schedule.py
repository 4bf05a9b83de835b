"""Who speaks when on the A-bus: slots in the cycle (docs/a-bus.md sections 4
and 8)."""

from micropython import const

from site.devices import MAX_POINTS
from a_bus.frame import HEADER_BYTES, SECTION_BYTES

_LAST_SLOT_US = const(16000)  # every answer ends before this after POLL
_FIRST_SLOT_US = const(50)
_GUARD_US = const(20)
_HUB_POINTS = const(4)


def microseconds(count: int, baud: int) -> int:
    """Time of `count` bytes on the line, rounded up."""
    return (count * 10000000 + baud - 1) // baud


def repeats(baud: int) -> list[int]:
    """us that a REPEAT of 0 to 4 channels takes on the line, with its answer."""
    return [microseconds(2 * HEADER_BYTES + n * SECTION_BYTES, baud) for n in range(5)]


def lay_out(answers: Iterable[int], baud: int) -> tuple[list[int], int]:
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


def capacity(nodes: Sequence[Node], baud: int) -> int:
    """Points that fit on the line: those of the nodes that fit, and more on CT Hubs, up to the 28
    of an A-bus."""
    answers = [node.answer_bytes() for node in nodes if node.fits]
    points = sum(len(node.channels) for node in nodes[1:] if node.fits)
    hub = HEADER_BYTES + _HUB_POINTS * SECTION_BYTES
    while points + _HUB_POINTS <= MAX_POINTS:
        answers.append(hub)
        if len(lay_out(answers, baud)[0]) < len(answers):
            break
        points += _HUB_POINTS
    return points
