"""a_bus.frame.find over sequences of bytes. Argument: their file, each after its size in 16 bits.
Prints of each the frames and the noise; fails where anything is written behind the end."""

import json
import sys
from array import array

from a_bus import frame

CANARY = b"\x5a\xa5" * 16
view = memoryview(bytearray(8192))
result = array("i", [0] * 9)
with open(sys.argv[1], "rb") as file:
    while True:
        size = file.read(2)
        if not size:
            break
        size = size[0] | size[1] << 8
        view[:size] = file.read(size)
        view[size : size + len(CANARY)] = CANARY
        result[frame.NEXT] = 0
        result[frame.END] = size
        result[frame.NOISE] = 0
        frames = []
        while frame.find(view, 0, result):
            begin, after, end = result[frame.BODY], result[frame.NEXT], result[frame.END]
            bad = result[frame.BAD_SECTIONS]
            if bad and frame.header_inside(view, begin, after):
                bad, result[frame.NEXT] = -1, begin
            frames.append(list(result[:4]) + [bad])
            if begin & 3 or not 12 <= begin <= after <= end <= size:
                raise ValueError("indices: %r" % list(result))
        if view[size : size + len(CANARY)] != CANARY:
            raise ValueError("written behind the end")
        print(json.dumps([frames, result[frame.NOISE]]))
