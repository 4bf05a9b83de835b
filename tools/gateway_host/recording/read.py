"""Reads a recording, whatever wrote it: COMTRADE, or a table of numbers."""

from pathlib import Path

from ..errors import UserError
from . import comtrade_file, csv_file
from .resample import at_bus_rate
from .text import Unreadable
from .waveform import Waveform

_OTHERS = {
    ".xls": "save the sheet as CSV",
    ".xlsx": "save the sheet as CSV",
    ".ods": "save the sheet as CSV",
    ".zip": "unpack it",
    ".gz": "unpack it",
    ".pqd": "export it as COMTRADE",
    ".pqdif": "export it as COMTRADE",
    ".mat": "export it as CSV",
}


def read_waveform(path: Path) -> Waveform:
    """The recording of which `path` is a file, at 3200 samples/s. UserError when it cannot be
    played.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in csv_file.SUFFIXES:
            return at_bus_rate(csv_file.read_csv(path))
        if suffix in comtrade_file.SUFFIXES:
            return at_bus_rate(comtrade_file.read_comtrade(path))
        remedy = _OTHERS.get(suffix, "give a .cfg, .cff or .csv file")
        comtrade_file.read_bytes(path)
        raise Unreadable(f"not a recording of a known kind; {remedy}")
    except Unreadable as error:
        raise UserError(f"{path}: {error}") from None
