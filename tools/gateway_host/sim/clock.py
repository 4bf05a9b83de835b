"""Sample clocks: the head's, which is the time reference, and a node's, steered to it.

Times are µs on the board's clock (the simulation's true time); clock readings are samples, as real
numbers that never wrap. See docs/a-bus.md, section 6.
"""

from array import array

from .catalogue import BLOCK, SAMPLE_RATE

_PER_US = SAMPLE_RATE / 1e6
_MIDDLE = (BLOCK - 1) / 2
_US = 1e6 / SAMPLE_RATE  # µs in a sample

_IN_STEP_US = 5.0
_OUT_OF_STEP_US = 10.0
_IN_STEP_COUNT = 4
_SILENCE_US = 3e6
_PHASE_GAIN = 1 / 4
_RATE_GAIN = 1 / 64


class HeadClock:
    """The head's sample clock: `first_sample` at time 0, off by `drift_ppm`."""

    def __init__(self, first_sample: int, drift_ppm: float) -> None:
        self.first_sample = first_sample
        self.rate = _PER_US * (1 + drift_ppm * 1e-6)

    def reading(self, time: float) -> float:
        """Samples at `time`."""
        return self.first_sample + time * self.rate

    def time_of(self, sample: float) -> float:
        """The time at which the clock reads `sample`."""
        return (sample - self.first_sample) / self.rate


class NodeClock:
    """A node's sample clock, steered by differences to the head's.

    It keeps, for each block since it was last set, how far (in samples of the head's clock) the
    block's middle was taken after the instant at which it should have been: `shift`.
    """

    def __init__(self, head: HeadClock, drift_ppm: float, started: float) -> None:
        self._head = head
        self._crystal = _PER_US * (1 + drift_ppm * 1e-6)
        self._correction = 0.0  # of the rate, relative
        self._time = started
        self._value = 0.0
        self._rate = self._crystal
        self._differences = 0  # since the clock was set
        self._small = 0
        self._heard: float | None = None  # time of the last difference
        self._in_step_from: float | None = None  # the clock's reading
        self._shifts = array("d")
        self._first_block = 0
        self._middle = 0.0  # the reading in the middle of the first block whose shift is not noted
        self.is_set = False
        self.difference_ns = 0

    def reading(self, time: float) -> float:
        """Samples at `time` (not before the last steering)."""
        return self._value + (time - self._time) * self._rate

    def in_step(self, time: float) -> bool:
        """Whether the node may serve samples at `time`."""
        return self._in_step_from is not None and time - (self._heard or 0.0) <= _SILENCE_US

    def serves_from(self) -> float:
        """The reading at which the node came in step; earlier blocks are not served."""
        return float("inf") if self._in_step_from is None else self._in_step_from

    def steer(self, time: float, latched: float, head_read: float, elapsed_us: float) -> None:
        """Takes a difference: at one instant this clock read `latched` and the head's `head_read`.

        `time` is when the node learnt it, `elapsed_us` how long after the previous one it was
        latched.
        """
        reading = self.log(time)
        # The head's number is known modulo 2^32 only.
        error = (head_read - latched + 2**31) % 2**32 - 2**31
        if not self.in_step(time) and abs(error) * _US >= _IN_STEP_US:
            self._in_step_from = None  # it has not kept step while it heard nothing
        self._heard = time
        if not self.is_set or abs(error) >= 0.5:
            self._set(time, head_read + (reading - latched))
            return
        self.difference_ns = round(error * _US * 1e3)
        self._judge(abs(error) * _US, reading)
        # Gains of a least-squares fit at first, then those of the document.
        self._differences += 1
        k = self._differences
        phase_gain = max(_PHASE_GAIN, 2 * (2 * k + 1) / ((k + 1) * (k + 2)))
        rate_gain = max(_RATE_GAIN, 6 / ((k + 1) * (k + 2)))
        self._value = reading + min(1.0, phase_gain) * error
        self._time = time
        periods = min(max(elapsed_us * _PER_US, BLOCK / 2), 50 * BLOCK)
        self._correction += min(1.0, rate_gain) * error / periods
        self._correction = min(max(self._correction, -5e-4), 5e-4)
        self._rate = self._crystal * (1 + self._correction)

    def shift(self, block: int) -> float | None:
        """Samples by which `block` was taken late; None for a block that is not complete or thrown
        away.
        """
        index = block - self._first_block
        return self._shifts[index] if 0 <= index < len(self._shifts) else None

    def expected_shift(self, block: int) -> float:
        """`shift`; for a block still to come what it will be unless the clock is steered before.

        0 for a block from before the clock was set.
        """
        index = block - self._first_block
        if not self.is_set or index < 0:
            return 0.0
        if index < len(self._shifts):
            return self._shifts[index]
        return self._shift_of(block * BLOCK + _MIDDLE)

    def log(self, time: float) -> float:
        """Notes the shift of every block whose middle has been sampled by `time`; the reading."""
        now = self.reading(time)
        while self.is_set and self._middle <= now:
            self._shifts.append(self._shift_of(self._middle))
            self._middle += BLOCK
        return now

    def _shift_of(self, sample: float) -> float:
        taken = self._time + (sample - self._value) / self._rate
        return self._head.reading(taken) - sample

    def _set(self, time: float, value: float) -> None:
        self.is_set = True
        self._time, self._value = time, self._unwrapped(time, value)
        self._differences = self._small = 0
        self._in_step_from = None
        self.difference_ns = 0
        self._first_block = int(self._value // BLOCK) + 1
        self._middle = self._first_block * BLOCK + _MIDDLE
        self._shifts = array("d")

    def _unwrapped(self, time: float, value: float) -> float:
        """The reading nearest to the head's of all that are `value` modulo 2^32."""
        turns = round((self._head.reading(time) - value) / 2**32)
        return value + turns * 2**32

    def _judge(self, error_us: float, reading: float) -> None:
        if error_us > _OUT_OF_STEP_US:
            self._in_step_from = None
        self._small = self._small + 1 if error_us < _IN_STEP_US else 0
        if self._in_step_from is None and self._small >= _IN_STEP_COUNT:
            self._in_step_from = reading
