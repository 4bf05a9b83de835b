"""The A-bus's check, as docs/a-bus.md section 3 defines it."""


def check_of(data: bytes) -> int:
    """Of whole words."""
    check = 0xFFFFFFFF
    for at in range(0, len(data), 4):
        check ^= int.from_bytes(data[at : at + 4], "little")
        check ^= check << 1 & 0xFFFFFFFF
        check ^= check >> 10
        check ^= check << 9 & 0xFFFFFFFF
    return check
