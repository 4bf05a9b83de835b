"""An interpreter of the Xtensa code in .mpy files that counts what it executes and trusts nothing.

Every buffer lies in a page of its own: an access outside it, or one that is not aligned (an
exception on the ESP32), ends the run with the instruction's address. After each call of the
interpreter's functions the registers that the windowed ABI leaves undefined are filled with
rubbish. What those functions themselves take is not counted; they are listed by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.instructions import mpy
from gateway_host.instructions.counts import Argument, Counts
from gateway_host.instructions.xtensa_decode import Instruction, decode
from gateway_host.instructions.xtensa_steps import END, WORD, signed, step_of

_FIRST_PAGE = 1
_PAGE = 20  # bits of an address within its buffer
_RUBBISH = 0xA5A5A5A5
_FUNCTIONS = 0xE0000000  # where the interpreter's functions seem to lie, 4 bytes each
_OBJECTS = 0xF0000000  # objects that are not small integers, 8 bytes each
_LIMIT = 100_000_000
_XTENSAWIN = 10  # in a .mpy's header

# Places in the table of functions that the emitter's code calls through (mp_fun_table).
_FROM_OBJECT, _TO_OBJECT, _CHECK_ARGUMENTS, _DIVIDE, _MODULO = 3, 4, 44, 46, 47
_INT = 2  # what viper wants of them, in the low bits
_NAMES = {3: "native_from_obj", 4: "native_to_obj", 6: "load_name", 7: "load_global"}
_NAMES |= {9: "load_attr", 15: "obj_subscr", 16: "obj_is_true", 18: "binary_op"}
_NAMES |= {27: "call_function", 34: "raise", 44: "arg_check", 46: "floor_divide", 47: "modulo"}


def count(module: Path, function: str, arguments: Sequence[Argument]) -> Counts:
    """As `instructions.count`, for "xtensa"."""
    data = (
        module.read_bytes() if module.suffix == ".mpy" else mpy.compile_module(module, "xtensawin")
    )
    compiled = mpy.parse(data)
    if compiled.architecture != _XTENSAWIN:
        raise UserError(
            f"{module}: compiled for another processor; use mpy-cross -march=xtensawin"
        )
    if function not in compiled.functions:
        known = ", ".join(compiled.functions) or "none"
        raise UserError(f"{module}: no viper function {function!r}; it has: {known}")
    machine = Machine(compiled, function)
    return machine.call(arguments)


class Machine:
    """One function's windowed registers, its memory, and what viper needs of MicroPython."""

    def __init__(self, module: mpy.Module, function: str):
        self.function = function
        self.pages: dict[int, bytearray] = {}
        self._objects: list = []
        self.buffers: dict[int, int] = {}
        self._writable: set[int] = set()
        self._calls: Counter[str] = Counter()
        self.registers = [_RUBBISH] * 16
        self.shift = 0
        self._at = 0
        self._steps: dict[int, Callable[[], int]] = {}
        self.entry = self.place(bytearray(module.functions[function]))
        self.table = self.words([_FUNCTIONS + 4 * i for i in range(128)])
        constants = self.words(
            [self.table if c is mpy.FUNCTION_TABLE else self.object(c) for c in module.constants]
        )
        context = self.words([_RUBBISH, _RUBBISH, _RUBBISH, constants])
        self._self = self.words([_RUBBISH, context, _RUBBISH, _RUBBISH])

    def call(self, arguments: Sequence[Argument]) -> Counts:
        """Run the function; raises UserError if it does what it must not."""
        places = self.prepare(arguments)
        visits = self._run()
        final = [
            bytes(self.pages[places[id(a)] >> _PAGE]) if id(a) in places else None
            for a in arguments
        ]
        returned = self._python(self.registers[2])
        heat = []
        for address in sorted(visits):
            found = self._decode(address)
            heat.append((visits[address], f"{address - self.entry:5x}  {found.text}"))
        return Counts(
            "xtensa",
            self.function,
            sum(visits.values()),
            final,
            returned if isinstance(returned, int) else None,
            calls=dict(self._calls),
            heat=heat,
        )

    def prepare(self, arguments: Sequence[Argument]) -> dict[int, int]:
        """Put arguments, stack and registers in place; returns where each buffer lies, by id()."""
        places: dict[int, int] = {}
        for argument in arguments:
            if not isinstance(argument, int) and id(argument) not in places:
                places[id(argument)] = self.place(bytearray(argument))
        objects = []
        for argument in arguments:
            objects.append(self.object(argument))
            if id(argument) in places:
                self.buffers[objects[-1]] = places[id(argument)]
        stack = self.place(bytearray(8192))
        self._writable = {place >> _PAGE for place in (stack, *places.values())}
        self.registers[1] = stack + 8192 - 32
        self.registers[2:6] = [self._self, len(arguments), 0, self.words(objects)]
        return places

    def _run(self) -> Counter[int]:
        visits: Counter[int] = Counter()
        steps = self._steps
        left = _LIMIT
        at = self.entry
        while at != END:
            self._at = at
            step = steps.get(at)
            if step is None:
                step = steps[at] = step_of(self, self._decode(at))
            visits[at] += 1
            left -= 1
            if not left:
                raise self.fault(f"no end within {_LIMIT} instructions")
            at = step()
        return visits

    def _decode(self, address: int) -> Instruction:
        code = self.pages.get(address >> _PAGE)
        offset = address & (1 << _PAGE) - 1
        if code is None or address >> _PAGE != self.entry >> _PAGE or offset + 2 > len(code):
            raise self.fault(f"jump to {address:#x}, outside the code")
        return decode(code, offset, address)

    def fault(self, what: str) -> UserError:
        """The error that ends a run, with the place."""
        return UserError(
            f"{self.function} on xtensa: {what}, at code offset {self._at - self.entry:#x}"
        )

    # Memory and objects

    def place(self, content: bytearray) -> int:
        """Give the content a page of its own; its address."""
        if len(content) > 1 << _PAGE:
            raise UserError(f"a buffer of {len(content)} bytes: at most {1 << _PAGE} are possible")
        page = len(self.pages) + _FIRST_PAGE
        self.pages[page] = content
        return page << _PAGE

    def words(self, words: Sequence[int]) -> int:
        """Place 32-bit words."""
        return self.place(bytearray(b"".join(w.to_bytes(4, "little") for w in words)))

    def _slice(self, address: int, size: int) -> tuple[bytearray, int]:
        page = self.pages.get(address >> _PAGE)
        offset = address & (1 << _PAGE) - 1
        if address % size:
            raise self.fault(f"access of {size} bytes at {address:#x}, not aligned")
        if page is None or offset + size > len(page):
            raise self.fault(f"access of {size} bytes at {address:#x}, outside every buffer")
        return page, offset

    def load(self, address: int, size: int) -> int:
        """Read 1, 2 or 4 bytes. Raises UserError outside every buffer and when not aligned."""
        page, offset = self._slice(address, size)
        return int.from_bytes(page[offset : offset + size], "little")

    def store(self, address: int, size: int, value: int) -> None:
        """Write the low bytes of a word, where that is allowed; else as load."""
        page, offset = self._slice(address, size)
        if address >> _PAGE not in self._writable:
            raise self.fault(f"store at {address:#x}, which is not a buffer")
        page[offset : offset + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")

    def object(self, value: object) -> int:
        """A word that stands for a Python object: a small integer, or a reference."""
        if type(value) is int and -(1 << 30) <= value < 1 << 30:
            return (value << 1 | 1) & WORD
        self._objects.append(value)
        return _OBJECTS + 8 * (len(self._objects) - 1)

    def _python(self, word: int) -> object:
        if word & 1:
            return signed(word) >> 1
        index = word - _OBJECTS
        if word in (_FUNCTIONS, _RUBBISH) or not 0 <= index < 8 * len(self._objects):
            return None
        return self._objects[index // 8]

    # The interpreter's functions

    def interpreter(self, address: int) -> None:
        """What callx8 to one of the interpreter's functions does: arguments a10..., result a10."""
        index = address - _FUNCTIONS >> 2
        name = _NAMES.get(index, f"function {index}")
        a, b = self.registers[10], self.registers[11]
        if not 0 <= index < 128:
            raise self.fault(f"call of {address:#x}, outside the interpreter")
        self._calls[name] += 1
        result = _RUBBISH
        if index == _FROM_OBJECT:
            value = self._python(a)
            if a in self.buffers:
                result = self.buffers[a]
            elif isinstance(value, int):
                result = value & WORD
            else:
                raise self.fault(f"conversion of {value!r} to a machine word")
        elif index == _TO_OBJECT:
            result = self.object(signed(a) if b & 15 == _INT else a)
        elif index == _CHECK_ARGUMENTS:
            raise self.fault("wrong number of arguments")
        elif index in (_DIVIDE, _MODULO) and b:
            x, y = signed(a), signed(b)
            result = (x // y if index == _DIVIDE else x % y) & WORD
        else:
            raise self.fault(f"call of the interpreter's {name}; keep it out of a kernel")
        self.registers[8:] = [_RUBBISH] * 8
        self.registers[10] = result
