"""The Power Box as a Modbus slave with its public registers (docs/b-bus.md section 7)."""

from collections.abc import Callable, Sequence

import numpy as np

from .catalogue import SAMPLE_RATE, VOLT_PER_COUNT, ampere_per_count, inputs_of, serial_parts
from .modbus_line import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    Refused,
    Slave,
    low_first,
    real_low_first,
)

_SLOTS = 28
_STAR = {1: (0, 1), 2: (1, 1), 4: (2, 1), 16: (0, -1), 32: (1, -1), 64: (2, -1)}
# Line to line: (from, to); 18, 36, 20 are these reversed.
_DELTA = {33: (0, 1), 66: (1, 2), 65: (0, 2), 18: (1, 0), 36: (2, 1), 20: (2, 0)}

_POWERS, _ENERGIES = 0x0100, 0x3000  # registers of the first slot

# int16 [channel, count] from a sample number on: three voltages, then the points
Waveforms = Callable[[int, int], np.ndarray]


class PowerBox(Slave):
    """Measures the samples of a house: each second's voltages, currents, powers and energies.

    devices: (serial number, CT types of its inputs); channels: (serial, input's letter) -> row of
    the waveforms. `saved`: mapping and CT types as they are kept without supply. `identified`:
    slots whose LED blinks. `on_read(time, first_sample)`, when set, is called when powers and then
    energies were read: at which time (µs), and with which second's powers.
    """

    def __init__(
        self,
        serial: str,
        devices: Sequence[str],
        cts: dict[tuple[str, str], str],
        channels: dict[tuple[str, str], int],
        waveforms: Waveforms,
        first_sample: int = 0,
    ) -> None:
        super().__init__(61, delay_us=(1800, 8000))
        self.serial = serial
        self.devices = list(devices)
        self.slots = [(s, x) for s in devices for x in inputs_of(int(s[:4]))][:_SLOTS]
        self.mapping = [0] * _SLOTS
        self.types = [0] * _SLOTS
        self._used = list(self.mapping)  # since this second's begin
        self.saved = ([0] * _SLOTS, [0] * _SLOTS)
        self.identified: set[int] = set()
        self._cts = cts
        self._channels = channels
        self._waveforms = waveforms
        self._first = first_sample
        self._second = -1
        self._now = 0.0
        self._asked: int | None = None  # the second whose powers were read
        self.on_read: Callable[[float, int], None] | None = None
        self._joules = np.zeros((_SLOTS, 2))
        self._values: dict[int, list[int]] = {}

    def restart(self) -> None:
        """Switched off and on."""
        self.mapping, self.types = list(self.saved[0]), list(self.saved[1])

    def pass_time(self, time: float) -> None:
        self._now = time
        second = int(time // 1e6) - 1  # the last one that is complete
        if not self._values:
            self._values = self._energies()
        while self._second < second:
            self._second += 1
            self._measure(self._first + self._second * SAMPLE_RATE)

    def energy(self, slot: int) -> tuple[int, int]:
        """Wh imported and exported."""
        return int(self._joules[slot, 0] / 3600), int(self._joules[slot, 1] / 3600)

    def _measure(self, first: int) -> None:
        """The second from this sample on, with the set-up of its begin: what is read behind a new
        one is of before it, for up to two seconds. Whether a real box is as slow is not known."""
        samples = self._waveforms(first, SAMPLE_RATE).astype(np.float64)
        volts = samples[:3] * VOLT_PER_COUNT
        values: dict[int, list[int]] = {}
        for phase, rms in enumerate(np.sqrt((volts**2).mean(axis=1))):
            values[4 * phase] = real_low_first(rms)
        values[0x03F6] = real_low_first(50.0)
        values[0x03F8] = real_low_first(frequency(volts[0]))
        for slot, place in enumerate(self.slots):
            power = reactive = rms = apparent = 0.0
            if place in self._channels:
                amperes = samples[self._channels[place]] * ampere_per_count(self._cts[place])
                rms = float(np.sqrt((amperes**2).mean()))
                voltage = self._voltage(volts, self._used[slot])
                if voltage is not None:
                    power = float((voltage * amperes).mean())
                    reactive = fundamental_reactive(voltage, amperes)
                    apparent = rms * float(np.sqrt((voltage**2).mean()))
            values[0x0080 + 4 * slot] = real_low_first(rms)
            values[_POWERS + 4 * slot] = real_low_first(power)
            values[0x0180 + 4 * slot] = real_low_first(reactive)
            values[0x0300 + 4 * slot] = real_low_first(apparent)
            self._joules[slot, 0 if power >= 0 else 1] += abs(power)
        self._values = values | self._energies()
        self._used = list(self.mapping)

    def _energies(self) -> dict[int, list[int]]:
        return {
            _ENERGIES + 4 * slot + 2 * k: low_first(watt_hours)
            for slot in range(len(self.slots))
            for k, watt_hours in enumerate(self.energy(slot))
        }

    @staticmethod
    def _voltage(volts: np.ndarray, code: int) -> np.ndarray | None:
        if code in _STAR:
            phase, sign = _STAR[code]
            return volts[phase] * sign
        if code in _DELTA:
            plus, minus = _DELTA[code]
            return volts[plus] - volts[minus]
        return None

    # Registers

    def read_words(self, function: int, address: int, count: int) -> Sequence[int]:
        if function != 3:
            raise Refused(ILLEGAL_FUNCTION)
        if address == _POWERS:
            self._asked = self._second
        elif address == _ENERGIES and self._asked is not None:
            if self.on_read is not None:
                self.on_read(self._now, self._first + self._asked * SAMPLE_RATE)
            self._asked = None
        return [self._word(a) for a in range(address, address + count)]

    def _word(self, address: int) -> int:
        for start in (address, address - 1):
            if start in self._values:
                return self._values[start][address - start]
        if 0x1000 <= address < 0x1000 + _SLOTS:
            return self.mapping[address - 0x1000]
        if 0x1100 <= address < 0x1100 + _SLOTS:
            return self.types[address - 0x1100]
        if 0x1480 <= address < 0x1480 + 320:
            device, place = divmod(address - 0x1480, 32)
            return self._device(device)[place]
        if 0x1620 <= address < 0x1626:
            kind, number = serial_parts(self.serial)
            return [kind, 0, *low_first(number), 7, 1][address - 0x1620]
        if address < 0x0400 or 0x3000 <= address < 0x3180:
            return 0  # a phase or slot that is not there
        raise Refused(ILLEGAL_ADDRESS)

    def _device(self, index: int) -> list[int]:
        words = [0] * 32
        if index < len(self.devices):
            serial = self.devices[index]
            kind, number = serial_parts(serial)
            slots = [k for k, (s, _) in enumerate(self.slots) if s == serial]
            words[:6] = [kind, len(slots), *low_first(number), 3, 2]
            words[10 : 10 + len(slots)] = slots
        return words

    def write_words(self, address: int, values: Sequence[int], broadcast: bool) -> None:
        if broadcast:
            return  # not a word is said of what it does then
        for place, value in enumerate(values, address):
            if 0x0900 <= place < 0x0900 + _SLOTS:
                (self.identified.add if value else self.identified.discard)(place - 0x0900)
            elif 0x1000 <= place < 0x1000 + _SLOTS:
                self.mapping[place - 0x1000] = value
            elif 0x1100 <= place < 0x1100 + _SLOTS:
                self.types[place - 0x1100] = value
            elif place == 0xFDE8:
                self.saved = (list(self.mapping), list(self.types))
            else:
                raise Refused(ILLEGAL_ADDRESS)


def frequency(volts: np.ndarray) -> float:
    """Hz, from the first to the last rising zero crossing."""
    (rising,) = np.nonzero((volts[:-1] < 0) & (volts[1:] >= 0))
    if len(rising) < 2:
        return 0.0
    exact = rising + volts[rising] / (volts[rising] - volts[rising + 1])
    return float((len(exact) - 1) * SAMPLE_RATE / (exact[-1] - exact[0]))


def fundamental_reactive(volts: np.ndarray, amperes: np.ndarray) -> float:
    """var of the fundamental, positive when the current lags."""
    hertz = frequency(volts)
    wave = np.exp(-2j * np.pi * hertz / SAMPLE_RATE * np.arange(len(volts)))
    window = np.hanning(len(volts))
    v, i = ((x * window * wave).sum() * 2 / window.sum() for x in (volts, amperes))
    return float((v * np.conj(i)).imag / 2)
