"""The Input module: docs/b-bus.md section 5."""

from collections.abc import Iterator, Sequence

from .b_module import Module
from .modbus_line import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, Refused, low_first

_PLACES = 16  # of events

# (µs, active) in the order of time
Transitions = Iterator[tuple[float, bool]]


class Input:
    """One input. `counter`: pulses, kept without supply. source: the contact's transitions."""

    def __init__(self, source: Transitions) -> None:
        self.counter = 0
        self.level = False  # as the module has it, after the debounce
        self._contact = False
        self._since = 0.0
        self._source = source
        self._next = next(source, None)

    def connect(self, source: Transitions) -> None:
        """Another contact."""
        self._source = source
        self._next = next(source, None)

    def run(self, time: float, debounce_us: float) -> list[tuple[float, bool]]:
        """Changes of the debounced level until `time`: (when they began, level)."""
        changes = []
        while True:
            due = self._next[0] if self._next and self._next[0] <= time else time
            if self._contact != self.level and due - self._since >= debounce_us:
                self.level = self._contact
                changes.append((self._since, self.level))
            if not self._next or self._next[0] > time:
                return changes
            if self._next[1] != self._contact:
                self._contact, self._since = self._next[1], self._next[0]
            self._next = next(self._source, None)


class InputModule(Module):
    """4 inputs."""

    KIND = 5700
    HAS_INPUT_REGISTERS = True

    def __init__(self, number: int, sources: dict[str, Transitions] | None = None) -> None:
        self.inputs = [Input(iter(())) for _ in range(4)]
        for letter, source in (sources or {}).items():
            self.inputs["ABCD".index(letter)].connect(source)
        super().__init__(number)

    def start(self, time: float) -> None:
        self.events: list[tuple[int, int, int]] = [(0, 0, 0)] * _PLACES
        self.newest = 0
        super().start(time)

    def at_start(self) -> list[int]:
        return [0, 0, 0, 0, 3, 3, 3, 3, 0]

    def allowed(self, place: int) -> range:
        return range(3) if place < 4 else range(1, 1001) if place < 8 else range(16)

    def live(self, time: float) -> None:
        happened = []
        for i, channel in enumerate(self.inputs):
            for when, level in channel.run(time, self.config[4 + i] * 1000):
                happened.append((when, i, level))
        for when, i, level in sorted(happened):
            level ^= bool(self.config[8] >> i & 1)
            if not self.connected:
                continue
            if self.config[i] == 1 and level:
                self.inputs[i].counter = self.inputs[i].counter + 1 & 0xFFFFFFFF
            elif self.config[i] == 2:
                self.newest = self.newest % 65535 + 1
                ms = int((when - self.started) / 1000) & 0xFFFFFFFF
                self.events[self.newest % _PLACES] = (self.newest, i + 256 * level, ms)
        super().live(time)

    def active(self, i: int) -> bool:
        """Whether input i is active, and its LED on."""
        return self.inputs[i].level ^ bool(self.config[8] >> i & 1)

    def input_led(self, i: int) -> str:
        """What the LED of input i shows, in words of docs/b-bus.md section 4."""
        if self.is_selected(i):
            return "blinks 3 times a second"
        return "on" if self.active(i) else "off"

    def state_words(self) -> list[int]:
        state = (not self.complete) + 4 * self.lost
        levels = sum(self.active(i) << i for i in range(4))
        ms = int((self.now - self.started) / 1000) & 0xFFFFFFFF
        words = [state, levels, self.newest, *low_first(ms)]
        for channel in self.inputs:
            words += low_first(channel.counter)
        return words

    def event_words(self) -> list[int]:
        return [word for n, what, ms in self.events for word in (n, what, *low_first(ms))]

    def read_bits(self, function: int, address: int, count: int) -> Sequence[bool]:
        if function != 2:
            raise Refused(ILLEGAL_FUNCTION)
        if address + count > 4:
            raise Refused(ILLEGAL_ADDRESS)
        return [self.active(i) for i in range(address, address + count)]
