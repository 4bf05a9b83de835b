"""What is wrong with the voltages: none where a current flows, too much for the head, a rotation
that is reversed. In words for the installer.

Owns for how many reports each has lasted.
"""

from micropython import const

from site.wiring import DELTA, SPLIT
from measure.readings import CURRENT, RATES, UNKNOWN

_LASTS = const(3)  # reports: what is shorter is an event of the mains
_WHILE = const(10)  # reports for which a peak is remembered
_ALIKE = 0.3  # between two phases, of one of them: they are one
_AMPERE = const(100000)  # 0.01 mA
_STAR_NAMES = ("L1", "L2", "L3")
_DELTA_NAMES = ("L1-L3", "L2-L3", "L1-L2")


class VoltagesAdvice:
    """site: document.Site."""

    def __init__(self, site: Site):
        self._points = site.points
        self._names = _DELTA_NAMES if site.lines == DELTA else _STAR_NAMES
        if site.lines == SPLIT:
            self._names = ("L1", "L2", "L1-L2")
        self._used = [False] * 3  # of each voltage: whether a point is measured with it
        for point in site.points:
            if not point.metered:
                self._used[point.phase] = True
        self._dark = bytearray(3)  # reports without a voltage
        self._beyond = bytearray(3)  # reports until a peak is forgotten
        self._back = 0  # reports with a reversed rotation
        self._alike = bytearray(3)  # reports in which L1 and L2, L2 and L3, L3 and L1 are one
        self._lines = range(1 if site.lines == SPLIT else 3 if site.phases == 3 else 0)

    def note(self, report: Report) -> None:
        """Take a report (quantities.Report)."""
        for p in range(3):
            voltage = report.voltages[p]
            dark = self._used[p] and voltage.rms is not None and not voltage.connected
            self._dark[p] = min(self._dark[p] + 1, _LASTS) if dark else 0
            self._beyond[p] = _WHILE if voltage.clipped else max(0, self._beyond[p] - 1)
        self._back = min(self._back + 1, _LASTS) if report.turns_back else 0
        for p in self._lines:
            alike = self._is_alike(p, report)
            self._alike[p] = min(self._alike[p] + 1, _LASTS) if alike else 0

    @staticmethod
    def _is_alike(p, report):
        between, rms = report.lines[p], report.voltages[p].rms
        return between is not None and rms is not None and between < _ALIKE * rms

    def add_to(self, texts: list[AdviceText], report: Report) -> None:
        """Add what is wrong; the report is the one noted last."""
        for p in range(3):
            if self._beyond[p]:
                say = (
                    "the voltage on %s is beyond what the head can measure: switch the site off, "
                )
                say += "and look for a broken neutral"
                texts.append(("overvoltage", say % self._names[p]))
            if self._dark[p] == _LASTS:
                texts.append(("no_voltage", self._darkness(p, report)))
        for p in range(3):
            if self._alike[p] == _LASTS:
                say = "the head's L%d and L%d are one phase: wire one of them to another"
                texts.append(("same_phase", say % (p + 1, (p + 1) % 3 + 1)))
        if self._back == _LASTS and max(self._alike) < _LASTS:
            say = "rotation reversed: two of the head's phases are swapped, so that circuits are "
            say += "measured with another's voltage; swap them, or the phases in the site"
            texts.append(("rotation", say))

    def _darkness(self, p, report):
        rms = report.voltages[p].rms
        say = "no voltage on %s (%d V)" % (self._names[p], round(rms or 0))
        most, where = 0, None
        for i in range(len(self._points)):
            point = self._points[i]
            current = report.rates[RATES * i + CURRENT]
            if point.phase == p and not point.metered and current != UNKNOWN and current > most:
                most, where = current, point
        if where:
            flows = (most / _AMPERE, "ABCD"[where.input], where.node)
            say += ", but %.1f A at input %s of %s" % flows
            say += ": what flows there is not measured"
        for q in range(3):
            if not self._used[q] and report.voltages[q].connected:
                return say + "; the head's voltage is at %s: wire it to %s" % (
                    _STAR_NAMES[q],
                    self._names[p],
                )
        return say + "; look at the head's wires and fuses"
