"""Names and payloads of the original's messages (docs/cloud.md): what its own tools read.

Each payload is a generator of pieces of JSON text, as in topics.py.
"""

import json

from energy import EXPORT, IMPORT
from json_pieces import items, whole
from version import VERSION

_PHASE_NAMES = "ABC"
# The stems of the original's mRIDs for each phase.
_PHASE_CODES = (128, 64, 32)
_AGGREGATION_S = 300


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
            "aggregationPeriodSeconds": _AGGREGATION_S,
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


def sensor_config(now_ms):
    """The original's `sensorConfig`: no sensors on the B-bus yet."""
    yield json.dumps({"utcTimeStamp": now_ms or 0, "gwSensors": [], "switchSensors": []})


def home_control_config(now_ms):
    """The original's `homeControlConfig`: no actuators yet."""
    yield json.dumps(
        {
            "utcTimeStamp": now_ms or 0,
            "switchActuators": [],
            "smartplugActuators": [],
            "maximumAmpere": 0,
        }
    )


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
