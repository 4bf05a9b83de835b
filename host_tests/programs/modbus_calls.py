"""Calls of the firmware's Modbus. Standard input: a list of [name, arguments...]; prints the list
of what they give."""

import json
import sys

from b_bus import modbus


def crc16(data):
    data = bytes.fromhex(data)
    return modbus.crc16(data, len(data))


def request(*what):
    return modbus.request(*what).hex()


def answer_bytes(request):
    return modbus.answer_bytes(bytes.fromhex(request))


def check(request, answer):
    answer = bytes.fromhex(answer)
    return modbus.check(bytes.fromhex(request), padded(answer), len(answer))


def padded(answer):  # an older answer is behind it
    return answer + b"\x3d" * 300


def missing(answer):  # for every count of bytes from none to all
    answer = bytes.fromhex(answer)
    return [modbus.missing(padded(answer), n) for n in range(len(answer) + 1)]


def registers(answer):
    answer = bytes.fromhex(answer)
    return [modbus.register(answer[3:], i) for i in range(answer[2] // 2)]


def low_first(data, count, kind):
    data = bytes.fromhex(data)
    return [modbus.low_first(data, 2 * i, kind) for i in range(count)]


results = []
for name, *arguments in json.load(sys.stdin):
    try:
        results.append(globals()[name](*arguments))
    except ValueError as error:
        results.append("refused: " + str(error))
print(json.dumps(results))
