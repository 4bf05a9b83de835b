"""What the accuracy tables need of the measuring path: a line of JSON for each report."""

import json
import sys

from energy.registers import EXPORT, IMPORT


class Reporter:
    """`path`: the pipeline.Measuring that calls report() when a report waits; `loads`: how
    many it has."""

    def __init__(self, loads):
        self.path = None
        self._loads = range(loads)
        self._distortion = None

    def step(self):
        """The path's."""
        wait = self.path.step()
        found = self.path.harmonics.take()
        if found:
            self._distortion = found[:2]
        return wait

    def report(self):
        """Work through the report and print the line: `points` has V, A, W, var and missed samples
        of each, `joules` import and export of each load, `distortion` channel and percent of the
        window after the report before, or null."""
        self.path.work_through()
        report, energy = self.path.report, self.path.energy
        line = {
            "first_sample": self.path.first_sample,
            "samples": report.samples,
            "frequency": report.frequency,
            "volts": [voltage.rms for voltage in report.voltages],
            "points": [
                (reading.voltage, reading.current, reading.power, reading.reactive, reading.missed)
                for reading in report.readings
            ],
            "distortion": self._distortion,
            "joules": [
                (energy.of_load(k, IMPORT), energy.of_load(k, EXPORT)) for k in self._loads
            ],
        }
        self._distortion = None
        json.dump(line, sys.stdout)  # piece by piece: as one text it would need much of the heap
        print()
