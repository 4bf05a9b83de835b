"""The A-bus's layout of a cycle for some lines. Prints of each the bytes of a cycle, its us, the
points that fit, the line's capacity."""

from a_bus.nodes import Nodes
from a_bus.schedule import capacity, microseconds


def lay(baud, *counts):
    named = [("5400000001", (0, 1, 2))]
    for kind, channels, count in counts:
        named += [(kind + "%06d" % k, (-1,) * channels) for k in range(count)]
    nodes = Nodes(named, 3, baud)
    fit = [node for node in nodes.all if node.fits]
    points = sum(len(node.channels) for node in fit[1:])
    us = microseconds(12, baud) + nodes.end_us
    answers = sum(node.answer_bytes() for node in fit)
    print(12 + answers, us, points, capacity(nodes.all, baud))


lay(3000000, ("5500", 4, 7))
lay(3000000, ("5500", 4, 1), ("5600", 3, 8))
lay(1500000, ("5500", 4, 7))
lay(1500000, ("5600", 3, 8))
