"""What an engineer looks at on the console: `gw`, short tables of how the gateway is. Owns
nothing; loaded when somebody asks. Every answer is printed row by row, so it costs no more than a
row."""

import gc

from system.version import VERSION
from a_bus import collect
from measure.quantities import FREQUENCY, VOLTS
from measure.readings import CURRENT, FACTOR, POWER, RATES, REACTIVE, SCALES, UNKNOWN

_MAX_ERRORS = 24


class Look:
    """gateway: gateway.Gateway, safe_mode.SafeMode or housekeeping.Housekeeping."""

    def __init__(self, gateway: Any):
        self._gateway = gateway
        self._panel = getattr(gateway, "housekeeping", gateway)

    def status(self) -> None:
        """How it is as a whole, and what is wrong."""
        gateway, panel = self._gateway, self._panel
        hardware, end = panel.hardware, panel.ends.describe()
        link = panel.connection.describe()
        _row("version", VERSION)
        _row("serial", hardware.serial)
        _row("uptime", "%d s" % (hardware.uptime_ms() // 1000))
        _row("led", "%s, %s %s" % (panel.led.state, panel.led.colour, panel.led.pattern))
        _row("link", ", ".join(["%s %s" % (name, link[name]) for name in link]))
        uplink = getattr(gateway, "uplink", None)
        if uplink:
            _row("cloud", "connected" if uplink.connected else uplink.describe()["lastError"])
        _row("last end", ", ".join(["%s %s" % (name, end[name]) for name in end]))
        counts = panel.counters.counts
        for name in sorted(counts)[:_MAX_ERRORS]:
            _row("error", "%-24s %d" % (name, counts[name]))
        for _, text in gateway.texts():
            _row("advice", text)

    def readings(self) -> None:
        """The newest report: each voltage, each point."""
        measuring = self._measuring()
        if not measuring:
            return
        report = measuring.report
        rates, supply = report.rates, report.supply
        _row("report", "%d, %s Hz" % (measuring.reports, _number(supply[FREQUENCY], 1000000, 3)))
        for phase in range(3):
            _row("L%d" % (phase + 1), "%9s V" % _number(supply[VOLTS + phase], 100, 1))
        print("%-12s %9s %10s %10s %6s" % ("input", "A", "W", "var", "PF"))
        for i, point in enumerate(self._gateway.site.points):
            at = RATES * i
            said = [_number(rates[at + k], SCALES[k], n) for k, n in _COLUMNS]
            print("%-10s %s %9s %10s %10s %6s" % ((point.node, "ABCD"[point.input]) + tuple(said)))

    def bus(self) -> None:
        """The A-bus's nodes, the B-bus's devices."""
        measuring = self._measuring()
        if not measuring:
            return
        bus = measuring.bus
        _row("A-bus", "%d blocks, %d behind" % (bus.blocks, bus.behind()))
        print("%-10s %-15s %9s %8s %8s" % ("node", "state", "answers", "timeouts", "damaged"))
        for node in bus.nodes.all:
            counts = node.count(collect.ANSWERS), node.count(collect.TIMEOUTS)
            counts += (node.count(collect.DAMAGED),)
            print("%-10s %-15s %9d %8d %8d" % ((node.serial, node.state()) + counts))
        for device in self._gateway.port_b.devices():
            said = device.unit, device.state, device.error or ""
            print("%-20s unit %-3s %-12s %s" % ((device.name,) + said))

    def led(self) -> None:
        """The LED."""
        said = self._panel.led.describe()
        for name in said:
            _row(name, said[name])

    def heap(self) -> None:
        """Memory: Python's, and the chip's own."""
        hardware = self._panel.hardware
        _row("in use", "%d bytes" % gc.mem_alloc())
        _row("free", "%d bytes" % hardware.heap_free())
        internal = hardware.internal_heap() or {}
        for name in internal:
            _row("internal " + name, "%d bytes" % internal[name])

    def log(self) -> None:
        """The last lines, and those of the run before."""
        log = self._panel.counters.log
        for title, lines in (("before", log and log.before), ("now", log and log.recent)):
            for at, text in lines or ():
                print("%-6s %7d s  %s" % (title, at, text))

    def _measuring(self):
        measuring = getattr(self._gateway, "measuring", None)
        if not measuring:
            print("nothing is measured")
        return measuring


_COLUMNS = ((CURRENT, 3), (POWER, 1), (REACTIVE, 1), (FACTOR, 2))


def _row(name, value):
    print("%-10s %s" % (name, value))


def _number(value, scale, digits):
    return "-" if value == UNKNOWN else "%.*f" % (digits, value / scale)
