# On the rv32 target in the place of time, which stands still.


def ticks_diff(a, b):
    return a - b


def ticks_add(a, b):
    return a + b


def ticks_ms():
    return 0
