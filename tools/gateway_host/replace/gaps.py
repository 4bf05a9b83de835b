"""How many minutes lie between two records of a gateway, of which there is none."""

from __future__ import annotations

from dataclasses import dataclass

_MINUTE_S = 60


@dataclass(frozen=True)
class Ends:
    """Of a record: the sequences that it stands for, its start, when it ends (epoch s or None),
    how long it is."""

    device: str
    first: int
    sequence: int
    boot: int
    time: int | None
    seconds: float


def between(before: Ends | None, behind: Ends, oldest: int = 0) -> int:
    """Minutes that are missing. At a start sequences are left out where the flash was erased or
    damaged (docs/journal.md): so they are never more than what the clock has passed by. oldest:
    the lowest sequence that the gateway has had, for a record that has none before it."""
    if before is None or before.device != behind.device:
        return max(0, behind.first - oldest) if oldest else 0
    sequences = max(0, behind.first - before.sequence - 1)
    if before.boot == behind.boot or before.time is None or behind.time is None:
        return sequences
    passed = behind.time - behind.seconds - before.time
    return min(sequences, max(0, round(passed / _MINUTE_S)))
