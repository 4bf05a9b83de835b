"""Names and payloads of the original's messages (docs/cloud.md): what its own tools read; those
that only older ones read are in topics_older.py, and aggregated.py.

`realtime` is a form; each other payload is a generator of pieces of JSON text, as in topics.py.
"""

import json

from system.version import VERSION
from measure.quantities import FREQUENCY, VOLTS
from measure.readings import APPARENT, CURRENT, FACTOR, POWER, RATES, REACTIVE
from energy.registers import EXPORT, IMPORT
from cloud import figures as f
from cloud.json_form import Form, quoted
from cloud.json_pieces import items

_PHASE_NAMES = "ABC"
# The stems of the original's mRIDs for each phase.
_PHASE_CODES = (128, 64, 32)


# Retained


def config(site: Site, serial: str, period_s: int, now_ms: int | None) -> Iterator[str]:
    """The original's `config`."""
    yield json.dumps(
        {
            "utcTimeStamp": now_ms or 0,
            "deviceUuid": site.uuid,
            "serialNumber": serial,
            "serviceLocationUuid": site.uuid,
            "serviceLocationId": site.location,
            "firmwareVersion": VERSION,
            "aggregationPeriodSeconds": period_s,
            "timeZone": site.timezone,
        }
    )


def flow(load: Load) -> str:
    """Which way the energy of a load goes, in the original's words."""
    return "PRODUCTION" if load.role == "solar" else "CONSUMPTION"


def connection(load: Load) -> str:
    """Where it is, in the original's words: its clients look for the sun beside the grid."""
    return "GRID" if load.role in ("grid", "solar") else "SUBMETER"


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
        "flow": flow(load),
        "connectionType": connection(load),
    }


def channel_config(site: Site, now_ms: int | None) -> Iterator[str]:
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


# Every second

# A point's rates: name, index, digits left away; cosPhi is truncated.
_RATES = (
    (b',"power":', POWER, 2),
    (b',"apparentPower":', APPARENT, 2),
    (b',"reactivePower":', REACTIVE, 2),
    (b',"cosPhi":', FACTOR, 2),
    (b',"current":', CURRENT, 4),
)


def realtime_form(site: Site, measuring: Measuring, figures: Figures) -> Form:
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
        form.put(b'"publishIndex":%d,"ctInput":%d,"formula":' % (i, i) + quoted(_formula(point)))
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
