"""Names and payloads of the original's messages (docs/cloud.md): what its own tools read.

`realtime` is a form; each other payload is a generator of pieces of JSON text, as in topics.py.
"""

import json

from system.version import VERSION
from site.sampling import SAMPLE_RATE
from measure.quantities import FREQUENCY, VOLTS
from measure.readings import APPARENT, CURRENT, FACTOR, POWER, RATES, REACTIVE
from energy.intervals import FIVE_MINUTES
from energy.registers import EXPORT, IMPORT
from energy.totals import energies
from cloud import figures as f
from cloud.json_pieces import compact, items, rounded, whole
from cloud.json_text import Form, quoted

_PHASE_NAMES = "ABC"
# The stems of the original's mRIDs for each phase.
_PHASE_CODES = (128, 64, 32)


# Retained


def config(site, serial, now_ms):
    """The original's `config`."""
    yield json.dumps(
        {
            "utcTimeStamp": now_ms or 0,
            "deviceUuid": site.uuid,
            "serialNumber": serial,
            "serviceLocationUuid": site.uuid,
            "serviceLocationId": site.location,
            "firmwareVersion": VERSION,
            "aggregationPeriodSeconds": FIVE_MINUTES,
            "timeZone": site.timezone,
        }
    )


def _formula(point):
    return "$%s/%d$" % (point.node, point.input)


def _data_source(site, i):
    point = site.points[i]
    return {
        "busAddress": {"serialNumber": point.node, "inputIndex": point.input},
        "type": point.type,
        "reversed": point.reversed,
        "version": 1,
        "name": site.loads[point.load].name,
        "nilm": False,
        "measurementType": {
            "commodity": "ELECTRICITY",
            "measurementKind": "ACTIVE_POWER",
            "unit": "WATT",
            "index": i,
            "phase": "PHASE" + _PHASE_NAMES[point.phase],
            "channel": i,
            "mRID": "1.37.%d.38" % _PHASE_CODES[point.phase],
        },
    }


def _measurement(site, i):
    point = site.points[i]
    load = site.loads[point.load]
    return {
        "version": 1,
        "type": "CT",
        "name": load.name,
        "formula": _formula(point),
        "publishIndex": i,
        "flow": "PRODUCTION" if load.role == "solar" else "CONSUMPTION",
        "connectionType": "GRID" if load.role == "grid" else "SUBMETER",
    }


def channel_config(site, now_ms):
    """The original's `channelConfigV2`."""
    yield '{"utcTimeStamp": %d, "dataProcessingSpecification": {"serviceLocationId": %d, ' % (
        now_ms or 0,
        site.location,
    )
    yield '"phaseType": "%s", "dataSources": [' % site.phase_type
    yield from items(_data_source(site, i) for i in range(len(site.points)))
    yield '], "measurements": ['
    yield from items(_measurement(site, i) for i in range(len(site.points)))
    yield "]}}"


def sensor_config(modules, now_ms):
    """The original's `sensorConfig`: the Input modules among `modules`."""
    yield '{"utcTimeStamp": %d, "gwSensors": [' % (now_ms or 0)
    yield from items(module.sensor() for module in modules if module.KIND == "input")
    yield '], "switchSensors": []}'


def home_control_config(outputs, now_ms):
    """The original's `homeControlConfig`. outputs: [(module, output)]."""
    yield '{"utcTimeStamp": %d, "switchActuators": [' % (now_ms or 0)
    yield from items(
        {"nodeId": output.node, "name": output.name, "serialNumber": module.serial}
        for module, output in outputs
    )
    yield '], "smartplugActuators": [], "maximumAmpere": 0}'


# Every second

# A point's rates: name, index, digits left away; cosPhi is truncated.
_RATES = (
    (b',"power":', POWER, 2),
    (b',"apparentPower":', APPARENT, 2),
    (b',"reactivePower":', REACTIVE, 2),
    (b',"cosPhi":', FACTOR, 2),
    (b',"current":', CURRENT, 4),
)


def realtime_form(site, measuring, figures):
    """The original's `realtime`."""
    report, joules = measuring.report, measuring.energy.main.joules
    longs, ints = figures.longs, figures.ints
    form = Form()
    form.put(b'{"utcTimeStamp":')
    form.whole(longs, f.TIME_MS)
    form.put(b',"totalPower":')
    form.number(ints, f.TOTAL_POWER, 0, 2)
    form.put(b',"totalReactivePower":')
    form.number(ints, f.TOTAL_REACTIVE, 0, 2)
    form.put(b',"totalImportEnergy":')
    form.whole(longs, f.IMPORTED)
    form.put(b',"totalExportEnergy":')
    form.whole(longs, f.EXPORTED)
    form.put(b',"monitorStatus":0,"measuredFrequency":')
    form.number(report.supply, FREQUENCY)
    form.put(b',"channelPowers":[')
    for i in range(len(site.points)):
        point = site.points[i]
        form.put(b",{" if i else b"{")
        form.put(b'"publishIndex":%d,"formula":' % i + quoted(_formula(point)))
        for name, k, away in _RATES:
            form.put(name)
            no_current = k == FACTOR  # has no factor: clients want a number
            form.number(report.rates, RATES * i + k, 0, away, no_current, no_current)
        form.put(b',"importEnergy":')
        form.whole(joules, 2 * i + IMPORT)
        form.put(b',"exportEnergy":')
        form.whole(joules, 2 * i + EXPORT)
        form.put(b',"phaseId":%d}' % point.phase)
    form.put(b'],"voltages":[')
    for p in range(site.phases):
        form.put(b',{"voltage":' if p else b'{"voltage":')
        form.number(report.supply, VOLTS + p, 0, 2)
        form.put(b',"phaseId":%d}' % p)
    form.put(b"]}")
    form.close()
    return form


# Every five minutes


def _channel_interval(site, interval, i):
    point = site.points[i]
    imported, exported = interval.energy[2 * i], interval.energy[2 * i + 1]
    return {
        "publishIndex": i,
        "formula": _formula(point),
        "power": None
        if interval.doubtful[i]
        else whole((imported - exported) * SAMPLE_RATE / interval.samples),
        "importEnergy": imported,
        "exportEnergy": exported,
        "missing": interval.missed[i],
        "phaseId": point.phase,
    }


def _voltage_interval(interval, p):
    least, mean, most = interval.spread.voltage(p) or (None, None, None)
    return {
        "voltage": whole(mean),
        "minimum": rounded(least, 1),
        "maximum": rounded(most, 1),
        "phaseId": p,
    }


def aggregated(site, interval):
    """The original's `aggregated`, of an intervals.Interval. What is in it besides its period is
    ours: the original's payload is not public."""
    points = range(len(site.points))
    least, mean, most = interval.spread.grid() or (None, None, None)
    hertz = interval.spread.frequency()

    def of_load(k, direction):
        if interval.doubts(site.loads[k].points):
            return None
        return interval.of_load(k, direction)

    yield '{"utcTimeStamp": %d, "aggregationPeriodSeconds": %d, "seconds": %s, ' % (
        interval.start * 1000,
        interval.length,
        json.dumps(round(interval.samples / SAMPLE_RATE, 3)),
    )
    yield '"regular": %s, "estimatedEnergy": %d, ' % (
        json.dumps(interval.regular),
        interval.estimated,
    )
    yield '"totalPower": %s, "minimumPower": %s, "maximumPower": %s, ' % tuple(
        [compact(whole(value)) for value in (mean, least, most)]
    )
    yield '"totalImportEnergy": %d, "totalExportEnergy": %d, "measuredFrequency": %s, ' % (
        sum(interval.energy[2 * i] for i in points),
        sum(interval.energy[2 * i + 1] for i in points),
        compact(whole(hertz and hertz[1] * 1000000)),
    )
    yield '"channelPowers": ['
    yield from items(_channel_interval(site, interval, i) for i in points)
    yield '], "voltages": ['
    yield from items(_voltage_interval(interval, p) for p in range(site.phases))
    yield '], "totals": %s}' % json.dumps(energies(site, of_load))
