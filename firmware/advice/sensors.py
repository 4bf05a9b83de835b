"""What is wrong on the A-bus, in words for the installer: each trouble by its name, where it is,
and what to do.

Owns the texts and what the inputs' currents were. Called about once a second.
"""

import asyncio
import json

from micropython import const

from measure.readings import CURRENT, RATES, UNKNOWN
from commission.findings import Findings
from commission.wiring import Wiring
from advice.nodes import NodesAdvice
from advice.order import ordered
from advice.unclosed_cores import UnclosedCores
from advice.voltages import VoltagesAdvice

_FIND = const(3)  # looks without a report, each 2 s: until then the bus may still find its nodes
_MINUTE = const(60)  # reports: about a second each
_WHILE = const(10)
_OPEN = const(50)  # 0.05 % of the rated current, 0.01 mA: less flows in no grid in use
_STEP = const(8)  # points at once
_NO_PHASE = (
    "the current at input %s of %s is measured, and no power: its phase is not in the "
    "configuration; choose it and apply the configuration again"
)


class Advice:
    """`texts`: [(name, text)], the most serious first; nothing when all is well. watch: whether
    the CTs' wiring is looked at; number: of the newest report before the site was used."""

    def __init__(self, bus: BusA, site: Site, watch: bool = True, number: int = 0):
        self.texts = []
        self._bus = bus
        self._site = site
        self._nodes = NodesAdvice(bus)
        self._voltages = VoltagesAdvice(site)
        self._cores = UnclosedCores(site)
        self._wiring = Wiring(site) if watch else None
        self._findings = Findings(site, self._wiring) if self._wiring else None
        self._updates = 0
        self._number = number  # of the report looked at last
        self._finds = _FIND
        self._idle = bytearray(len(site.points))  # reports in which the grid had no current
        self._beyond = bytearray(len(site.points))  # reports until an overload is forgotten

    def update(self, report: Report, number: int) -> Steps:
        """Look at the bus and, where its number is another one than before, at a report
        (quantities.Report): a generator, to be resumed between blocks; `texts` changes at its
        end. Before the site's first report nothing is said for some looks."""
        if number != self._number:
            self._finds = 0
        if self._finds:
            self._finds -= 1
            return
        self._updates = (self._updates + 1) % _WHILE
        if self._updates == 0:
            self._nodes.judge()
            yield
        if number != self._number:
            self._number = number
            self._note(report.values)
            self._voltages.note(report)
            yield
            yield from self._cores.update(report.values)
            yield
            if self._wiring:
                yield from self._wiring.note(report)
                yield
        texts = []
        self._nodes.add_to(texts)
        self._voltages.add_to(texts, report)
        yield
        yield from self._inputs(texts)
        if self._findings:
            self._findings.add_to(texts)
        self.texts = ordered(texts)

    def describe(self) -> Iterable[Table]:
        """Of each point what is known of its wiring, as JSON has it; a ms or two for each."""
        return self._findings.describe() if self._findings else ()

    async def commission(self, _: object = None) -> str:
        """The command "commission": what is known of each point's wiring, as JSON. Others have
        their turn behind each point."""
        texts = []
        for one in self.describe():
            texts.append(json.dumps(one, separators=(",", ":")))
            await asyncio.sleep_ms(0)
        return "[%s]" % ",".join(texts)

    def _note(self, values):
        for i in range(len(self._idle)):
            point = self._site.points[i]
            current = values.rates[RATES * i + CURRENT]
            flows = current == UNKNOWN or current > _OPEN * point.rated
            if self._site.loads[point.load].role != "grid":
                flows = True
            self._beyond[i] = _WHILE if values.saturated[i] else max(0, self._beyond[i] - 1)
            self._idle[i] = 0 if flows else min(self._idle[i] + 1, _MINUTE)

    def _inputs(self, texts):
        for i in range(len(self._idle)):
            if i % _STEP == _STEP - 1:
                yield
            point = self._site.points[i]
            node = None if point.metered else self._bus.nodes.of(point.node)
            if node is None:
                continue
            where = ("ABCD"[point.input], point.node)
            if node.plugged >= 0 and not node.plugged >> point.input & 1:
                texts.append(("no_ct", "no CT is plugged in at input %s of %s" % where))
            elif point.phaseless:
                texts.append(("no_phase", _NO_PHASE % where))
            elif self._cores.is_open(i):
                say = "the CT at input %s of %s sees %.1f %% of its current: close it"
                texts.append(("open_ct", say % (where + (100 * self._cores.share[i],))))
            elif self._beyond[i]:
                say = "the current at input %s of %s is beyond its CT's range: use a larger CT"
                texts.append(("overload", say % where))
            elif self._idle[i] == _MINUTE:  # of the grid: a circuit may well be off
                say = "no current at input %s of %s for a minute: is the CT closed?"
                texts.append(("no_current", say % where))
