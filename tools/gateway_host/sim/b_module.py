"""What Input and Output modules have in common: docs/b-bus.md sections 3 and 4."""

from collections.abc import Sequence

from .modbus_line import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    SEARCH,
    Refused,
    Slave,
    low_first,
)

_VERSION = 0x0102
_COMMON, _TIME_OUT, _IDENTIFY, _COMPLETE, _CONFIG, _STATE = 0, 0x100, 0x101, 0x103, 0x110, 0x200
_EVENTS = 0x210
_SESSION, _WINDOW, _ASSIGN = 0x7E00, 0x7E10, 0x7E20


class Module(Slave):
    """A module with the serial number KIND and `number`. `starts`: how often it had supply;
    `refusals`: commands to leave the search."""

    KIND = 0
    HAS_INPUT_REGISTERS = False  # which function 4 reads

    def __init__(self, number: int) -> None:
        super().__init__(0)
        self.number = number
        self.serial = f"{self.KIND:04d}{number:06d}"
        self.starts = 0
        self.refusals = 0
        self.now = 0.0
        self.start(0.0)

    def start(self, time: float) -> None:
        """Supply comes (again); what it does not keep is as after a start."""
        self.starts += 1
        self.connected = True
        self.started = self.heard = self.now = time
        self.unit = self.session = 0
        self.refused = self.complete = self.lost = False
        self.window = (1, 0)
        self.time_out = 100
        self.selected = 0
        self.selected_until = 0.0
        self.config = self.at_start()

    def stop(self, time: float) -> None:
        """Supply goes."""
        self.pass_time(time)
        self.connected = False

    @property
    def key(self) -> int:
        return (self.KIND << 20) + self.number

    # What the two kinds override

    def at_start(self) -> list[int]:
        """Configuration registers from 0110 on, after a start."""
        raise NotImplementedError

    def allowed(self, place: int) -> range:
        """Values that configuration register 0110 + place may have."""
        raise NotImplementedError

    def state_words(self) -> list[int]:
        """Registers from 0200 on."""
        raise NotImplementedError

    def on_lost(self) -> None:
        """Communication was lost."""

    # Time

    def pass_time(self, time: float) -> None:
        lost_at = self.heard + self.time_out * 1e5
        if not self.lost and time >= lost_at:
            self.live(lost_at)
            self.lost = True
            self.on_lost()
        self.live(time)
        self.now = max(self.now, time)

    def live(self, time: float) -> None:
        """What happens from `now` to `time`."""
        self.now = max(self.now, time)

    # Requests

    def heeds(self, unit: int) -> bool:
        if unit == SEARCH:
            low, high = self.window
            return not self.unit and not self.refused and low <= self.key <= high
        return unit == 0 or unit == self.unit

    def hear(self, time: float, frame: bytes) -> bytes | None:
        answer = super().hear(time, frame)
        if answer is not None and frame[0] == self.unit:
            self.heard = time
            self.lost = False
        return answer

    def read_words(self, function: int, address: int, count: int) -> Sequence[int]:
        if function == 4 and not self.HAS_INPUT_REGISTERS:
            raise Refused(ILLEGAL_FUNCTION)
        seconds = int((self.now - self.started) / 1e6)
        left = max(0, int((self.selected_until - self.now) / 1e6 + 0.999))
        common = [self.KIND, *low_first(self.number), _VERSION, 1, self.starts & 0xFFFF]
        common += [*low_first(seconds), self.taken & 0xFFFF, self.damaged & 0xFFFF]
        control = [self.time_out, self.selected if left else 0, left, int(self.complete)]
        for start, words in (
            (_COMMON, common),
            (_TIME_OUT, control),
            (_CONFIG, self.config),
            (_STATE, self.state_words()),
            (_EVENTS, self.event_words()),
        ):
            at = address - start
            if 0 <= at and at + count <= len(words):
                return words[at : at + count]
        raise Refused(ILLEGAL_ADDRESS)

    def event_words(self) -> list[int]:
        """Registers from 0210 on."""
        return []

    def write_words(self, address: int, values: Sequence[int], broadcast: bool) -> None:
        if address in (_SESSION, _WINDOW, _ASSIGN):
            if not broadcast:
                raise Refused(ILLEGAL_VALUE)
            self._find(address, values)
            return
        if address == _TIME_OUT and len(values) == 1:
            self._check(values[0], range(10, 6001))
            self.time_out = values[0]
        elif address == _IDENTIFY and len(values) == 2:
            self._check(values[1], range(601))
            self.selected, self.selected_until = values[0], self.now + values[1] * 1e6
        elif address == _COMPLETE and len(values) == 1:
            self._check(values[0], range(1, 2))
            self.complete = True
        elif address >= _CONFIG and address - _CONFIG + len(values) <= len(self.config):
            for place, value in enumerate(values, address - _CONFIG):
                self._check(value, self.allowed(place))
            self.config[address - _CONFIG : address - _CONFIG + len(values)] = values
        else:
            raise Refused(ILLEGAL_ADDRESS)

    def _find(self, address: int, values: Sequence[int]) -> None:
        if address == _SESSION and len(values) == 1 and values[0]:
            if values[0] != self.session:
                self.session, self.unit, self.refused = values[0], 0, False
        elif address == _WINDOW and len(values) == 6:
            low, high = ((v[0] << 20) + v[1] + (v[2] << 16) for v in (values[:3], values[3:]))
            self.window = (low, high)
        elif address == _ASSIGN and len(values) == 4:
            if (values[0], values[1] + (values[2] << 16)) == (self.KIND, self.number):
                self.unit = values[3]
                self.refused = not self.unit
                self.refusals += self.refused
                self.heard = self.now

    @staticmethod
    def _check(value: int, allowed: range) -> None:
        if value not in allowed:
            raise Refused(ILLEGAL_VALUE)

    # Its LED

    def is_selected(self, place: int) -> bool:
        """Whether the LED of an input or output shows that it is selected."""
        return self.now < self.selected_until and bool(self.selected >> place & 1)

    def led(self, time: float) -> str:
        """What its own LED shows, in words of docs/b-bus.md section 4."""
        self.pass_time(time)
        if self.refused or not self.complete:
            return "a short blink every s"
        if self.lost or not self.unit:
            return "blinks once a second"
        return "one short blink every 3 s"
