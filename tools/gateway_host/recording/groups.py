"""Which channels of a recording belong together: voltages of a head, currents of a load."""

import re
from dataclasses import dataclass, replace

import numpy as np

from ..errors import UserError
from .names import Phase
from .waveform import Channel, Waveform

MAX_NAME, MAX_NAME_BYTES = 40, 80  # of a load, docs/site.md

STAR_NOTE = (
    "its voltages are between lines; those to neutral are made of them, which is right for "
    "currents that have no return through a neutral"
)
ORDER_NOTE = "it names no phases: its channels are taken for L1, L2, L3 in their order"
_NAME_THEM = "name the channels in a SITE file"


@dataclass(frozen=True)
class Head:
    """scheme; of L1, L2, L3 the channel or None; note: what was made of them."""

    scheme: str
    voltages: list[Channel | None]
    note: str = ""


def head_of(file: Waveform) -> Head:
    """The first voltages that make a head. UserError when there are none."""
    channels = _in_order(file, "V")
    if not channels:
        known = ", ".join(sorted({c.name for c in file.channels})[:6])
        raise UserError(
            f"{file.path}: no three voltage channels in a row for phases A, B, C, and no other "
            f"voltage that can be seen (channels: {known}); give them units, or {_NAME_THEM}"
        )
    if whole := _whole(channels):
        named = any(c.phase is not None for c in file.channels if c.kind == "V")
        return Head("3x400+N", list(whole[0]), "" if named else ORDER_NOTE)
    if lines := _lines(channels):
        return Head("3x400+N", star_of(lines[0]), STAR_NOTE)
    return _part(file, channels)


def loads_of(file: Waveform, head: Head) -> list[list[Channel]]:
    """Currents that make a load each, at most three, in the order of the file. UserError when
    there are none.
    """
    channels = _in_order(file, "A")
    if not channels:
        raise UserError(
            f"{file.path}: no three current channels in a row for phases A, B, C, and no other "
            "current; give a recording of voltages and currents, with their units"
        )
    if whole := _whole(channels):
        return [[c for c in group if head.voltages[c.phase.first]] for group in whole]
    if sum(v is not None for v in head.voltages) == 1:
        return [[replace(c, phase=Phase(head_phase(head)))] for c in channels]
    phased = [c for c in channels if isinstance(c.phase, Phase) and c.phase.second is None]
    phased = [c for c in phased if head.voltages[c.phase.first] is not None]
    if not phased:
        raise UserError(
            f"{file.path}: no three current channels in a row for phases A, B, C; {_NAME_THEM}"
        )
    loads: list[list[Channel]] = [[]]
    for channel in phased:
        if loads[-1] and channel.phase.first <= loads[-1][-1].phase.first:
            loads.append([])
        loads[-1].append(channel)
    return loads


def head_phase(head: Head) -> int:
    """The first phase that is there."""
    return next(k for k, voltage in enumerate(head.voltages) if voltage is not None)


def star_of(lines: list[Channel]) -> list[Channel]:
    """Voltages to the star point of three voltages between lines: A-B, B-C, C-A."""
    found = []
    for k, own in enumerate(lines):
        before = lines[k - 1]
        stored = (own.stored - before.stored) / 3
        name = f"({own.name} - {before.name}) / 3"
        found.append(replace(own, name=name, phase=Phase(k), stored=stored))
    return found


def lines_in_order(channels: list[Channel]) -> list[Channel] | None:
    """A-B, B-C, C-A out of three voltages between lines (turned where they are named so), or
    None when they are not that.
    """
    by_first: dict[int, Channel] = {}
    for channel in channels:
        if not isinstance(channel.phase, Phase) or channel.phase.second is None:
            return None
        first, second = channel.phase.first, channel.phase.second
        if (first + 1) % 3 != second:
            first, channel = second, replace(channel, stored=-channel.stored)
        by_first[first] = channel
    return [by_first[k] for k in range(3)] if len(by_first) == 3 == len(channels) else None


def name_of(group: list[Channel], used: set[str]) -> str:
    """A name for a load out of what its channels' names have in common, new among `used`."""
    names = [channel.name for channel in group]
    size = 0
    while all(size < len(name) and name[size] == names[0][size] for name in names):
        size += 1
    stem = names[0][:size]
    if len(names) > 1:
        stem = re.sub(r"(^|(?<=[^A-Za-z]))(?:I|i)?[ _]?[Ll]?[ _\-./]*$", "", stem)
    stem = stem.strip(" _-./") or ("Currents" if len(names) > 1 else "Current")
    name, number = _short(stem), 2
    while name in used:
        name, number = _short(stem, f" {number}"), number + 1
    return name


def _short(stem: str, end: str = "") -> str:
    while len(stem + end) > MAX_NAME or len((stem + end).encode()) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem.rstrip() + end


def _in_order(file: Waveform, kind: str) -> list[Channel]:
    """Voltages or currents; where nothing names any phase, three voltages and currents in threes
    are L1, L2, L3 in the order of the file.
    """
    if all(c.phase is None for c in file.channels):
        counts = {k: sum(c.kind == k for c in file.channels) for k in "VA"}
        if counts["V"] == 3 and counts["A"] and counts["A"] % 3 == 0:
            own = [c for c in file.channels if c.kind == kind]
            return [replace(c, phase=Phase(k % 3)) for k, c in enumerate(own)]
    return [c for c in file.channels if c.kind == kind and c.phase != ""]


def _whole(channels: list[Channel]) -> list[list[Channel]]:
    """Those for phases A, B and C, as they follow each other, whatever lies between."""
    found: list[list[Channel]] = []
    group: dict[int, Channel] = {}
    for channel in channels:
        if not isinstance(channel.phase, Phase) or channel.phase.second is not None:
            continue
        if channel.phase.first in group:
            group = {}
        group[channel.phase.first] = channel
        if len(group) == 3:
            found.append([group[k] for k in range(3)])
            group = {}
    return found


def _lines(channels: list[Channel]) -> list[list[Channel]]:
    between = [c for c in channels if isinstance(c.phase, Phase) and c.phase.second is not None]
    rows = (lines_in_order(between[k : k + 3]) for k in range(len(between) - 2))
    return [row for row in rows if row]


def _part(file: Waveform, channels: list[Channel]) -> Head:
    """One or two phases."""
    phased = {
        c.phase.first: c
        for c in reversed(channels)
        if isinstance(c.phase, Phase) and c.phase.second is None
    }
    if not phased:
        one = [c for c in channels if c.phase is None]
        if len(one) != 1:
            raise UserError(
                f"{file.path}: no three voltage channels in a row for phases A, B, C; {_NAME_THEM}"
            )
        return Head("1x230", [replace(one[0], phase=Phase(0)), None, None])
    if len(phased) == 1:
        return Head("1x230", [replace(next(iter(phased.values())), phase=Phase(0)), None, None])
    if set(phased) == {0, 1}:
        one, other = (np.nan_to_num(phased[k].stored) for k in (0, 1))
        size = np.sqrt(np.sum(one**2) * np.sum(other**2))
        if size > 0 and np.sum(one * other) / size < -0.9:
            return Head("2x120/240", [phased[0], phased[1], None])
    return Head("3x400+N", [phased.get(k) for k in range(3)])
