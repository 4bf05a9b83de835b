"""Questions to a_bus.frame. Argument: the file of questions [name, arguments], one a line; prints
an answer a line."""

import json
import sys
from array import array

from a_bus import frame


def found(data):
    view = memoryview(bytearray(len(data) + 8))
    view[: len(data)] = data
    result = array("i", [0] * 9)
    result[frame.END] = len(data)
    frames = []
    while frame.find(view, 0, result):
        body = result[frame.BODY]
        frames.append(list(result[:4]) + [result[5], bytes(view[body : result[6]]).hex()])
    return frames, result[frame.NOISE]


def encoded(kind, address, argument, block):
    buffer = bytearray(12)
    frame.encode(buffer, kind, address, argument, block)
    return bytes(buffer).hex()


for line in open(sys.argv[1]):
    name, arguments = json.loads(line)
    if name == "find":
        answer = found(bytes.fromhex(arguments[0]))
    elif name == "encode":
        answer = encoded(*arguments)
    else:
        answer = bytes(frame.encode_assign(*arguments)).hex()
    print(json.dumps(answer))
