"""Reads a COMTRADE recording (IEEE C37.111) with the `comtrade` package: its analog channels in SI
units.
"""

import contextlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import comtrade
import numpy as np

from ..errors import UserError
from .catalogue import BLOCK, SAMPLE_RATE

_UNITS = {"V": ("V", 1.0), "KV": ("V", 1e3), "A": ("A", 1.0), "KA": ("A", 1e3)}
_PHASES = {"A": 0, "B": 1, "C": 2, "L1": 0, "L2": 1, "L3": 2, "R": 0, "S": 1, "T": 2}


@dataclass(frozen=True)
class Channel:
    """An analog channel: kind "V", "A" or "" (neither), phase 0 to 2 or None.

    ratio: of its transformer, primary over secondary; stored: samples as the file has them, V or
    A; `primary` tells on which side of the transformer those are.
    """

    name: str
    kind: str
    phase: int | None
    ratio: float
    primary: bool
    stored: np.ndarray

    def samples(self, side: str) -> np.ndarray:
        """V or A on the "primary" or the "secondary" side of the transformer."""
        if (side == "primary") == self.primary:
            return self.stored
        return self.stored * self.ratio if side == "primary" else self.stored / self.ratio

    def peak(self, side: str) -> float:
        """The largest absolute value on that side."""
        return float(np.abs(self.samples(side)).max())


@dataclass(frozen=True)
class ComtradeFile:
    """What of a file can be played: the part at its start that has the rate of the A-bus.

    trigger: the sample at which the recorder was triggered, 0 when the file does not say;
    frequency: nominal, Hz.
    """

    path: Path
    station: str
    frequency: float
    trigger: int
    samples: int
    channels: list[Channel]

    def channel(self, name: str) -> Channel | None:
        """The first channel of that name."""
        return next((c for c in self.channels if c.name == name.strip()), None)


def read_comtrade(path: Path) -> ComtradeFile:
    """The recording whose .cfg (or .cff) is `path`. UserError when it cannot be played."""
    record = _load(path)
    count = _usable(path, record)
    _check_data(path, record, count)
    channels = [
        _channel(settings, np.array(values[:count], float))
        for settings, values in zip(record.cfg.analog_channels, record.analog, strict=False)
    ]
    if not channels:
        raise UserError(f"{path}: no analog channels; give a recording of voltages and currents")
    trigger = 0
    with contextlib.suppress(TypeError, ValueError, AttributeError):
        trigger = max(0, round(record.trigger_time * SAMPLE_RATE))
    station = (record.station_name or "").strip()
    return ComtradeFile(path, station, float(record.frequency), trigger, count, channels)


def _load(path: Path) -> comtrade.Comtrade:
    try:
        raw = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        raise UserError(f"{path}: {problem}; give the .cfg file of a recording") from None
    record = comtrade.Comtrade(ignore_warnings=True)
    try:
        with warnings.catch_warnings(), open(os.devnull, "w") as quiet:
            warnings.simplefilter("ignore")
            with contextlib.redirect_stdout(quiet):
                record.load(str(path), encoding=_encoding(raw))
    except FileNotFoundError as error:
        missing = error.filename or "its .dat file"
        raise UserError(f"{path}: {missing} is missing; put it beside the .cfg file") from None
    except Exception as error:  # the package raises whatever its parsing runs into
        problem = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path}: not a COMTRADE recording that can be read: {problem}") from None
    return record


def _encoding(raw: bytes) -> str:
    for encoding in ("utf-8", "gbk"):
        with contextlib.suppress(UnicodeDecodeError):
            raw.decode(encoding)
            return encoding
    return "latin-1"


def _usable(path: Path, record: comtrade.Comtrade) -> int:
    """Samples at the start that have the A-bus's rate."""
    rates = record.cfg.sample_rates
    if not record.cfg.nrates or not rates:
        raise UserError(f"{path}: no constant sampling rate is stated; only such can be played")
    rate, end = rates[0]
    if abs(rate - SAMPLE_RATE) > SAMPLE_RATE * 1e-4:
        raise UserError(
            f"{path}: begins at {rate:g} samples/s; only {SAMPLE_RATE} samples/s can be played, "
            "resample the recording"
        )
    if end < BLOCK:
        raise UserError(
            f"{path}: only {end} samples at {SAMPLE_RATE} samples/s; at least {BLOCK} are needed"
        )
    return int(end)


def _check_data(path: Path, record: comtrade.Comtrade, count: int) -> None:
    held = record.total_samples
    if record.ft.upper() == "BINARY" and path.suffix.lower() == ".cfg":
        words = record.analog_count + (record.status_count + 15) // 16
        for suffix in (".dat", ".DAT"):
            data = path.with_suffix(suffix)
            if data.exists():
                held = data.stat().st_size // (8 + 2 * words)
    if held < count:
        problem = f"its data end at sample {held} of {count}"
        raise UserError(f"{path}: {problem}; get the whole .dat file")


def _channel(settings: object, stored: np.ndarray) -> Channel:
    unit = (getattr(settings, "uu", "") or "").strip()
    kind, scale = _UNITS.get(unit.upper(), ("", 1.0))
    if unit in ("mV", "mA"):
        kind, scale = unit[1], 1e-3
    name = (getattr(settings, "name", "") or "").strip()
    phase = (getattr(settings, "ph", "") or "").strip().upper() or name[-1:].upper()
    primary = getattr(settings, "primary", None) or 1.0
    secondary = getattr(settings, "secondary", None) or 1.0
    side = (getattr(settings, "pors", "") or "P").strip().upper()
    return Channel(
        name, kind, _PHASES.get(phase), primary / secondary, side != "S", stored * scale
    )
