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
from gateway_host.instructions.rv32 import ON_TARGET, run_rv32, stubs
from gateway_host.interpreter import ROOT

DEVICE = ROOT / "tools" / "gateway_host" / "device"
# asyncio's turns of a gateway in the cloud, as `make chip` counts them (steps_per_s), and what one
# takes: 322 us at 160 MHz on an ESP32 (micropython-async, 100 coroutines).
_TURNS = 330
_TURN_S = 322e-6 * 160 / 240
RECORDS = 33  # a second after an outage: ten each 300 ms (docs/cloud.md)


@dataclass
class Whole:
    """Instructions of a second: `messages`, written and put together for the socket, `led`, one
    collection (`collections`). `message_bytes`: of these messages. `record`: instructions for the
    text of a record of the history, one a minute. `measuring`: measuring_instructions.Second."""

    measuring: Second
    messages: int
    led: int
    collections: int
    message_bytes: int
    record: int

    @property
    def share(self) -> float:
        """Of a core's time, at one instruction a cycle."""
        counted = (self.messages + self.led + self.collections) / CLOCK
        return self.measuring.share + counted + self.turns_share

    @property
    def history_share(self) -> float:
        """Of a core's time, that the texts of a history take more after an outage."""
        return RECORDS * self.record / CLOCK

    @property
    def turns_share(self) -> float:
        """Of a core's time, that asyncio's turns take."""
        return _TURNS * _TURN_S


def measure(measuring: Second) -> Whole:
    """UserError when the target is not available."""
    files = stubs("asyncio", "time") | kernel.modules()
    program = (ON_TARGET / "gateway_second.py").read_text()
    said = run_rv32(program, path=[kernel.FIRMWARE, DEVICE, ON_TARGET], files=files)
    return Whole(measuring, *map(int, said.split()))
