"""A channel on an input of a node: the side of its transformer, the CT, and whether it fits."""

from dataclasses import dataclass

import numpy as np

from ..sim.catalogue import FULL_SCALE, RATED_AMPERE, VOLT_PER_COUNT, ampere_per_count
from .waveform import SIDES, Channel

CTS = sorted(
    (ct for ct in RATED_AMPERE if ct.startswith("AC-") and "-S-" not in ct), key=RATED_AMPERE.get
)
MAX_VOLT = VOLT_PER_COUNT * (FULL_SCALE - 1)  # full scale means that it is clipped
_DEAD_VOLT = 20  # a line without voltage may have an offset


@dataclass(frozen=True)
class Mapped:
    """A channel of the recording on an input: which side of its transformer is metered, and how
    many V or A a count of the node is worth.
    """

    channel: Channel
    side: str
    per_count: float

    def counts(self) -> np.ndarray:
        """int16 samples as on the wire (without `reversed`); 0 where one is missing."""
        exact = np.rint(np.nan_to_num(self.channel.samples(self.side)) / self.per_count)
        return np.clip(exact, -FULL_SCALE - 1, FULL_SCALE).astype(np.int16)

    def missing(self) -> np.ndarray:
        """Which samples the recording does not have."""
        return ~np.isfinite(self.channel.stored)

    def json(self) -> dict:
        """Name, metered side and transformer ratio, for people."""
        return {"channel": self.channel.name, "side": self.side, "ratio": self.channel.ratio}


def volts(channel: Channel, side: str, ratio: float = 1.0) -> Mapped:
    """A voltage input that is fed with `channel` through a transformer of that ratio."""
    return Mapped(channel, side, VOLT_PER_COUNT * ratio)


def amperes(channel: Channel, side: str, ct: str) -> Mapped:
    """A current input with the CT `ct` that is fed with `channel`."""
    return Mapped(channel, side, ampere_per_count(ct))


def voltage_side(
    channels: list[Channel], ratio: float = 1.0, sides: tuple[str, ...] = SIDES
) -> tuple[str, str]:
    """(side that fits the head behind a transformer of that ratio, "") or ("", what is wrong and
    what to do).
    """
    for channel in channels:
        nearest = channel.nearest_zero()
        if nearest > _DEAD_VOLT:
            return "", (
                f"{channel.name!r} never comes nearer to zero than {nearest:.0f}, as raw values "
                "of a converter do; scale it to V about zero"
            )
    peaks = {side: max(c.peak(side) for c in channels) for side in sides}
    for side, peak in peaks.items():
        if peak <= MAX_VOLT * ratio:
            return side, ""
    side, peak = min(peaks.items(), key=lambda item: item[1])
    where = f"on its {side} side" if len(sides) == 1 else "on both sides"
    least = int(peak / MAX_VOLT) + 1
    if least <= 1000:
        remedy = f"say voltage_ratio = {least} or more in the [head] of a SITE file"
    else:
        remedy = "choose another channel, or another side"
    return "", (
        f"{channels[0].name!r} is above {MAX_VOLT * ratio:.0f} V peak {where} "
        f"({peak:.0f} V); {remedy}"
    )


def current_input(
    channels: list[Channel], sides: tuple[str, ...] = SIDES, cts: tuple[str, ...] = tuple(CTS)
) -> tuple[str, str, str]:
    """(side, smallest CT that holds the peaks, "") or ("", "", what is wrong and what to do)."""
    for side in sides:
        peak = max(c.peak(side) for c in channels)
        for ct in cts:
            if peak <= ampere_per_count(ct) * (FULL_SCALE - 1):
                return side, ct, ""
    side = sides[-1]
    peak = max(c.peak(side) for c in channels)
    if len(cts) == 1:
        most = ampere_per_count(cts[0]) * FULL_SCALE
        problem = f"has {peak:.0f} A peak on its {side} side, {cts[0]} holds {most:.0f} A"
        remedy = "choose a larger CT, or leave `ct` out"
    else:
        problem = f"is above every CT's range ({peak:.0f} A peak)"
        remedy = "choose another channel" if len(sides) == 2 else "choose the other side"
    return "", "", f"{channels[0].name!r} {problem}; {remedy}"
