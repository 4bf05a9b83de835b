"""What is wrong on the A-bus, in words for the installer: each trouble by its name, where it is,
and what to do.

Owns the texts and the memory that they need (line quality of the last ten seconds, currents that
never flow). Called about once a second.
"""

from array import array

from micropython import const

from site.devices import HEADS, HUBS, MOST_POINTS
from a_bus import collect
from measure.readings import CURRENT, RATES, UNKNOWN
from advice.unclosed_cores import UnclosedCores

_MINUTE = const(60)  # updates: about a second each
_WHILE = const(10)
_NOTICED = const(3)  # broken pieces in a thousand
_OPEN = const(50)  # 0.05 % of the rated current, 0.01 mA: less flows in no circuit in use
_STEP = const(8)  # points at once
_MAX_TEXTS = const(8)  # texts at once: a message has an end

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


class Advice:
    """`texts`: [(name, text)], the most serious first; nothing when all is well."""

    def __init__(self, bus, site):
        self.texts = []
        self._bus = bus
        self._site = site
        self._cores = UnclosedCores(site)
        self._reports = 0
        self._idle = array("H", [0] * len(site.points))  # reports without a current
        self._beyond = bytearray(len(site.points))  # reports until an overload is forgotten
        self._before = array("I", [0] * 64)  # sections broken and asked for, of each address
        self._searched = array("I", [0] * 32)  # of each address: searches answered by then
        self._quality = 0  # broken ones in a thousand
        self._bad = []  # serials of nodes with more than 50 in a thousand

    def update(self, values):
        """Look at the bus and at a report's readings.Readings: a generator, to be resumed between
        blocks; `texts` changes at its end."""
        self._reports += 1
        if self._reports % _WHILE == 0:
            self._judge_line()
            yield
        for i in range(len(self._idle)):
            current = values.rates[RATES * i + CURRENT]
            flows = current == UNKNOWN or current > _OPEN * self._site.points[i].rated
            self._beyond[i] = _WHILE if values.saturated[i] else max(0, self._beyond[i] - 1)
            self._idle[i] = 0 if flows else min(self._idle[i] + 1, _MINUTE)
        yield
        yield from self._cores.update(values)
        yield
        texts = []
        self._nodes(texts)
        self._line(texts)
        yield
        yield from self._inputs(texts)
        del texts[_MAX_TEXTS:]
        self.texts = texts

    def _judge_line(self):
        """Compare the counts with those of the time before."""
        damaged = sections = 0
        self._bad = []
        for node in self._bus.nodes.all:
            at = 2 * node.address
            broken = node.count(collect.DAMAGED) + len(node.channels) * node.count(
                collect.TIMEOUTS
            )
            asked = broken + len(node.channels) * node.count(collect.ANSWERS)
            new, out_of = broken - self._before[at], asked - self._before[at + 1]
            self._before[at], self._before[at + 1] = broken, asked
            if not node.lost:
                damaged += new
                sections += out_of
                if new * 20 > out_of:
                    self._bad.append(node.serial)
        self._quality = damaged * 1000 // max(1, sections)

    def _nodes(self, texts):
        nodes = self._bus.nodes
        head = nodes.all[0]
        if head.lost:
            say = "no head %s on the A-bus, nothing can be measured: check its cable"
            texts.append(("no_head", say % head.serial))
        if nodes.points() > MOST_POINTS:
            stale = [node.serial for node in nodes.all if node.named and node.lost]
            extra = [node.serial for node in nodes.all if not node.named and not node.lost]
            say = "%d points, an A-bus carries %d: remove %s, or use a second gateway"
            which = ", ".join(extra) or "some"
            if stale:
                which += " (not seen any more: %s)" % ", ".join(stale)
            texts.append(("too_many_points", say % (nodes.points(), MOST_POINTS, which)))
        for node in nodes.all:
            kind = node.serial[:4]
            if node.twin:
                say = "two nodes have the serial number %s: take one off"
                texts.append(("twin", say % node.serial))
            if not node.named and kind in HEADS:
                # It takes no address but the first, and goes on asking for one.
                if node.searched != self._searched[node.address]:
                    texts.append(("second_head", "%s is a second head: take it off" % node.serial))
                if self._reports % _WHILE == 0:
                    self._searched[node.address] = node.searched
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

    def _inputs(self, texts):
        for i in range(len(self._idle)):
            if i % _STEP == _STEP - 1:
                yield
            point = self._site.points[i]
            if point.metered:  # no node has it
                continue
            node = self._bus.nodes.of(point.node)
            where = ("ABCD"[point.input], point.node)
            if node.plugged >= 0 and not node.plugged >> point.input & 1:
                texts.append(("no_ct", "no CT is plugged in at input %s of %s" % where))
            elif self._cores.is_open(i):
                say = "the CT at input %s of %s sees %.1f %% of its current: close it"
                texts.append(("open_ct", say % (where + (100 * self._cores.share[i],))))
            elif self._beyond[i]:
                say = (
                    "the current at input %s of %s is beyond what its CT can tell: use a larger CT"
                )
                texts.append(("overload", say % where))
            elif self._idle[i] == _MINUTE:
                say = "no current at input %s of %s for a minute: is the CT closed?"
                texts.append(("no_current", say % where))
