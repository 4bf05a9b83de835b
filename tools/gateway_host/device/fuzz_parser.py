"""Runs in the MicroPython interpreter: gives byte sequences to one of the parsers. Its name, and
how many bytes of the heap are left to it, are the script's arguments. The host
(gateway_host/fuzz/parsers.py) speaks to it on standard input, each record with two bytes for its
length in front; 0xFFFF in the place of a length ends it.

Prints a JSON line when a sequence fails (and ends), one in every 10,000 sequences, one at the end.
"""

import gc
import json
import sys
import time

_EVERY = 10000
_BALLAST = 512
_END = 0xFFFF


def _fill(free):
    """All of the heap but so many bytes: what a parser wants without a limit it does not get."""
    gc.collect()
    spare = bytearray(free)
    held = []
    try:
        while len(spare) == free:
            held.append(bytearray(_BALLAST))
    except MemoryError:
        pass
    spare = None
    gc.collect()
    return held


def heap():
    """Bytes in use."""
    gc.collect()
    return gc.mem_alloc()


def main(name, free):
    """Until the input ends."""
    take = getattr(__import__("parsers." + name), name).take
    source = sys.stdin.buffer
    counts = {}
    count, slowest = 0, [0, b""]
    room = bytearray(65536)
    length = bytearray(2)
    view = memoryview(room)
    held = _fill(free)
    while True:
        source.readinto(length)
        size = length[0] | length[1] << 8
        if size == _END:
            break
        done = 0
        while done < size:
            done += source.readinto(view[done:size])
        record = bytes(view[:size])
        began = time.ticks_us()
        wrong = None
        try:
            came = take(record)
            counts[came] = counts.get(came, 0) + 1
        except Exception as error:
            del held
            wrong = error
        took = time.ticks_diff(time.ticks_us(), began)
        if wrong:
            sys.print_exception(wrong, sys.stderr)
            said = {"case": count, "wrong": repr(wrong), "bytes": record.hex()}
            print(json.dumps(said))
            return
        if took > slowest[0]:
            slowest[0], slowest[1] = took, record[:64]
        count += 1
        if count % _EVERY == 0:
            record = None
            print(json.dumps({"case": count, "heap": heap()}))
    record = None
    last = {"case": count, "heap": heap(), "slowest_us": slowest[0], "slowest": repr(slowest[1])}
    last["counts"] = counts
    print(json.dumps(last))


main(sys.argv[1], int(sys.argv[2]))
