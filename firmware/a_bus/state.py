"""How the A-bus is, for messages: its line and its nodes, as one value."""

from a_bus import collect


def describe(bus: SampleBus, baud: int, points: int) -> Table:
    """A table; `nodes` is a generator of one for each node. bus: a bus_a.BusA; points: of the
    site."""
    return {
        "baud": baud,
        "points": points,
        "capacity": bus.capacity,
        "utilisation": round(bus.line_us / 200, 1),
        "blocks": bus.blocks,
        "skipped": bus.backlog.skipped,
        "restarts": bus.backlog.restarts,
        "foreign": bus.receiver.foreign,
        "noise": bus.receiver.noise,
        "nodes": (_node(node) for node in bus.nodes.all),
    }


def glance(bus: SampleBus) -> list[str]:
    """What people see of it, to be compared."""
    return [node.state() for node in bus.nodes.all]


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
