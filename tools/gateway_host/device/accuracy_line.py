"""What the accuracy tables need of a report, as lists of numbers."""

from energy import EXPORT, IMPORT


def line(report, energy, loads, first_sample):
    """A dict for JSON: `points` has V, A, W, var and missed samples of each, `joules` import and
    export of each of the `loads` loads."""
    return {
        "first_sample": first_sample,
        "samples": report.samples,
        "frequency": report.frequency,
        "volts": [voltage.rms for voltage in report.voltages],
        "points": [
            (reading.voltage, reading.current, reading.power, reading.reactive, reading.missed)
            for reading in report.readings
        ],
        "joules": [(energy.of_load(k, IMPORT), energy.of_load(k, EXPORT)) for k in range(loads)],
    }
