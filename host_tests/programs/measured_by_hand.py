"""A gateway's journal without a gateway: what is measured is what a test says."""

from measure.quantities import Report
from energy.aggregates import Aggregates
from energy.record import Record
from energy.registers import Energy
from journal.journal import Journal

FIELDS = ("sequence", "first", "time", "seconds", "boot", "layout", "imported", "exported",
          "missing", "estimated", "grid", "voltages", "power", "pulses", "events",
          "cut")  # fmt: skip


class Events:
    ended = 0


class Measuring:  # what the journal takes of it
    pass


def fields(record):
    return [getattr(record, name) for name in FIELDS]


class Gateway:
    """One start of it. `measuring.energy`: the registers; `journal`.

    since: see journal.Journal."""

    def __init__(self, place, capacity, count, since=None):
        self.uptime_ms = 0
        self.pulses = {}
        self.place = place
        self.measuring = one = Measuring()
        one.energy = Energy(place)
        one.aggregates = Aggregates(place, one.energy)
        one.report = Report(place.points)
        one.events = Events()
        one.ended_ms = None
        record = Record(place, one.energy, one.aggregates, count)
        self.journal = Journal(
            place,
            one,
            record,
            self.pulses.items,
            capacity,
            count,
            lambda: self.uptime_ms,
            since,
        )

    def take(self, step):
        """A report, of which `step` says everything."""
        one, energy = self.measuring, self.measuring.energy
        self.uptime_ms += int(step["s"] * 1000)
        one.report.samples = int(step["s"] * 3200)
        one.ended_ms = step["now"]
        for i in range(len(self.place.points)):
            energy.main.joules[2 * i] += step["in"][i]
            energy.main.joules[2 * i + 1] += step["out"][i]
            energy.missing[i] += step["missed"][i]
            one.report.readings[i].power = step["watts"][i]
        energy.estimated.joules[0] += step["estimated"]
        one.aggregates.grid = step["grid"]
        for p, volts in enumerate(step["volts"]):
            one.report.voltages[p].connected = volts is not None
            one.report.supply[p] = -(1 << 31) if volts is None else int(volts * 100 + 0.5)
        one.events.ended += step["events"]
        self.pulses.update(step["pulses"])
        for _ in self.journal.keep(lambda: step["calm"]):
            pass

    def read(self, sequence=0):
        """All records from that one on."""
        while sequence is not None:
            found = None
            for one in self.journal.read(sequence):
                found = one
            sequence = None
            if found is not None:
                yield found
                sequence = found.sequence + 1
