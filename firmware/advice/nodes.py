"""What is wrong with the nodes of the A-bus and with the line, in words for the installer.

Owns the line's quality over the last ten seconds.
"""

from array import array

from micropython import const

from site.devices import HEADS, HUBS, MAX_POINTS
from a_bus import collect

_NOTICED = const(3)  # broken pieces in a thousand
_WORD = const(0xFFFFFFFF)  # counts go round after months, differences do not

# Serial numbers of devices that do not belong on the A-bus.
_ELSEWHERE = {
    "40": "a Switch; it is joined by radio",
    "50": "a gateway; only one may be on a bus",
    "51": "a gateway; only one may be on a bus",
    "57": "a module of the B-bus; plug it into port B",
}


def _wrong_kind(serial):
    what = _ELSEWHERE.get(serial[:2], "no device of the A-bus")
    return "wrong_kind", "%s on port A is %s" % (serial, what)


class NodesAdvice:
    """Reads the bus, and nothing else."""

    def __init__(self, bus: BusA):
        self._bus = bus
        self._before = array("I", [0] * 64)  # sections broken and asked for, of each address
        self._searched = array("I", [0] * 32)  # of each address: searches answered by then
        self._judged = False  # since add_to()
        self._quality = 0  # broken ones in a thousand
        self._bad = []  # serials of nodes with more than 50 in a thousand

    def judge(self) -> None:
        """Ten seconds are over: compare the counts with those of the time before."""
        self._judged = True
        damaged = sections = 0
        self._bad = []
        for node in self._bus.nodes.all:
            at = 2 * node.address
            broken = node.count(collect.DAMAGED) + len(node.channels) * node.count(
                collect.TIMEOUTS
            )
            asked = broken + len(node.channels) * node.count(collect.ANSWERS)
            new = (broken - self._before[at]) & _WORD
            out_of = (asked - self._before[at + 1]) & _WORD
            self._before[at], self._before[at + 1] = broken & _WORD, asked & _WORD
            if not node.lost:
                damaged += new
                sections += out_of
                if new * 20 > out_of:
                    self._bad.append(node.serial)
        self._quality = damaged * 1000 // max(1, sections)

    def add_to(self, texts: list[AdviceText]) -> None:
        """Add what is wrong now."""
        self._nodes(texts)
        self._line(texts)
        if self._judged:
            self._judged = False
            for node in self._bus.nodes.all:
                self._searched[node.address] = node.searched & _WORD

    def _nodes(self, texts):
        nodes = self._bus.nodes
        head = nodes.all[0]
        if head.lost:
            say = "no head %s on the A-bus, nothing on it can be measured: check its cable"
            texts.append(("no_head", say % head.serial))
        if nodes.points() > MAX_POINTS:
            stale = [node.serial for node in nodes.all if node.named and node.lost]
            extra = [node.serial for node in nodes.all if not node.named and not node.lost]
            say = "%d points, an A-bus carries %d: remove %s, or use a second gateway"
            which = ", ".join(extra) or "some"
            if stale:
                which += " (not seen any more: %s)" % ", ".join(stale)
            texts.append(("too_many_points", say % (nodes.points(), MAX_POINTS, which)))
        for node in nodes.all:
            kind = node.serial[:4]
            if node.twin:
                say = "two nodes have the serial number %s: take one off"
                texts.append(("twin", say % node.serial))
            if not node.named and kind in HEADS:
                # It takes no address but the first, and goes on asking for one.
                if node.searched != self._searched[node.address]:
                    texts.append(("second_head", "%s is a second head: take it off" % node.serial))
            elif not node.named and not node.lost:
                if kind not in HUBS:
                    texts.append(_wrong_kind(node.serial))
                else:
                    say = "%s is on the bus but not in the site: add it, or take it off"
                    texts.append(("not_in_site", say % node.serial))
            elif node.lost and node is not head:
                say = "%s does not answer%s: check its cable and supply"
                since = " any more" if node.found else ""
                texts.append(("missing", say % (node.serial, since)))
            elif node.named and not node.fits:
                say = "no room for %s at this speed: %d points fit"
                texts.append(("no_room", say % (node.serial, self._bus.capacity)))

    def _line(self, texts):
        misplaced = self._bus.misplaced
        if misplaced:
            texts.append(_wrong_kind(misplaced))
        elif misplaced is not None:
            texts.append(
                ("wrong_kind", "something on port A speaks Modbus: plug B-bus modules into port B")
            )
        if self._bus.receiver.foreign:
            texts.append(("other_gateway", "another gateway speaks on this bus: take it off"))
        if self._bad and len(self._bad) < len(self._bus.nodes.all):
            say = "much of what %s says is damaged or late: check its cable and plugs"
            texts.append(("damaged", say % ", ".join(self._bad)))
        elif self._quality >= _NOTICED:
            say = "%d of 1000 pieces are damaged: check the terminator in the last hub, the cable"
            texts.append(("line", say % self._quality))
