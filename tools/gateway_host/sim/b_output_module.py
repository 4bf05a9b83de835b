"""The Output module: docs/b-bus.md section 6."""

from collections.abc import Callable, Sequence

from .b_module import Module
from .modbus_line import FAILURE, ILLEGAL_ADDRESS, Refused, low_first


class OutputModule(Module):
    """2 relays. `stuck`: places whose contact does not follow. changed(place, on, µs): called when
    what the load has changes."""

    KIND = 5710

    def __init__(self, number: int, changed: Callable[[int, bool, float], None] | None = None):
        self.operations = [0, 0]
        self.stuck: set[int] = set()
        self._changed = changed
        super().__init__(number)

    def start(self, time: float) -> None:
        self.relay = [False, False]  # energised
        self.wanted = [False, False]
        self.fail_safe_rules = False
        self.since = [float("-inf")] * 2  # last real change
        self.changes: list[tuple[float, int, bool]] = []
        super().start(time)

    def stop(self, time: float) -> None:
        super().stop(time)
        self.relay = [False, False]

    def at_start(self) -> list[int]:
        return [0] * 8

    def allowed(self, place: int) -> range:
        return range((2, 3, 3601, 3601)[place // 2])

    def is_on(self, i: int) -> bool:
        """Whether the load has supply, by the contact."""
        energised = self.relay[i] and i not in self.stuck
        return energised != bool(self.config[i])

    def due(self, i: int) -> float:
        """When a waiting change is made (µs)."""
        least = self.config[(4 if self._logical(i) else 6) + i]
        return self.since[i] + least * 1e6

    def _logical(self, i: int) -> bool:
        return self.relay[i] != bool(self.config[i])

    def live(self, time: float) -> None:
        if self.complete and self.connected:
            for i in range(2):
                if self.wanted[i] != self._logical(i) and self.due(i) <= time:
                    when = max(self.now, self.due(i))
                    self.relay[i] = not self.relay[i]
                    self.since[i] = when
                    self.operations[i] += 1
                    self.changes.append((when, i, self.is_on(i)))
                    if self._changed:
                        self._changed(i, self.is_on(i), when)
        super().live(time)

    def on_lost(self) -> None:
        self.fail_safe_rules = True
        for i in range(2):
            if self.config[2 + i] < 2:
                self.wanted[i] = bool(self.config[2 + i])

    def write_bits(self, address: int, values: Sequence[bool]) -> None:
        if address + len(values) > 2:
            raise Refused(ILLEGAL_ADDRESS)
        if not self.complete:
            raise Refused(FAILURE)
        self.wanted[address : address + len(values)] = values
        self.fail_safe_rules = False
        self.live(self.now)

    def write_words(self, address: int, values: Sequence[int], broadcast: bool) -> None:
        before = self.complete
        super().write_words(address, values, broadcast)
        if (
            self.complete and not before
        ):  # a load on NC has supply until now: that is what is wanted
            self.wanted = [self._logical(i) for i in range(2)]

    def read_bits(self, function: int, address: int, count: int) -> Sequence[bool]:
        if address + count > 2:
            raise Refused(ILLEGAL_ADDRESS)
        values = self.wanted if function == 1 else [self.is_on(0), self.is_on(1)]
        return values[address : address + count]

    def state_words(self) -> list[int]:
        stuck = any(self.is_on(i) != self._logical(i) for i in range(2))
        state = (not self.complete) + 2 * stuck + 4 * self.fail_safe_rules
        wanted = sum(on << i for i, on in enumerate(self.wanted))
        on = sum(self.is_on(i) << i for i in range(2))
        waits = [
            max(0, int((self.due(i) - self.now) / 1e6 + 0.999))
            if self.wanted[i] != self._logical(i)
            else 0
            for i in range(2)
        ]
        return [
            state,
            wanted,
            on,
            *waits,
            *low_first(self.operations[0]),
            *low_first(self.operations[1]),
        ]

    def led(self, time: float) -> str:
        self.pass_time(time)
        if self.is_selected(0) or self.is_selected(1):
            return "blinks 3 times a second"
        if self.refused or not self.complete or self.lost or not self.unit:
            return "a short blink every s"
        return "one short blink every 3 s"
