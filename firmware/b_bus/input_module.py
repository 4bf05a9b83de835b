"""Input modules (docs/b-bus.md section 5): pulses become totals, changes of level become events.

Owns what is known of an input, and the totals in the file system.
"""

import json

from micropython import const

from system.modules import unload
from b_bus import modbus
from b_bus.device import Module

MODES = {"pulse": 1, "state": 2}
_EVENTS = const(16)  # places for events in a module
_FASTEST = const(150)  # pulses a second that can be
_KEEP_S = const(600)  # between two writes of the totals
_LAST = const(0xFFFFFFFF)


class Input:
    """`mode`: "pulse" or "state"; `active`: its level, None until known; `pulses`: counted since
    the total began. micro: millionths of `unit` for a pulse. debounce: ms. when_open: 1 where an
    open contact is the active one."""

    def __init__(
        self, name: str, mode: str, unit: str | None, micro: int, debounce: int, when_open: int
    ):
        self.name = name
        self.mode = mode
        self.unit = unit
        self.micro = micro
        self.debounce = debounce
        self.when_open = when_open
        self.active: bool | None = None
        self.pulses: int | None = None

    def total(self) -> str | None:
        """What was counted, in `unit`, as a decimal number: exact; None until known."""
        if self.pulses is None:
            return None
        whole = self.pulses * self.micro
        return "%d.%06d" % (whole // 1000000, whole % 1000000)


def _file():
    from system.durable import Durable

    unload("system.durable")
    return Durable("pulses")


class PulseTotals:
    """Totals of all inputs, in the file system: by key, the counter's last value and the pulses
    until then."""

    def __init__(self) -> None:
        file = _file()
        self.damaged = file.value is None and file.damaged > 0
        self.totals = json.loads(file.value or b"{}")
        self._changed = False
        self._due_s = 0

    def advance(self, key: str, counter: int, most: int) -> int:
        """The pulses until `counter`; negative when it is not the counter that was seen before
        (more than `most` away): then it counts on from here."""
        last, total = self.totals.get(key, (counter, 0))
        more = (counter - last) & _LAST
        good = more <= most
        if more or key not in self.totals:
            self._changed = True
        self.totals[key] = (counter, total + more if good else total)
        return total + more if good else -1

    def keep(self, now_s: int) -> None:
        """Write what has changed, every ten minutes: the counters themselves are kept by the
        modules."""
        if self._changed and now_s >= self._due_s:
            self._changed = False
            self._due_s = now_s + _KEEP_S
            _file().write(json.dumps(self.totals).encode())


def _before(number, k):
    """The number of the event k before that one: 0 is none's."""
    return number - k if number > k else number - k - 1 & 65535


class InputModule(Module):
    """totals: PulseTotals; count: counts an error by name; happened(ms ago, channel, level): takes
    an event."""

    KIND = "input"

    def begin(
        self,
        totals: PulseTotals,
        count: Count,
        happened: Callable[[int, Input | None, int], None],
        uptime_ms: UptimeMs,
    ) -> None:
        self._uptime_ms = uptime_ms
        self._totals = totals
        self._count = count
        self._happened = happened
        self._newest = None  # number of the last event seen
        self._seen_s = None

    async def poll(self, bus: BusB, now_s: int) -> None:
        """Read it once, and its new events; configure it when it asks for that."""
        data = await bus.ask(self.unit, modbus.HOLDING, 0x0200, 13, self.tries)
        read = self._uptime_ms()
        lost = modbus.register(data, 0) & 1
        if lost:
            self._newest = 0
        if lost or not self.configured:
            await self._configure(bus)
        self._take_counters(data, now_s)
        levels = modbus.register(data, 1)
        for i, channel in enumerate(self.channels):
            if channel:
                channel.active = bool(levels >> i & 1)
        newest = modbus.register(data, 2)
        if self._newest is not None and newest != self._newest:
            await self._read_events(bus, newest, modbus.low_first(data, 3), read)
        self._newest = newest

    def _take_counters(self, data, now_s):
        most = _LAST >> 1
        if self._seen_s is not None:
            most = _FASTEST * (now_s - self._seen_s + 1)
        self._seen_s = now_s
        for i, channel in enumerate(self.channels):
            if channel and channel.mode == "pulse":
                key = self.serial + "ABCD"[i]
                pulses = self._totals.advance(key, modbus.low_first(data, 5 + 2 * i), most)
                if pulses < 0:
                    self._count("bus_b.counter_reset")
                    pulses = self._totals.totals[key][1]
                channel.pulses = pulses

    async def _read_events(self, bus, newest, now, read):
        number = self._newest
        fresh = (newest - number) % 65536 - (newest < number)  # 0 is no event's number
        for _ in range(fresh - _EVENTS):
            self._count("bus_b.events_lost")
        fresh = min(fresh, _EVENTS)
        self._newest = _before(newest, fresh)
        for k in range(fresh - 1, -1, -1):
            number = _before(newest, k)
            place = 0x0210 + 4 * (number % _EVENTS)
            data = await bus.ask(self.unit, modbus.HOLDING, place, 4)
            self._newest = number  # it is not reported again when the next one cannot be read
            if modbus.register(data, 0) != number:
                self._count("bus_b.events_lost")  # a newer one has taken its place
                continue
            what = modbus.register(data, 1)
            ago = ((now - modbus.low_first(data, 2)) & _LAST) + self._uptime_ms() - read
            if what & 255 < len(self.channels):
                self._happened(ago, self.channels[what & 255], what >> 8)

    async def _configure(self, bus):
        modes, debounces, when_open = [], [], 0
        for i, channel in enumerate(self.channels):
            modes.append(MODES[channel.mode] if channel else 0)
            debounces.append(channel.debounce if channel else 3)
            if channel and channel.when_open:
                when_open |= 1 << i
        await self.write(bus, modes + debounces + [when_open])
