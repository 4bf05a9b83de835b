# A viper function that works only where the words, the emitter and pointers do.
import micropython


@micropython.viper
def total(data: ptr16, n: int) -> int:
    s = 0
    for i in range(n):
        s += (data[i] ^ 0x8000) - 0x8000
    return s
