"""Calls of boards/common's modem. Standard input: `case`, the name of a function here, and what
that one takes. Prints what it reports, a table."""

import asyncio
import json
import sys

from at_modem import keys, line
from passing_time import later, passed

from modem import Modem

PINS = {"lte_tx": 4, "lte_rx": 36}
LIMITS = (-95, -105)
ENDS = {
    "the network ends the call": line.lose_the_call,
    "the modem starts anew": lambda: line.power(True),
    "the modem dies": lambda: line.power(False),
    "it is off for a while": lambda: (
        line.power(False),
        later(90000, lambda: line.power(True)),
    ),
}


def pauses_ms():
    return [b - a for a, b in zip(line.traffic, line.traffic[1:])]


def prevent(result):
    """Let dialling end with this result."""
    if result == "no_sim":
        line.has_sim = False
    elif result == "not_found":
        line.has_cell = False
    elif result == "failed":
        line.connects = False
    elif result == "no_address":
        line.gives_address = False
    elif result == "no_modem":
        line.power(False)


async def follow_reception(reported):
    modem = Modem(PINS)
    reported["dialled"] = await modem.dial("m2m")
    reported["seen"] = []
    for csq in (20, 3, 7, 31, 99):
        line.csq = csq
        await asyncio.sleep_ms(66000)
        seen = [modem.dbm(), modem.quality(LIMITS), modem.connected(), line.data]
        reported["seen"].append(seen)
    reported["pause"] = max(pauses_ms()) / 1000
    reported["noise"] = line.noise
    reported["calls"] = [what for _, what in line.commands if what[:3] in ("ATD", "ATH")]


async def without_escape(reported):
    modem = Modem(PINS)
    line.knows_escape = False
    reported["dialled"] = await modem.dial("m2m")
    await asyncio.sleep_ms(700000)
    reported["connected"] = modem.connected() and line.data
    reported["pauses"] = len([1 for pause in pauses_ms() if pause > 1500])
    reported["noise"] = line.noise


async def call_ends(reported, end, after_s):
    modem = Modem(PINS)
    reported["dialled"] = await modem.dial("m2m")
    await asyncio.sleep_ms(after_s * 1000)
    ENDS[end]()
    since = passed[0]
    while modem.connected() and passed[0] < 1000000:
        await asyncio.sleep_ms(1000)
    reported["noticed"] = (passed[0] - since) // 1000
    line.on = True
    reported["again"] = await modem.dial("m2m")
    await asyncio.sleep_ms(70000)
    reported["connected"] = modem.connected() and line.data


async def cannot_dial(reported, result):
    modem = Modem(PINS)
    prevent(result)
    reported["first"] = await modem.dial("m2m")
    reported["connected"] = modem.connected()
    line.has_sim = line.has_cell = line.connects = line.gives_address = line.on = True
    reported["second"] = await modem.dial("m2m")


async def in_a_call_at_start(reported):
    modem = Modem(PINS)
    line.data = line.called = True
    line.echo = False
    reported["dialled"] = await modem.dial("m2m")
    reported["commands"] = [what for _, what in line.commands][:2]
    reported["dbm"] = modem.dbm()


async def leave_and_dial(reported, wait_ms):
    modem = Modem(PINS)
    await modem.dial("m2m")
    await asyncio.sleep_ms(wait_ms)
    modem.leave()
    await asyncio.sleep_ms(20000)
    reported["left"] = not modem.connected()
    reported["called"] = line.called
    await modem.dial("m2m")
    await asyncio.sleep_ms(wait_ms)
    modem.leave()
    reported["dialled"] = await modem.dial("m2m")
    await asyncio.sleep_ms(100000)
    reported["connected"] = modem.connected() and line.data


async def press_power_key(reported, low):
    PINS.update({"lte_power": 13, "lte_power_low": low, "lte_power_ms": 1200})
    modem = Modem(PINS)
    line.power(False)
    reported["dialled"] = await modem.dial("m2m")
    reported["keys"] = [[number, value] for _, number, value in keys]
    reported["pressed_ms"] = keys[1][0] - keys[0][0]


given = json.load(sys.stdin)
case = globals()[given.pop("case")]
reported = {}
asyncio.run(case(reported, **given))
print(json.dumps(reported))
