"""What the commissioning page shows of the site and of the newest report, as pieces of JSON.

Owns a copy of the newest report: while an answer goes out the next one is worked through. Numbers
are as in measure.readings and measure.quantities, null where they are not measured.
"""

from array import array
from math import atan2, pi

from micropython import const

from system.version import VERSION
from site.schemes import SCHEMES, UNKNOWN
from measure import readings
from measure.quantities import FREQUENCY, LINES, VOLTS
from measure.readings import RATES
from cloud.json_pieces import compact

_STEP = const(4)  # points in a piece
_TENTHS = 1800 / pi


def site(place: Site, serial: str, language: str, token: str) -> Generator[bytes]:
    """What stays as long as a site is in use. serial: the gateway's; language: the phone's; token:
    commands.PhoneCommands.token."""
    names = SCHEMES[place.scheme][1]
    head = {"serial": serial, "version": VERSION, "site": place.fingerprint, "lang": language}
    head["token"] = token
    head["name"], head["scheme"], head["phases"] = place.name, place.scheme, names
    yield compact(head)[:-1].encode()
    before = b',"loads":['
    for load in place.loads:
        yield before + compact((load.name, load.role)).encode()
        before = b","
    before = b'],"points":['
    for point in place.points:
        phase = UNKNOWN if point.phaseless else names[point.phase]
        said = point.node, "ABCD"[point.input], point.load, phase, bool(point.reversed)
        yield before + compact(said + (point.type, point.rated, point.metered)).encode()
        before = b","
    yield b"]}"


class Values:
    """`number`: which report it is, -1 before the first."""

    def __init__(self) -> None:
        self.number = -1
        self._rates = self._supply = array("i")
        self._saturated = b""
        self._angles: list[int | None] = []
        self._site = ""
        self._age_ms: int | None = None

    def take(self, place: Site, measuring: Measuring, now_ms: int | None) -> None:
        """Copy the newest report, which is whole."""
        report = measuring.report
        self.number = measuring.reports
        self._site = place.fingerprint
        self._rates = array("i", report.rates)
        self._supply = array("i", report.supply)
        self._saturated = bytes(report.values.saturated)
        self._angles = [p and round(atan2(p[1], p[0]) * _TENTHS) for p in report.phasors]
        ended_ms = measuring.ended_ms
        self._age_ms = None if now_ms is None or ended_ms is None else now_ms - ended_ms

    def pieces(self) -> Generator[bytes]:
        """The report: volts and angles of the voltages, the voltages between lines, and of each
        point W, var, VA, power factor, angle, A, V and whether it was beyond its range."""
        rates, supply = self._rates, self._supply
        said = self.number, self._site, _text(self._age_ms), _number(supply[FREQUENCY])
        yield ('{"n":%d,"site":"%s","age":%s,"hz":%s' % said).encode()
        volts = [(_number(supply[VOLTS + p]), _text(self._angles[p])) for p in range(3)]
        lines = tuple(_number(supply[LINES + p]) for p in range(3))
        said = volts[0] + volts[1] + volts[2] + lines
        yield (',"u":[[%s,%s],[%s,%s],[%s,%s]],"lines":[%s,%s,%s]' % said).encode()
        before = ',"p":['
        for first in range(0, len(self._saturated), _STEP):
            said = []
            for i in range(first, min(first + _STEP, len(self._saturated))):
                rate = [_number(rates[k]) for k in range(RATES * i, RATES * (i + 1))]
                said.append("[%s,%d]" % (",".join(rate), self._saturated[i]))
            yield (before + ",".join(said)).encode()
            before = ","
        yield b"]}" if self._saturated else b',"p":[]}'


def _number(value):
    return "null" if value == readings.UNKNOWN else str(value)


def _text(value):
    return "null" if value is None else str(value)
