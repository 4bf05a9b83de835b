"""What a node's LED shows and how it blinks (docs/a-bus.md, section 7)."""

from dataclasses import dataclass

WELL, COMMUNICATION_FAULT, CONFIGURATION_FAULT, IDENTIFY = range(4)
NAMES = ("well", "communication fault", "configuration fault", "identify")

_MODULE = (1 / 3, 1.0, 2.0, 3.0)
_HEAD = (1 / 3, 1.0, 1.0, 3.0)  # a Power Box has one sign for every fault
_TEXTS = {
    1 / 3: "one short blink per 3 s",
    1.0: "1 short blink per s",
    2.0: "2 short blinks per s",
    3.0: "3 blinks per s",
}
_SHORT_S = 0.1


@dataclass(frozen=True, slots=True)
class Led:
    """A node's LED: `state` as in STATUS, `inputs` the letters of the inputs whose lamps blink,
    `per_second` how often.
    """

    state: int
    inputs: str
    per_second: float

    @property
    def name(self) -> str:
        """The state in words."""
        return NAMES[self.state]

    @property
    def pattern(self) -> str:
        """The blinking in words."""
        return _TEXTS[self.per_second]

    def lit(self, time: float) -> bool:
        """Whether these lamps are on at `time` (µs)."""
        return time / 1e6 * self.per_second % 1.0 < _SHORT_S * self.per_second


def led_of(state: int, identified: int, head: bool) -> Led:
    """The LED of a node in `state`; identified: bit mask of the inputs to blink.

    All but "identify" is shown by input A's lamp.
    """
    letters = "".join(letter for bit, letter in enumerate("ABCD") if identified >> bit & 1)
    rate = (_HEAD if head else _MODULE)[state]
    return Led(state, letters if state == IDENTIFY else "A", rate)
