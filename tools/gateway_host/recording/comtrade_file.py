"""Finds the files of a COMTRADE recording (IEEE C37.111), or the parts of a .cff, and puts
together what they say.
"""

import re
from pathlib import Path

import numpy as np

from .cfg import FORMS, Analog, Configuration, read_cfg
from .dat import read_dat
from .names import Phases, kind_in, unit_of
from .sections import Part, contrary_rate, played_part
from .steady import find_frequency
from .text import Unreadable, decode
from .times import between
from .waveform import Channel, Waveform

SUFFIXES = (".cfg", ".cff", ".dat", ".hdr", ".inf")

_TITLE = re.compile(
    rb"(?<![^\r\n])[ \t]*-{2,}[ \t]*file[ \t]+type[ \t]*:[ \t]*([a-z]+)(?:[ \t]+([a-z0-9]+))?"
    rb"[ \t]*(?::[ \t]*(\d+))?[ \t]*-{2,}[ \t]*(?:\r\n|\r|\n|\Z)",
    re.IGNORECASE,
)
_SKEWED = 1.0  # µs: less is not worth a word


def read_comtrade(path: Path) -> Waveform:
    """The recording of which `path` is the .cfg, the .dat or the .cff file. Unreadable when it
    cannot be played.
    """
    if path.suffix.lower() == ".cff":
        about, data = _read_cff(read_bytes(path))
    else:
        settings = _sibling(path, ".cfg")
        about = read_cfg(decode(read_bytes(settings)))
        data = read_bytes(_sibling(path, ".dat"))
    if not about.analogs:
        raise Unreadable("no analog channels; give a recording of voltages and currents")
    rows = read_dat(data, about)
    part = played_part(about, rows)
    notes = _notes(about, rows.count, rows.gaps, part)
    phases = Phases.of([a.phase for a in about.analogs], [a.name for a in about.analogs])
    trigger = between(*about.times[:2]) if len(about.times) > 1 else None
    channels = [
        _channel(settings, _placed(values[part.first : part.end], part), phases)
        for settings, values in zip(about.analogs, rows.values, strict=True)
    ]
    rate = part.rate
    if stamped := contrary_rate(about, rows, part):
        rate = _of_mains(channels, part.rate, stamped)
        notes.append(
            f"it states {part.rate:g} samples/s, its time stamps mean {stamped:g}; "
            f"{rate:g} is used"
        )
    return Waveform(
        path,
        about.station,
        about.frequency,
        rate,
        channels,
        None if trigger is None else trigger - part.began,
        notes,
    )


def read_bytes(path: Path) -> bytes:
    """The whole file; Unreadable when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(
            f"cannot be read ({error.strerror or 'no such file'}); give a recording's file"
        ) from None


def _sibling(path: Path, suffix: str) -> Path:
    """The file beside `path` that has its name and `suffix`, in capitals or not."""
    if path.suffix.lower() == suffix and path.exists():
        return path
    wanted = (path.stem + suffix).lower()
    try:
        found = [other for other in path.parent.iterdir() if other.name.lower() == wanted]
    except OSError:
        found = []
    if found:
        exact = [other for other in found if other.stem == path.stem]
        return (exact or found)[0]
    name = path.stem + suffix
    if not path.exists():
        raise Unreadable(f"cannot be read ({name} is missing); give the .cfg file of a recording")
    raise Unreadable(f"{name} is missing; put it beside {path.name}")


def _read_cff(raw: bytes) -> tuple[Configuration, bytes]:
    parts: dict[str, bytes] = {}
    form = b""
    at = 0
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = decode(raw).encode()
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    title = _TITLE.search(raw)
    while title:
        name, kind, length = title.groups()
        at = title.end()
        name = name.decode().upper()
        if name == "DAT":
            form = (kind or b"").upper()
            if form != b"ASCII":
                end = at + int(length) if length else len(raw)
                parts[name] = raw[at:end]
                title = _TITLE.search(raw, end)
                continue
        title = _TITLE.search(raw, at)
        parts[name] = raw[at : title.start() if title else len(raw)]
    for name in ("CFG", "DAT"):
        if name not in parts:
            raise Unreadable(f"it has no part {name}; get the whole .cff file")
    about = read_cfg(decode(parts["CFG"]))
    if not about.form and form.decode() in FORMS:
        about.form = form.decode()
    return about, parts["DAT"]


def _notes(about: Configuration, held: int, gaps: int, part: Part) -> list[str]:
    notes = []
    used = part.end - part.first
    if used < held:
        notes.append(f"samples {part.first + 1} to {part.end} of {held} are played")
    if gaps:
        notes.append(f"{gaps} rows are missing among its samples")
    skew = max(abs(analog.skew) for analog in about.analogs)
    if skew >= _SKEWED:
        notes.append(f"its channels were sampled up to {skew:g} µs apart, which is not put right")
    return notes


def _of_mains(channels: list[Channel], stated: float, stamped: float) -> float:
    """Of two rates the one at which the voltages are mains; the stated one in doubt."""
    volts = np.array([channel.stored for channel in channels if channel.kind == "V"])
    if len(volts) and find_frequency(volts, stated) is None:
        return stamped if find_frequency(volts, stamped) else stated
    return stated


def _placed(values: np.ndarray, part: Part) -> np.ndarray:
    """With NaN for the samples that are missing in between."""
    if part.index is None:
        return values
    whole = np.full(part.index[-1] + 1, np.nan)
    whole[part.index] = values
    return whole


def _channel(settings: Analog, stored: np.ndarray, phases: Phases) -> Channel:
    kind, scale = unit_of(settings.unit)
    if not settings.unit.strip():
        kind = kind_in(settings.name)
    phase = phases.stated(settings.phase)
    if phase is None:
        phase = phases.in_name(settings.name)
    values = (settings.factor * stored + settings.offset) * scale
    return Channel(settings.name, kind, phase, settings.ratio, settings.primary, values)
