"""How quantities are written for an installer: W and kW, A, Wh and kWh, with three significant
digits or so.

Every function takes None for what was not measured and then gives an en dash.
"""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = "–"
_BLOCKS = "▁▂▃▄▅▆▇█"


def power(watt: float | None) -> str:
    """`812 W`, `-3.40 kW`, `22.1 kW`."""
    if watt is None:
        return NOTHING
    if round(abs(watt)) < 1000:
        return f"{round(watt)} W"
    return f"{_three(watt / 1000)} kW"


def energy(joule: float | None) -> str:
    """`0.23 Wh`, `812 Wh`, `3.40 kWh`."""
    if joule is None:
        return NOTHING
    watt_hours = joule / 3600
    if abs(watt_hours) < 0.005:
        return "0 Wh"
    if abs(watt_hours) < 999.5:
        return f"{_three(watt_hours)} Wh"
    return f"{_three(watt_hours / 1000)} kWh"


def current(ampere: float | None) -> str:
    """`5.39 A`."""
    return NOTHING if ampere is None else f"{_three(ampere)} A"


def factor(value: float | None) -> str:
    """A power factor with its sign: `0.995`, `-1.000`."""
    return NOTHING if value is None else f"{value:.3f}"


def duration(seconds: float) -> str:
    """`0:12`, `1:02:03`, `3 d 04:05`."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour:02}:{minute:02}"
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def bars(values: Sequence[float | None], cells: int) -> list[tuple[str, bool]]:
    """The last `cells` values as one block character each, with True where the value is negative.

    Full height is the largest magnitude among them; a blank stands for None and for what is not
    there yet.
    """
    shown = list(values)[-cells:] if cells > 0 else []
    largest = max((abs(value) for value in shown if value is not None), default=0.0)
    result = [(" ", False)] * (cells - len(shown))
    for value in shown:
        if value is None:
            result.append((" ", False))
            continue
        level = round(abs(value) / largest * (len(_BLOCKS) - 1)) if largest else 0
        result.append((_BLOCKS[level], value < 0))
    return result


def _three(value: float) -> str:
    size = abs(value)
    if size < 9.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if size < 99.95 else f"{value:.0f}"
