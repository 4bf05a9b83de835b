"""How good a modem's reception is."""

from micropython import const

_STEADY_DB = const(3)


def quality(dbm: int | None, limits: Sequence[int], before: int) -> int:
    """0 good, 1 medium, 2 poor, by dBm (None while unknown) and what it was before. limits: the
    least dBm of good, of medium reception. It is better only when it is better by 3 dB."""
    if dbm is not None:
        while before < 2 and dbm < limits[before]:
            before += 1
        while before and dbm >= limits[before - 1] + _STEADY_DB:
            before -= 1
    return before
