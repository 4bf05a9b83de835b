"""A board at the link (docs/simulator.md), in the place of the interpreter.
Arguments: the link's path, the case, a function here, and its texts."""

import os
import struct
import sys

LINK = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)


def take(size):
    data = b""
    while len(data) < size:
        data += os.read(LINK, size - len(data))
    return data


def read(ticks, size):
    os.write(LINK, b"R" + struct.pack("<IH", ticks, size))
    (size,) = struct.unpack("<H", take(2))
    return size if size == 65535 else take(size)


def write(ticks, data):
    message = b"W" + struct.pack("<IH", ticks, len(data)) + data
    os.write(LINK, message[:9])  # in two parts: the server must join them
    os.write(LINK, message[9:])


def light_and_assign(assign):
    os.write(LINK, b"L" + struct.pack("<IBBB", 77, 0, 128, 255))
    write(1000, bytes.fromhex(assign))
    assert read(1100, 100) == b""
    info = read(2000, 100)
    print(info[:4].hex(), len(info))


def read_at_the_end():
    print(read(1_099_000, 9), read(1_101_000, 9))


def write_and_die(assign):
    for i in range(400):
        write(i * 3000, bytes.fromhex(assign))
        os.write(LINK, b"R" + struct.pack("<IH", i * 3000 + 2900, 100))
    os._exit(9)


def say_nonsense():
    os.write(LINK, b"?")


globals()[sys.argv[2]](*sys.argv[3:])
