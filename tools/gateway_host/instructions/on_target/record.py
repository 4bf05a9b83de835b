# Runs in the host's MicroPython: one block through metering.Meter, printing what oscillator.fill,
# metering.cross and metering.accumulate are called with and what they leave. Standard input: the
# phase of each point, then the block in base64.
import sys
from array import array
from binascii import a2b_base64, b2a_base64

import metering
from measure import oscillator


def _show(arguments):
    for argument in arguments:
        if isinstance(argument, int):
            print(argument)
        else:
            print("@" + str(id(argument)), b2a_base64(bytes(argument)).decode().strip())


def _recorded(name, function):
    def call(*arguments):
        print(name, len(arguments))
        _show(arguments)
        result = function(*arguments)
        _show(arguments)
        return result

    return call


oscillator.fill = _recorded("fill", oscillator.fill)
metering.cross = _recorded("cross", metering.cross)
metering.accumulate = _recorded("accumulate", metering.accumulate)
meter = metering.Meter([int(phase) for phase in sys.stdin.readline().strip()], 50)
samples = bytearray(a2b_base64(sys.stdin.readline()))
where = array("i", [128 * channel for channel in range(meter.channels)])
meter.add(samples, where, 0)
