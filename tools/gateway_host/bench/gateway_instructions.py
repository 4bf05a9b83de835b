"""What the whole gateway takes of one 240 MHz core: the measuring side, the messages of a second,
the LED, collections, counted in instructions on the ESP32-C3's instruction set; and the turns of
asyncio, by a published time.

Not counted: what is C in MicroPython's network stack and TLS. `make chip` shows all of it as time
that is not idle.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway_host.bench.measuring_instructions import CLOCK, Second
from gateway_host.instructions import kernel
from gateway_host.instructions.rv32 import _ON_TARGET, run_rv32
from gateway_host.interpreter import ROOT

DEVICE = ROOT / "tools" / "gateway_host" / "device"
# asyncio's turns of a gateway in the cloud, as `make chip` counts them (steps_per_s), and what one
# takes: 322 us at 160 MHz on an ESP32 (micropython-async, 100 coroutines).
_TURNS = 330
_TURN_S = 322e-6 * 160 / 240
_FRAMES = 50  # of the LED, with a look at the button each
_STUBS = {
    "asyncio.py": b"""
class TimeoutError(Exception):
    pass


class Event:
    def set(self):
        pass


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration:
        pass
""",
    "time.py": b"""
def ticks_diff(a, b):
    return a - b


def ticks_ms():
    return 0
""",
}
_PROGRAM = """
import gc

import messages
from panel.button import Button
from panel.animation import Animation


def spent(function):
    a = instructions()
    b = instructions()
    function()
    c = instructions()
    return (c - b - (b - a)) & 0x1FFFFFFF


def written():
    for _ in publisher.write(messages.NOW_MS):
        pass


ticks = 0


def now():
    global ticks
    ticks += 20000
    return ticks


def frames():
    for _ in range({frames}):
        button.poll(False, 20)
        animation.show("green", "breathing")
        animation.frame()


publisher, uplink = messages.build()
messages.second(publisher)
animation, button = Animation(lambda r, g, b: None, now), Button((("red", 1), ("blue", 3)))
frames()
gc.collect()
gc.disable()
texts = spent(written)
led = spent(frames)
gc.enable()
print(texts, led, spent(gc.collect), sum(uplink.sizes.values()))
"""


@dataclass
class Whole:
    """Instructions of a second: `messages` written, `led`, one collection (`collections`).
    `message_bytes`: of these messages. `measuring`: measuring_instructions.Second."""

    measuring: Second
    messages: int
    led: int
    collections: int
    message_bytes: int

    @property
    def share(self) -> float:
        """Of a core's time, at one instruction a cycle."""
        counted = (self.messages + self.led + self.collections) / CLOCK
        return self.measuring.share + counted + self.turns_share

    @property
    def turns_share(self) -> float:
        """Of a core's time, that asyncio's turns take."""
        return _TURNS * _TURN_S


def measure(measuring: Second) -> Whole:
    """UserError when the target is not available."""
    files = _STUBS | kernel.modules()
    program = (_ON_TARGET / "count.py").read_text() + _PROGRAM.format(frames=_FRAMES)
    said = run_rv32(program, path=[kernel.FIRMWARE, DEVICE], files=files)
    return Whole(measuring, *map(int, said.split()))
