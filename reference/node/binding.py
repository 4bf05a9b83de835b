"""The C node for Python: built with the C compiler of the machine, driven through ctypes.

All times are integers, ns of the node's own counter. Bytes are given with the times of their start
edges, answers come with the time at which their first start bit leaves.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from gateway_host.errors import UserError

HERE = Path(__file__).resolve().parent
CORE = ("frame.c", "clock.c", "node.c", "hear.c", "answer.c")
STRICT = ("-std=c11", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror")
ANSWER_MAX = 12 + 12 + 4 * 132
NEVER = 2**64 - 1

LED_WELL, LED_COMMUNICATION, LED_CONFIGURATION, LED_IDENTIFY = range(4)
STATE_IN_STEP, STATE_ADDRESSED, STATE_IDENTIFYING = 1, 2, 4

_U8, _U16, _U32, _U64 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64
_NODE = ctypes.c_void_p
_SIGNATURES = {
    "node_init": (ctypes.c_bool, [_NODE, _U16, _U32, _U32, _U32, _U32, _U64]),
    "node_size": (ctypes.c_size_t, []),
    "node_set_plugged": (None, [_NODE, _U8]),
    "node_receive_byte": (None, [_NODE, _U8, _U64]),
    "node_next_sample_time": (_U64, [_NODE]),
    "node_sample": (None, [_NODE, ctypes.c_void_p]),
    "node_answer_time": (_U64, [_NODE]),
    "node_transmit": (ctypes.c_size_t, [_NODE, _U64, ctypes.c_void_p, ctypes.POINTER(_U64)]),
    "node_state": (_U8, [_NODE, _U64]),
    "node_led": (ctypes.c_int, [_NODE, _U64]),
    "node_led_lit": (ctypes.c_bool, [_NODE, _U64, ctypes.c_uint]),
    "node_position": (_U64, [_NODE, _U64]),
    "node_difference": (ctypes.c_int32, [_NODE]),
    "node_address": (_U8, [_NODE]),
}


def compiler() -> str:
    """The C compiler: that of the environment variable CC, else gcc, else cc.

    UserError when there is none.
    """
    for name in (os.environ.get("CC"), "gcc", "cc"):
        if name and (found := shutil.which(name)):
            return found
    raise UserError("reference/node: no C compiler; install gcc (Debian: `apt install gcc`)")


def compile_with(flags: Sequence[str], sources: Sequence[str], output: Path) -> Path:
    """Compiles sources of this directory into `output`; UserError with the compiler's words."""
    command = [compiler(), *STRICT, *flags, *(str(HERE / source) for source in sources)]
    done = subprocess.run([*command, "-o", str(output)], capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"reference/node: does not compile: {done.stderr.strip()}")
    return output


def build(directory: Path) -> ctypes.CDLL:
    """The shared library, built in `directory`. UserError as with `compile_with`."""
    path = compile_with(("-O2", "-shared", "-fPIC"), CORE, Path(directory) / "libnode.so")
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


class Node:
    """One node: type 5400 or 5020 (heads), 5500 or 5520 (CT Hub), 5600 (Solid Core).

    `nonce` is 1 to 2^32 - 1, `sample` the first sample number, `now` the counter at its start, ns.
    ValueError for what cannot be.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        type: int,
        number: int,
        *,
        nonce: int = 1,
        baud: int = 3_000_000,
        sample: int = 0,
        now: int = 0,
    ) -> None:
        self._library = library
        self._memory = ctypes.create_string_buffer(library.node_size())
        self._node = ctypes.cast(self._memory, ctypes.c_void_p)
        self._buffer = (ctypes.c_uint8 * ANSWER_MAX)()
        self._begin = ctypes.c_uint64()
        self.channels = 4 if type in (5500, 5520) else 3
        self._samples = (ctypes.c_int16 * self.channels)()
        if not library.node_init(self._node, type, number, nonce, baud, sample, now):
            raise ValueError(f"no node of type {type}, nonce {nonce}, {baud} baud")

    def receive(self, byte: int, start: int) -> None:
        """A byte was heard; its start bit began at `start`."""
        self._library.node_receive_byte(self._node, byte, start)

    def next_sample_time(self) -> int:
        """When the next sample has to be taken."""
        return self._library.node_next_sample_time(self._node)

    def sample(self, values: Sequence[int]) -> None:
        """The sample of that instant: -32768 to 32767 for each channel."""
        self._samples[:] = values
        self._library.node_sample(self._node, self._samples)

    def answer_time(self) -> int | None:
        """When the answer that is due begins; None when there is none."""
        time = self._library.node_answer_time(self._node)
        return None if time == NEVER else time

    def transmit(self, now: int) -> tuple[int, bytes] | None:
        """The answer that is due at `now` and the time of its first start edge, or None."""
        size = self._library.node_transmit(self._node, now, self._buffer, self._begin)
        return (self._begin.value, bytes(self._buffer[:size])) if size else None

    def set_plugged(self, inputs: int) -> None:
        """Which inputs have a CT (bits 0 to 3)."""
        self._library.node_set_plugged(self._node, inputs)

    def state(self, now: int) -> int:
        """STATE_ bits."""
        return self._library.node_state(self._node, now)

    def led(self, now: int) -> int:
        """One of LED_."""
        return self._library.node_led(self._node, now)

    def led_lit(self, now: int, input: int = 0) -> bool:
        """Whether the LED of an input is lit."""
        return self._library.node_led_lit(self._node, now, input)

    def position(self, time: int) -> int:
        """The sample clock: sample number in the upper 32 bits, fraction in the lower 32."""
        return self._library.node_position(self._node, time)

    @property
    def difference(self) -> int:
        """The head's clock minus the own at the last reference edge, ns."""
        return self._library.node_difference(self._node)

    @property
    def address(self) -> int:
        """The node's address, 0 without one."""
        return self._library.node_address(self._node)
