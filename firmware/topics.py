"""Names and payloads of our own messages (docs/cloud.md); topics_original.py has the original's.

Each payload is a generator of pieces of JSON text: the caller may let other tasks run between
them, and a long message is never built as one tree of objects. Nothing here sends.
"""

import json

import bus_a_collect as collect
from energy import EXPORT, IMPORT
from json_pieces import items, rounded
from version import VERSION


def prefix(site):
    return "servicelocation/" + site.uuid + "/"


def presence(value):
    yield json.dumps({"value": value})


def _point(report, energy, i):
    reading = report.readings[i]
    return {
        "power": rounded(reading.power, 2),
        "reactive": rounded(reading.reactive, 2),
        "apparent": rounded(reading.apparent, 2),
        "factor": rounded(reading.factor, 4),
        "current": rounded(reading.current, 4),
        "voltage": rounded(reading.voltage, 2),
        "import": energy.of_point(i, IMPORT),
        "export": energy.of_point(i, EXPORT),
        "missing": energy.missing[i],
        "estimated": energy.estimated.joules[i],
    }


def _load(site, energy, power, k):
    return {
        "name": site.loads[k].name,
        "role": site.loads[k].role,
        "power": rounded(power, 2),
        "import": energy.of_load(k, IMPORT),
        "export": energy.of_load(k, EXPORT),
        "todayImport": energy.today(k, IMPORT),
        "todayExport": energy.today(k, EXPORT),
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
                taken += energy.today(k, IMPORT)
                given += energy.today(k, EXPORT)
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
        "grid": rounded(power["grid"], 2),
        "solar": rounded(power["solar"], 2),
        "battery": rounded(power["battery"], 2),
        "house": rounded(house, 2),
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
    voltages = [rounded(report.voltages[p].rms, 2) for p in range(site.phases)]
    powers = [site.load_power(report.readings, k) for k in range(len(site.loads))]
    yield '{"time": %d, "frequency": %s, "seconds": %s, "voltages": %s, "points": [' % (
        (now_ms or 0) // 1000,
        json.dumps(rounded(report.frequency, 4)),
        json.dumps(round(report.samples / 3200, 4)),
        json.dumps(voltages),
    )
    yield from items(_point(report, energy, i) for i in range(len(site.points)))
    yield '], "loads": ['
    yield from items(_load(site, energy, powers[k], k) for k in range(len(site.loads)))
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
            "orderRefused": gateway.orders.refusal,
        }
    )[:-1]
    yield ', "advice": ['
    yield from items({"name": name, "text": text} for name, text in gateway.advice.texts)
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
    yield from items(_node(node) for node in bus.nodes.all)
    yield "]}}"
