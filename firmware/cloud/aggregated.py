"""The original's `aggregated` (docs/cloud.md), of an interval: in the shape that clients of older
monitors read, and beside it what they have no place for."""

from site.sampling import SAMPLE_RATE
from energy.totals import energies
from cloud.json_pieces import compact, items, rounded, whole

_VERSION = 2  # of the shape
_MW = 1000


def _percent(mw, apparent):
    """The power factor. The power is of whole joules: of a few of them it can be a little more
    than the apparent power."""
    return max(-100, min(100, int(mw * 10 / apparent)))


def _times(value, factor):
    return None if value is None else value * factor


def _mean_mw(joules, samples):
    return (joules * _MW * SAMPLE_RATE + samples // 2) // samples


def _channel(interval, i):
    """A point's means in mA, mW, mVA, mvar and percent; J of the interval alone."""
    means = interval.spread.means
    imported, exported = interval.energy[2 * i], interval.energy[2 * i + 1]
    current, apparent = means.current(i), means.apparent(i)
    known = not interval.doubtful[i]
    drawn, given = _mean_mw(imported, interval.samples), _mean_mw(exported, interval.samples)
    return {
        "ctInput": i,
        "averageRMSCurrent": None if current is None else (current + 50) // 100,
        "averageImportRMSActivePower": drawn if known else None,
        "averageExportRMSActivePower": given if known else None,
        "averageRMSApparentPower": _times(apparent, 10),
        "averageRMSReactivePower": _times(means.reactive(i), 10),
        "averagePowerfactor": _percent(drawn - given, apparent) if known and apparent else None,
        "importEnergy": imported,
        "exportEnergy": exported,
        "missing": interval.missed[i],
    }


def _voltage(interval, p):
    least, mean, most = interval.spread.voltage(p) or (None, None, None)
    return {
        "voltage": whole(mean),
        "minimum": rounded(least, 1),
        "maximum": rounded(most, 1),
        "phaseId": p,
    }


def aggregated(site: Site, interval: Interval, always_on: int | None) -> Iterator[str]:
    """The pieces of the message of an intervals.Interval. always_on: W, or None."""
    points = range(len(site.points))
    least, mean, most = interval.spread.grid() or (None, None, None)
    hertz = interval.spread.frequency()

    def of_load(k, direction):
        if interval.doubts(site.loads[k].points):
            return None
        return interval.of_load(k, direction)

    def tenths(p):
        voltage = interval.spread.voltage(p)
        return whole(voltage and voltage[1] * 10)

    general = {
        "utcTimeStamp": interval.start * 1000,
        "aggregationPeriodSeconds": interval.length,
        "seconds": round(interval.samples / SAMPLE_RATE, 3),
        "regular": interval.regular,
        "estimatedEnergy": interval.estimated,
        "totalPower": whole(mean),
        "minimumPower": whole(least),
        "maximumPower": whole(most),
        "totalImportEnergy": sum(interval.energy[2 * i] for i in points),
        "totalExportEnergy": sum(interval.energy[2 * i + 1] for i in points),
        "measuredFrequency": whole(hertz and hertz[1] * 1000000),
        "totals": energies(site, of_load),
    }
    yield compact(general)[:-1] + ',"voltages":['
    yield from items(_voltage(interval, p) for p in range(site.phases))
    shape = {
        "utcEndtime": (interval.start + interval.length) * 1000,
        "averageRMSVoltages": [tenths(p) for p in range(site.phases)],
        "alwaysOn": _times(always_on, _MW),
        "version": _VERSION,
    }
    yield '],"intervalDatas":[' + compact(shape)[:-1] + ',"channelIntervalDatas":['
    yield from items(_channel(interval, i) for i in points)
    yield "]}]}"
