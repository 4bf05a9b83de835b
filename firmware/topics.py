"""Names and payloads of everything that is published (docs/cloud.md), in one place.

Each payload is a generator of pieces of JSON text: the caller may let other tasks run between
them, and a long message is never built as one tree of objects. Nothing here sends.
"""

import json

import bus_a_collect as collect
from version import VERSION

_PHASE_NAMES = "ABC"
# The stems of the original's mRIDs for each phase.
_PHASE_CODES = (128, 64, 32)
_AGGREGATION_S = 300


def prefix(site):
    return "servicelocation/" + site.uuid + "/"


def presence(value):
    yield json.dumps({"value": value})


def _rounded(value, digits):
    return None if value is None else round(value, digits)


def _whole(value):
    return int(round(value or 0))


def _items(pieces):
    """The pieces of a JSON list's inside."""
    comma = False
    for piece in pieces:
        if comma:
            yield ","
        comma = True
        yield json.dumps(piece)


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
    yield from _items(_data_source(site, i) for i in range(len(site.points)))
    yield '], "measurements": ['
    yield from _items(_measurement(site, i) for i in range(len(site.points)))
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
        "power": _whole(reading.power),
        "apparentPower": _whole(reading.apparent),
        "reactivePower": _whole(reading.reactive),
        "cosPhi": int((reading.factor or 0) * 100),
        "current": _whole((reading.current or 0) * 10),
        "importEnergy": energy.points[i].imported.joules,
        "exportEnergy": energy.points[i].exported.joules,
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
        _whole(power),
        _whole(reactive),
    )
    yield '"totalImportEnergy": %d, "totalExportEnergy": %d, ' % (
        sum(counter.imported.joules for counter in energy.points),
        sum(counter.exported.joules for counter in energy.points),
    )
    yield '"monitorStatus": 0, "measuredFrequency": %d, "channelPowers": [' % (
        report.microhertz if report.frequency else 0
    )
    yield from _items(_channel_power(site, report, energy, i) for i in range(len(site.points)))
    yield '], "voltages": ['
    yield from _items(
        {"voltage": _whole(report.voltages[p].rms), "phaseId": p} for p in range(site.phases)
    )
    yield "]}"


def _point(report, energy, i):
    reading = report.readings[i]
    return {
        "power": _rounded(reading.power, 2),
        "reactive": _rounded(reading.reactive, 2),
        "apparent": _rounded(reading.apparent, 2),
        "factor": _rounded(reading.factor, 4),
        "current": _rounded(reading.current, 4),
        "voltage": _rounded(reading.voltage, 2),
        "import": energy.points[i].imported.joules,
        "export": energy.points[i].exported.joules,
        "missing": energy.points[i].missing,
        "estimated": energy.points[i].estimated.joules,
    }


def _load(site, energy, power, k):
    counter = energy.loads[k]
    return {
        "name": site.loads[k].name,
        "role": site.loads[k].role,
        "power": _rounded(power, 2),
        "import": counter.imported.joules,
        "export": counter.exported.joules,
        "todayImport": counter.imported.today,
        "todayExport": counter.exported.today,
    }


def _totals(site, energy, powers):
    """Power and today's energy by role, and what the house itself takes."""
    power = {}
    today = {}
    for role in ("grid", "solar", "battery"):
        power[role] = site.role_power(powers, role)
        taken = given = 0
        for k in range(len(site.loads)):
            if site.loads[k].role == role:
                taken += energy.loads[k].imported.today
                given += energy.loads[k].exported.today
        today[role] = (taken, given)
    house = power["grid"]
    for role in ("solar", "battery"):
        if site.has(role):
            known = house is not None and power[role] is not None
            house = house - power[role] if known else None
    (bought, sold), (_, sun), (charged, discharged) = (
        today["grid"],
        today["solar"],
        today["battery"],
    )
    return {
        "grid": _rounded(power["grid"], 2),
        "solar": _rounded(power["solar"], 2),
        "battery": _rounded(power["battery"], 2),
        "house": _rounded(house, 2),
        "today": {
            "gridImport": bought,
            "gridExport": sold,
            "solar": sun,
            "batteryCharge": charged,
            "batteryDischarge": discharged,
            "house": bought - sold + sun + discharged - charged,
        },
    }


def site_state(site, report, energy, now_ms):
    """Our own `site`."""
    voltages = [_rounded(report.voltages[p].rms, 2) for p in range(site.phases)]
    powers = [site.load_power(report.readings, k) for k in range(len(site.loads))]
    yield '{"time": %d, "frequency": %s, "seconds": %s, "voltages": %s, "points": [' % (
        (now_ms or 0) // 1000,
        json.dumps(_rounded(report.frequency, 4)),
        json.dumps(round(report.samples / 3200, 4)),
        json.dumps(voltages),
    )
    yield from _items(_point(report, energy, i) for i in range(len(site.points)))
    yield '], "loads": ['
    yield from _items(_load(site, energy, powers[k], k) for k in range(len(site.loads)))
    yield '], "totals": %s}' % json.dumps(_totals(site, energy, powers))


def _node(node):
    return {
        "serial": node.serial,
        "address": node.address,
        "state": node.state(),
        "answers": node.count(collect.ANSWERS),
        "timeouts": node.count(collect.TIMEOUTS),
        "damaged": node.count(collect.DAMAGED),
        "repairs": node.count(collect.REPAIRS),
        "gaps": node.count(collect.GAPS),
    }


def gateway_state(gateway, now_ms, uptime_ms, heap_free):
    """Our own `gateway`; reads the gateway's parts."""
    bus = gateway.measuring.bus
    uplink = gateway.uplink
    yield json.dumps(
        {
            "time": (now_ms or 0) // 1000,
            "uptime": uptime_ms // 1000,
            "serial": gateway.hardware.serial,
            "firmwareVersion": VERSION,
            "heapFree": heap_free,
            "windows": gateway.measuring.meter.windows,
            "led": {
                "state": gateway.led.state,
                "colour": gateway.led.colour,
                "pattern": gateway.led.pattern,
            },
            "mqtt": {
                "connects": uplink.connects,
                "published": uplink.published,
                "dropped": uplink.dropped,
                "lastError": uplink.last_error,
            },
            "errors": gateway.counters.counts,
        }
    )[:-1]
    yield ', "advice": ['
    yield from _items({"name": name, "text": text} for name, text in gateway.advice.texts)
    yield "]"
    yield (
        ', "aBus": %s'
        % json.dumps(
            {
                "baud": gateway.hardware.a_baud,
                "points": len(gateway.site.points),
                "capacity": bus.capacity,
                "utilisation": round(bus.line_us / 200, 1),
                "blocks": bus.blocks,
                "skipped": bus.skipped,
                "restarts": bus.restarts,
                "foreign": bus.receiver.foreign,
                "noise": bus.receiver.noise,
            }
        )[:-1]
    )
    yield ', "nodes": ['
    yield from _items(_node(node) for node in bus.nodes.all)
    yield "]}}"
