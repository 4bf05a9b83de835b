"""The bench's probe in the emulated chip: measures how long each step of asyncio takes, idle time,
collections and named calls, and prints that each few seconds as lines of JSON behind `@chip `.

Owns the measured numbers. It wraps what it measures and changes no module of the firmware.
asyncio's core calls IOQueue.wait_io_event once before each step: from its return to its next call
is a step, inside with nothing due is idle.
"""

import gc as _gc
import json
import sys
import time
from array import array
from asyncio import core

import chip_world
import micropython
from micropython import const

_EVERY_US = const(10000000)
_SLOW_US = const(5000)  # steps from here on are listed by the name of their task
_LINES_US = const(5000)  # between two lines that are printed, where nothing else is due,
_BUSY_LINES_US = const(50000)  # and where the processor is never idle
_EXPECTED_US = const(200000)
_EXPECTED_MS = const(5000)
_MAX_NAMES = const(24)

# Indices into `_state`; times are us.
_SINCE = const(0)  # when the step began
_STEPS = const(1)
_MAX_US = const(2)
_NET = const(3)  # the longest without the named calls in it
_NAMED = const(4)  # of the named calls in the step at hand
_IDLE = const(5)
_BUSY = const(6)  # in steps
_OWN = const(7)  # printing
_LAST = const(8)  # when a line was printed last
_DEPTH = const(9)  # of named calls in each other
_COLLECTING = const(10)
_COLLECTIONS = const(11)
_COLLECTION = const(12)  # the longest
_BORN = const(13)
_RUNS = const(14)  # 1: asyncio has begun to run
_LIVE = const(15)  # bytes of Python's heap behind a collection; 0 where it is to be looked at
_SIZE = const(16)

_LIMITS_MS = (1, 2, 5, 10, 20, 50, 100, 1000000)

_state = array("i", [0] * _SIZE)
_histogram = array("i", [0] * len(_LIMITS_MS))
_slow = {}  # task -> [steps, longest, longest without the named calls]
_calls = {}  # name -> [how often, longest]
_start = {}  # the first word of a call's name -> [how often, us], before there are steps
_names = {}  # id of a coroutine -> the name of its task
_lines = []  # to be printed
_facts = {}
_number = 0
_expected = None  # (since ticks_ms, name)


def _note(table, name, us, net=0):
    row = table.get(name)
    if row is None:
        if len(table) >= _MAX_NAMES:
            name = "others"
        row = table.setdefault(name, [0, 0, 0])
    row[0] += 1
    row[1] = max(row[1], us)
    row[2] = max(row[2], net)


def call(name, function, *arguments, **named):
    """What function(...) gives; how long it took is noted under `name`, and not as its step's."""
    _state[_DEPTH] += 1
    began = time.ticks_us()
    try:
        return function(*arguments, **named)
    finally:
        us = time.ticks_diff(time.ticks_us(), began)
        _state[_DEPTH] -= 1
        if _state[_RUNS]:
            _note(_calls, name, us)
        elif not _state[_DEPTH]:
            row = _start.setdefault(name.split()[0], [0, 0])
            row[0] += 1
            row[1] += us
        if not _state[_DEPTH]:
            _state[_NAMED] += us


def _task():
    """The name of the task that has just made a step."""
    coroutine = core.cur_task.coro
    return _names.get(id(coroutine)) or repr(coroutine).split("'")[1]


def expect(name):
    """A step of more than 0.2 s in the next five seconds is this one, in C."""
    global _expected
    _expected = (time.ticks_ms(), name)


def _slow_step(us):
    net = max(0, us - _state[_NAMED])
    if _expected and us >= _EXPECTED_US:
        if time.ticks_diff(time.ticks_ms(), _expected[0]) < _EXPECTED_MS:
            _note(_calls, _expected[1], us)
            net = 0
    if _state[_MAX_US] < us:
        _state[_MAX_US] = us
    if _state[_NET] < net:
        _state[_NET] = net
    _note(_slow, _task(), us, net)


def _wrapped(inner, state, histogram):
    """The method in the place of IOQueue.wait_io_event."""
    ticks_us, ticks_diff, limits = time.ticks_us, time.ticks_diff, _LIMITS_MS

    @micropython.native
    def wait_io_event(queue, dt):
        now = ticks_us()
        if not state[_RUNS]:
            state[_RUNS] = 1
            state[_BORN] = state[_LAST] = now
            _begin()
        elif state[_SINCE]:
            us = ticks_diff(now, state[_SINCE])
            state[_SINCE] = 0
            state[_STEPS] += 1
            state[_BUSY] += us
            place = 0
            while us >= limits[place] * 1000:
                place += 1
            histogram[place] += 1
            if us >= _SLOW_US:
                _slow_step(us)
            state[_NAMED] = 0
        if ticks_diff(now, state[_LAST]) > (_LINES_US if dt > 2 else _BUSY_LINES_US):
            _print_line(now)
            now = ticks_us()
        inner(queue, dt)
        end = ticks_us()
        if dt > 0:
            state[_IDLE] += ticks_diff(end, now)
        state[_SINCE] = end or 1

    return wait_io_event


def _begin():
    """There are steps from now on."""
    fact("steps_ms", time.ticks_ms())
    fact("start", _start)


def _print_line(now):
    """Print one line of those that wait; gather new ones when it is time."""
    state = _state
    state[_LAST] = now
    chip_world.look(fact)
    if _lines:
        sys.stdout.write(_lines.pop(0))
    elif time.ticks_diff(now, state[_BORN]) >= _EVERY_US:
        _gather(now)
    else:
        return
    state[_OWN] += time.ticks_diff(time.ticks_us(), now)


def _line(**facts):
    _lines.append("@chip %s\n" % json.dumps(facts))


def _pace():
    """us for a thousand empty turns: how fast the emulation is just now."""
    began = time.ticks_us()
    for _ in range(1000):
        pass
    return time.ticks_diff(time.ticks_us(), began)


def _gather(now):
    """What was measured since the last time becomes lines to be printed."""
    global _number
    _number += 1
    state = _state
    internal = chip_world.internal_heap()
    _line(
        ms=time.ticks_ms(),
        us=time.ticks_diff(now, state[_BORN]),
        steps=state[_STEPS],
        busy=state[_BUSY],
        idle=state[_IDLE],
        own=state[_OWN],
        longest=state[_MAX_US],
        net=state[_NET],
        heap=_gc.mem_alloc(),
        live=state[_LIVE],
        pace=_pace(),
    )
    _line(
        collections=state[_COLLECTIONS],
        collecting=state[_COLLECTING],
        collection=state[_COLLECTION],
        histogram=list(_histogram),
        internal=internal,
        psram=chip_world.psram_free(),
    )
    for key, table in (("slow", _slow), ("calls", _calls)):
        for name, row in table.items():
            _line(**{key: {name: row}})
        table.clear()
    if _facts:
        _line(facts=_facts)
        _facts.clear()
    _line(end=_number)
    for place in range(_STEPS, _COLLECTION + 1):
        if place not in (_LAST, _DEPTH):
            state[place] = 0
    state[_LIVE] = 0
    for place in range(len(_histogram)):
        _histogram[place] = 0
    state[_BORN] = now


def fact(name, value):
    """Something to be printed once."""
    _facts[name] = value


def named(coroutine, name):
    """The coroutine's steps are those of the task `name`; it lives for ever."""
    _names[id(coroutine)] = name
    return coroutine


def _collect():
    """In the place of gc.collect."""
    began = time.ticks_us()
    found = _gc.collect()
    us = time.ticks_diff(time.ticks_us(), began)
    state = _state
    state[_COLLECTIONS] += 1
    state[_COLLECTING] += us
    if state[_COLLECTION] < us:
        state[_COLLECTION] = us
    if not state[_LIVE]:
        state[_LIVE] = _gc.mem_alloc()
        us = time.ticks_diff(time.ticks_us(), began)
    if not state[_DEPTH]:
        state[_NAMED] += us
    return found


def _cost():
    """us that measuring costs a step."""
    state, histogram = array("i", [0] * _SIZE), array("i", [0] * len(_LIMITS_MS))
    wait = _wrapped(lambda queue, dt: None, state, histogram)
    began = time.ticks_us()
    for _ in range(100):
        wait(None, 0)
    return time.ticks_diff(time.ticks_us(), began) // 100


def start():
    """Before main.py is run."""
    sys.modules["gc"] = chip_world.Module(_gc, collect=_collect)
    core.IOQueue.wait_io_event = _wrapped(core.IOQueue.wait_io_event, _state, _histogram)
    chip_world.surround(call, named, expect)
    # The first word, before anything can go wrong.
    print("@chip %s" % json.dumps({"facts": {"cost": _cost(), "version": sys.version}}))
