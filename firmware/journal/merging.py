"""Some records of the same start and layout as one."""

from journal.coding import Record


def window(record: Record, minutes: int) -> tuple[object, ...]:
    """Records that may be one have the same: start, layout, and minutes of the clock or, where the
    time is not known, of the start."""
    end = record.uptime if record.time is None else record.time
    return record.boot, record.layout, record.time is None, (end - 1) // (60 * minutes)


def _sum(one, other):
    """Of two values, None where neither is known."""
    if one is None:
        return other
    return one if other is None else one + other


def _range(one, other):
    """Least and greatest of two."""
    if one is None:
        return other
    if other is None:
        return one
    return min(one[0], other[0]), max(one[1], other[1])


def _each(of, ones, others):
    return [of(one, other) for one, other in zip(ones, others)]


def add(to: Record, record: Record) -> None:
    """`to` has that record as well, which is the next one."""
    to.sequence = record.sequence
    to.time, to.uptime = record.time, record.uptime
    to.seconds += record.seconds
    to.imported = _each(_sum, to.imported, record.imported)
    to.exported = _each(_sum, to.exported, record.exported)
    to.missing = _each(_sum, to.missing, record.missing)
    to.estimated += record.estimated
    to.grid = _range(to.grid, record.grid)
    to.voltages = _each(_range, to.voltages, record.voltages)
    if to.power and record.power:
        to.power = _each(_range, to.power, record.power)
    else:
        to.power = to.power or record.power
    for serial in record.pulses:
        counts = record.pulses[serial]
        if serial in to.pulses:
            counts = _each(_sum, to.pulses[serial], counts)
        to.pulses[serial] = counts
    to.events += record.events
