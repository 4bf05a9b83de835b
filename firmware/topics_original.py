"""Names and payloads of the original's messages (docs/cloud.md): what its own tools read.

Each payload is a generator of pieces of JSON text, as in topics.py.
"""

import json

from energy import EXPORT, IMPORT
from intervals import FIVE_MINUTES
from json_pieces import items, rounded, whole
from mains import SAMPLE_RATE
from totals import energies
from version import VERSION

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


def _channel_power(site, report, energy, i):
    point = site.points[i]
    reading = report.readings[i]
    return {
        "publishIndex": i,
        "formula": _formula(point),
        "power": whole(reading.power),
        "apparentPower": whole(reading.apparent),
        "reactivePower": whole(reading.reactive),
        "cosPhi": int((reading.factor or 0) * 100),
        "current": whole((reading.current or 0) * 10),
        "importEnergy": energy.of_point(i, IMPORT),
        "exportEnergy": energy.of_point(i, EXPORT),
        "phaseId": point.phase,
    }


def realtime(site, report, energy, now_ms):
    """The original's `realtime`."""
    power = reactive = 0.0
    for load in site.loads:
        if load.role == "grid":
            for i in load.points:
                power += report.readings[i].power or 0
                reactive += report.readings[i].reactive or 0
    yield '{"utcTimeStamp": %d, "totalPower": %d, "totalReactivePower": %d, ' % (
        now_ms or 0,
        whole(power),
        whole(reactive),
    )
    yield '"totalImportEnergy": %d, "totalExportEnergy": %d, ' % (
        sum(energy.of_point(i, IMPORT) for i in range(len(site.points))),
        sum(energy.of_point(i, EXPORT) for i in range(len(site.points))),
    )
    yield '"monitorStatus": 0, "measuredFrequency": %d, "channelPowers": [' % (
        report.microhertz if report.frequency else 0
    )
    yield from items(_channel_power(site, report, energy, i) for i in range(len(site.points)))
    yield '], "voltages": ['
    yield from items(
        {"voltage": whole(report.voltages[p].rms), "phaseId": p} for p in range(site.phases)
    )
    yield "]}"


# Every five minutes


def _channel_interval(site, interval, i):
    point = site.points[i]
    imported, exported = interval.energy[2 * i], interval.energy[2 * i + 1]
    return {
        "publishIndex": i,
        "formula": _formula(point),
        "power": whole((imported - exported) * SAMPLE_RATE / interval.samples),
        "importEnergy": imported,
        "exportEnergy": exported,
        "missing": interval.missed[i],
        "phaseId": point.phase,
    }


def _voltage_interval(interval, p):
    least, mean, most = interval.spread.voltage(p) or (0, 0, 0)
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
    least, mean, most = interval.spread.grid() or (None, 0, None)
    yield '{"utcTimeStamp": %d, "aggregationPeriodSeconds": %d, "seconds": %s, ' % (
        interval.start * 1000,
        interval.length,
        json.dumps(round(interval.samples / SAMPLE_RATE, 3)),
    )
    yield '"regular": %s, "estimatedEnergy": %d, ' % (
        json.dumps(interval.regular),
        interval.estimated,
    )
    yield '"totalPower": %d, "minimumPower": %s, "maximumPower": %s, ' % (
        whole(mean),
        json.dumps(None if least is None else whole(least)),
        json.dumps(None if most is None else whole(most)),
    )
    yield '"totalImportEnergy": %d, "totalExportEnergy": %d, "measuredFrequency": %d, ' % (
        sum(interval.energy[2 * i] for i in points),
        sum(interval.energy[2 * i + 1] for i in points),
        whole((interval.spread.frequency() or (0, 0, 0))[1] * 1000000),
    )
    yield '"channelPowers": ['
    yield from items(_channel_interval(site, interval, i) for i in points)
    yield '], "voltages": ['
    yield from items(_voltage_interval(interval, p) for p in range(site.phases))
    yield '], "totals": %s}' % json.dumps(energies(site, interval.of_load))
