"""Payload of our own `quality` (docs/cloud.md): what tells of the supply and of the currents
beyond power and energy."""

import json

from json_pieces import items, rounded


def state(measuring, now_ms):
    report, energy = measuring.report, measuring.energy
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
    yield "]}"
