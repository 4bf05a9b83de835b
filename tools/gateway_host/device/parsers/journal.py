"""Files of the journal as a damaged flash may give them: read at a start, then from the first
record to the last. What is whole in a file that nothing has happened to always comes."""

import json
import os

from journal import segments as s
from journal.chunk import Chunk
from journal.coding import Record
from journal.reading import Reading
from journal.state import State

_CHUNKS, _LAST = 3, 9


def _record(sequence):
    record = Record()
    record.sequence = record.first = sequence
    record.seconds, record.uptime, record.boot = 60, 60 * sequence, 7
    record.imported, record.exported, record.missing = [100 * sequence, 0], [0, 5], [0, 0]
    return record


def _chunk(first):
    chunk = Chunk(0x1234, 2, 7, first, 60 * first - 60)
    for sequence in range(first, first + _CHUNKS):
        for _ in chunk.add(_record(sequence)):
            pass
    return bytes(chunk.data)


GOOD = [_chunk(first) for first in (1, 4, 7)]


class Owner:
    mark = None
    tail = foreign = False

    def note_minutes(self, found):
        pass


def _rest(chunk):
    text = json.dumps({"boot": 7, "last": 9, "cursors": {}, "pulses": {}, "offsets": []}).encode()
    return len(text).to_bytes(2, "little") + text + chunk


def _write(name, data):
    with open(s.FOLDER + "/" + name, "wb") as file:
        file.write(data)


def take(data):
    """A byte: which file is damaged (its last bits), then what is in it."""
    which = data[0] % 4 if data else 0
    body = data[1:]
    s.make_folder()
    for name, *_ in list(os.ilistdir(s.FOLDER)):
        os.remove(s.FOLDER + "/" + name)
    _write("1.1", body if which == 0 else GOOD[0])
    _write("4.5", body if which == 1 else GOOD[1])
    if which > 1:
        _write("7.1", body if which == 2 else GOOD[2])
    counts = {}

    def count(name):
        counts[name] = counts.get(name, 0) + 1

    segments = s.Segments(1 << 20, count)
    state = State()
    rest = body if which == 3 else _rest(GOOD[2])
    kept = state.go_on(rest, False, segments, Owner(), count)
    assert 0 <= kept <= 0xFFFFFFFF and 0 <= state.last < 0x80000000, (kept, state.last)
    state.begin()
    state.record()
    reading = Reading(state, segments, count)
    found = []
    steps = 0
    sequence = 1
    while sequence <= state.last:
        record = None
        for found_now in reading.read(sequence, state.last):
            record = found_now
            steps += 1
            assert steps < 4000, "without end"
        if record is None:
            break
        assert record.sequence >= sequence
        if len(found) < 32:
            found.append(record.sequence)
        elif record.sequence > 4096:
            break
        sequence = record.sequence + 1
    for k in range(3):
        if k == which or which == 3 and k == 2:
            continue
        whole = [one for one in found if k * _CHUNKS < one <= (k + 1) * _CHUNKS]
        if which == 3 or k < 2 or len(found) < 32:
            assert len(whole) >= _CHUNKS, "%s of %d are read: %s" % (whole, k, found)
    return "damaged" if counts else "whole"
