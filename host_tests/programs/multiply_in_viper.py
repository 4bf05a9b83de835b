"""Prints a product that does not fit a word of 32 bits."""

import micropython


@micropython.viper
def product(a: int, b: int) -> int:
    return a * b


print(product(1_000_003, 1_000_033))
