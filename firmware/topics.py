"""Names and payloads of our own messages (docs/cloud.md); topics_original.py has the original's.

Each payload is a generator of pieces of JSON text: the caller may let other tasks run between
them, and a long message is never built as one tree of objects. Nothing here sends.
"""

import json

import bus_a_collect as collect
from energy import EXPORT, IMPORT
from json_pieces import items, rounded
from totals import Totals, energies
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
        "current": rounded(reading.current, 3),
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


def _totals(site, measuring):
    """Powers and today's energies of the whole."""
    totals = Totals(site, measuring.aggregates.powers)
    return {
        "grid": rounded(totals.grid, 2),
        "solar": rounded(totals.solar, 2),
        "battery": rounded(totals.battery, 2),
        "house": rounded(totals.house, 2),
        "today": energies(site, measuring.energy.today),
    }


def site_state(site, measuring, now_ms):
    """Our own `site`; reads the last report, and what came of it."""
    report, energy, powers = measuring.report, measuring.energy, measuring.aggregates.powers
    voltages = [rounded(report.voltages[p].rms, 2) for p in range(site.phases)]
    yield '{"time": %d, "frequency": %s, "seconds": %s, "voltages": %s, ' % (
        (now_ms or 0) // 1000,
        json.dumps(rounded(report.frequency, 4)),
        json.dumps(round(report.samples / 3200, 4)),
        json.dumps(voltages),
    )
    if site.synthesised:
        yield '"synthesised": %s, ' % json.dumps(
            ["L%d" % (p + 1) for p in sorted(site.synthesised)]
        )
    yield '"points": ['
    yield from items(_point(report, energy, i) for i in range(len(site.points)))
    yield '], "loads": ['
    yield from items(_load(site, energy, powers[k], k) for k in range(len(site.loads)))
    yield '], "totals": %s}' % json.dumps(_totals(site, measuring))


def totals_state(site, measuring, now_ms):
    """Our own `totals`: what follows for the whole site."""
    aggregates = measuring.aggregates
    totals, today = Totals(site, aggregates.powers), energies(site, measuring.energy.today)
    demand, quarter = aggregates.demand, aggregates.intervals.quarter
    highest = None if demand.highest is None else {"power": demand.highest, "start": demand.at}
    yield json.dumps(
        {
            "time": (now_ms or 0) // 1000,
            "house": rounded(totals.house, 2),
            "selfConsumption": rounded(totals.own, 2),
            "rest": rounded(totals.rest, 2),
            "alwaysOn": aggregates.always_on.watts,
            "today": {
                "selfConsumption": max(0, today["solar"] - today["gridExport"]),
                "rest": today["house"] - today["circuits"],
            },
            "demand": {
                "start": quarter.start,
                "seconds": round(quarter.samples / 3200, 1),
                "energy": demand.energy(),
                "forecast": round(demand.forecast(aggregates.grid or 0.0), 1),
                "month": highest,
            },
        }
    )


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
            "orderRefused": gateway.orders.refusal,
        }
    )[:-1]
    led = gateway.led
    yield ', "led": ' + json.dumps(
        {
            "state": led.state,
            "colour": led.colour,
            "pattern": led.pattern,
            "overdue": led.overdue,
        }
    )
    yield ', "connection": ' + json.dumps(gateway.connection.describe())
    yield ', "mqtt": ' + json.dumps(
        {
            "connects": uplink.connects,
            "published": uplink.published,
            "dropped": uplink.dropped,
            "intervalsDropped": gateway.measuring.aggregates.intervals.dropped,
            "lastError": uplink.last_error,
        }
    )
    yield ', "errors": ' + json.dumps(gateway.counters.counts)
    yield ', "advice": ['
    yield from items({"name": name, "text": text} for name, text in gateway.texts())
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
