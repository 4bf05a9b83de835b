"""Payloads of our own `quality` and `harmonics` (docs/cloud.md): what tells of the supply and of
the currents beyond power and energy."""

import json

from json_pieces import items, rounded


def _event(kind, start, _, seconds, percent, phases):
    return {
        "kind": kind,
        "phases": phases,
        "start": start,
        "seconds": round(seconds, 3),
        "percent": round(percent, 1),
    }


def state(measuring, now_ms):
    report, energy, events = measuring.report, measuring.energy, measuring.events
    yield json.dumps(
        {
            "time": (now_ms or 0) // 1000,
            "lineVoltages": [rounded(volts, 2) for volts in report.lines],
            "unbalance": rounded(report.unbalance, 2),
        }
    )[:-1]
    yield ', "angles": ['
    yield from items(rounded(reading.angle, 1) for reading in report.readings)
    yield '], "reactive": ['
    yield from items(
        list(energy.reactive.joules[4 * i : 4 * i + 4]) for i in range(len(report.readings))
    )
    found = [i for i in range(len(report.readings)) if report.readings[i].saturated]
    yield '], "saturated": %s' % json.dumps(found)
    yield ', "events": %s' % json.dumps({"ended": events.ended, "active": events.active()})[:-1]
    yield ', "last": ['
    yield from items(_event(*event) for event in events.last())
    yield "]}}"


def harmonics(now_ms, channel, distortion, percent):
    """The rest: see harmonics.Harmonics.take."""
    yield json.dumps(
        {
            "time": (now_ms or 0) // 1000,
            "phase": "L%d" % (channel + 1) if channel < 3 else None,
            "point": channel - 3 if channel >= 3 else None,
            "distortion": round(distortion, 2),
            "percent": [round(one, 2) for one in percent],
        }
    )
