"""An interpreter of the Xtensa code in .mpy files that counts what it executes and trusts nothing.

Every buffer lies in a page of its own: an access outside it, or one that is not aligned (an exception on the ESP32), ends the run with
the instruction's address. After each call of the interpreter's functions the registers that the windowed ABI leaves undefined are
filled with rubbish. What those functions themselves take is not counted; they are listed by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.instructions import Argument, Counts, mpy
from gateway_host.instructions.xtensa_decode import Instruction, decode

_WORD = 0xFFFFFFFF
_SIGN = 0x80000000
_PAGE = 20  # bits of an address within its buffer
_RUBBISH = 0xA5A5A5A5
_FUNCTIONS = 0xE0000000  # where the interpreter's functions seem to lie, 4 bytes each
_OBJECTS = 0xF0000000  # objects that are not small integers, 8 bytes each
_LIMIT = 100_000_000

# Places in the table of functions that the emitter's code calls through (mp_fun_table).
_FROM_OBJECT, _TO_OBJECT, _CHECK_ARGUMENTS, _DIVIDE, _MODULO = 3, 4, 44, 46, 47
_NAMES = {3: "native_from_obj", 4: "native_to_obj", 6: "load_name", 7: "load_global"}
_NAMES |= {9: "load_attr", 15: "obj_subscr", 16: "obj_is_true", 18: "binary_op"}
_NAMES |= {27: "call_function", 34: "raise", 44: "arg_check", 46: "floor_divide", 47: "modulo"}

_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "beq": lambda a, b: a == b,
    "bne": lambda a, b: a != b,
    "blt": lambda a, b: a ^ _SIGN < b ^ _SIGN,
    "bge": lambda a, b: a ^ _SIGN >= b ^ _SIGN,
    "bltu": lambda a, b: a < b,
    "bgeu": lambda a, b: a >= b,
    "bany": lambda a, b: a & b != 0,
    "bnone": lambda a, b: a & b == 0,
    "ball": lambda a, b: a & b == b,
    "bnall": lambda a, b: a & b != b,
    "bbs": lambda a, b: a >> (b & 31) & 1 == 1,
    "bbc": lambda a, b: a >> (b & 31) & 1 == 0,
}
_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "addx2": lambda a, b: 2 * a + b,
    "addx4": lambda a, b: 4 * a + b,
    "addx8": lambda a, b: 8 * a + b,
    "sub": lambda a, b: a - b,
    "subx2": lambda a, b: 2 * a - b,
    "subx4": lambda a, b: 4 * a - b,
    "subx8": lambda a, b: 8 * a - b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "mull": lambda a, b: a * b,
    "slli": lambda a, b: a << b,
    "srli": lambda a, b: a >> b,
    "srai": lambda a, b: _signed(a) >> b,
}
_WITH_IMMEDIATE = {"addi": "add", "addmi": "add", "addi.n": "add"}
_WITH_IMMEDIATE |= {"slli": "slli", "srli": "srli", "srai": "srai"}
_LOADS = {"l8ui": 1, "l16ui": 2, "l16si": -2, "l32i": 4, "l32i.n": 4}
_STORES = {"s8i": 1, "s16i": 2, "s32i": 4, "s32i.n": 4}
_END = -1


def count(module: Path, function: str, arguments: Sequence[Argument]) -> Counts:
    """As `instructions.count`, for "xtensa"."""
    data = (
        module.read_bytes()
        if module.suffix == ".mpy"
        else mpy.compile_module(module, "xtensawin")
    )
    compiled = mpy.parse(data)
    if function not in compiled.functions:
        known = ", ".join(compiled.functions) or "none"
        raise UserError(f"{module}: no viper function {function!r}; it has: {known}")
    machine = Machine(compiled, function)
    return machine.call(arguments)


class Machine:
    """A core with the windowed registers of one function, its memory, and as much of MicroPython as viper code needs."""

    def __init__(self, module: mpy.Module, function: str):
        self.function = function
        self._pages: dict[int, bytearray] = {}
        self._objects: list[object] = []
        self._buffers: dict[int, int] = {}
        self._calls: Counter[str] = Counter()
        self.registers = [_RUBBISH] * 16
        self._shift = 0
        self._at = 0
        self._steps: dict[int, Callable[[], int]] = {}
        self._entry = self._place(bytearray(module.functions[function]))
        table = self._words([_FUNCTIONS + 4 * i for i in range(128)])
        constants = self._words(
            [table if c is mpy.FUNCTION_TABLE else self._object(c) for c in module.constants]
        )
        context = self._words([_RUBBISH, _RUBBISH, _RUBBISH, constants])
        self._self = self._words([_RUBBISH, context, _RUBBISH, _RUBBISH])

    def call(self, arguments: Sequence[Argument]) -> Counts:
        """Run the function; raises UserError if it does what it must not."""
        places: dict[int, int] = {}
        for argument in arguments:
            if not isinstance(argument, int) and id(argument) not in places:
                places[id(argument)] = self._place(bytearray(argument))
        objects = []
        for argument in arguments:
            objects.append(self._object(argument))
            if id(argument) in places:
                self._buffers[objects[-1]] = places[id(argument)]
        stack = self._place(bytearray(8192))
        self.registers[1] = stack + 8192 - 32
        self.registers[2:6] = [self._self, len(arguments), 0, self._words(objects)]
        visits = self._run()
        final = [
            bytes(self._pages[places[id(a)] >> _PAGE]) if id(a) in places else None
            for a in arguments
        ]
        returned = self._python(self.registers[2])
        heat = []
        for address in sorted(visits):
            found = self._decode(address)
            heat.append((visits[address], f"{address - self._entry:5x}  {found.text}"))
        return Counts(
            "xtensa",
            self.function,
            sum(visits.values()),
            final,
            returned if isinstance(returned, int) else None,
            calls=dict(self._calls),
            heat=heat,
        )

    def _run(self) -> Counter[int]:
        visits: Counter[int] = Counter()
        steps = self._steps
        left = _LIMIT
        at = self._entry
        while at != _END:
            self._at = at
            step = steps.get(at)
            if step is None:
                step = steps[at] = self._step(self._decode(at))
            visits[at] += 1
            left -= 1
            if not left:
                raise self._fault(f"no end within {_LIMIT} instructions")
            at = step()
        return visits

    def _decode(self, address: int) -> Instruction:
        code = self._pages.get(address >> _PAGE)
        offset = address & (1 << _PAGE) - 1
        if code is None or address >> _PAGE != self._entry >> _PAGE or offset + 2 > len(code):
            raise self._fault(f"jump to {address:#x}, outside the code")
        return decode(code, offset, address)

    def _fault(self, what: str) -> UserError:
        return UserError(
            f"{self.function} on xtensa: {what}, at code offset {self._at - self._entry:#x}"
        )

    # Memory and objects

    def _place(self, content: bytearray) -> int:
        if len(content) > 1 << _PAGE:
            raise UserError(f"a buffer of {len(content)} bytes: at most {1 << _PAGE} are possible")
        page = len(self._pages) + 0x3F0
        self._pages[page] = content
        return page << _PAGE

    def _words(self, words: Sequence[int]) -> int:
        return self._place(bytearray(b"".join(w.to_bytes(4, "little") for w in words)))

    def _slice(self, address: int, size: int) -> tuple[bytearray, int]:
        page = self._pages.get(address >> _PAGE)
        offset = address & (1 << _PAGE) - 1
        if address % size:
            raise self._fault(f"access of {size} bytes at {address:#x}, not aligned")
        if page is None or offset + size > len(page):
            raise self._fault(f"access of {size} bytes at {address:#x}, outside every buffer")
        return page, offset

    def _load(self, address: int, size: int) -> int:
        page, offset = self._slice(address, size)
        return int.from_bytes(page[offset : offset + size], "little")

    def _store(self, address: int, size: int, value: int) -> None:
        page, offset = self._slice(address, size)
        if address >> _PAGE == self._entry >> _PAGE:
            raise self._fault("store into the code")
        page[offset : offset + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")

    def _object(self, value: object) -> int:
        if type(value) is int and -(1 << 30) <= value < 1 << 30:
            return (value << 1 | 1) & _WORD
        self._objects.append(value)
        return _OBJECTS + 8 * (len(self._objects) - 1)

    def _python(self, word: int) -> object:
        if word & 1:
            return _signed(word) >> 1
        index = word - _OBJECTS
        if word in (_FUNCTIONS, _RUBBISH) or not 0 <= index < 8 * len(self._objects):
            return None
        return self._objects[index // 8]

    # The interpreter's functions

    def _interpreter(self, address: int) -> None:
        index = address - _FUNCTIONS >> 2
        name = _NAMES.get(index, f"function {index}")
        a, b = self.registers[10], self.registers[11]
        if not 0 <= index < 128:
            raise self._fault(f"call of {address:#x}, outside the interpreter")
        self._calls[name] += 1
        result = _RUBBISH
        if index == _FROM_OBJECT:
            value = self._python(a)
            if a in self._buffers:
                result = self._buffers[a]
            elif isinstance(value, int):
                result = value & _WORD
            else:
                raise self._fault(f"conversion of {value!r} to a machine word")
        elif index == _TO_OBJECT:
            result = self._object(_signed(a) if b & 15 == 2 else a)
        elif index == _CHECK_ARGUMENTS:
            raise self._fault("wrong number of arguments")
        elif index in (_DIVIDE, _MODULO) and b:
            x, y = _signed(a), _signed(b)
            result = (x // y if index == _DIVIDE else x % y) & _WORD
        else:
            raise self._fault(f"call of the interpreter's {name}; keep it out of a kernel")
        self.registers[8:] = [_RUBBISH] * 8
        self.registers[10] = result

    # Instructions

    def _step(self, instruction: Instruction) -> Callable[[], int]:
        """A function that executes the instruction and returns where to go on."""
        name, o = instruction.name, instruction.operands
        regs = self.registers
        after = instruction.address + instruction.length
        if name in _LOADS or name in _STORES:
            return self._transfer(name, o, after)
        if name.removesuffix(".n") in _COMPUTE and len(o) == 3 and name not in _WITH_IMMEDIATE:
            compute = _COMPUTE[name.removesuffix(".n")]

            def step():
                regs[o[0]] = compute(regs[o[1]], regs[o[2]]) & _WORD
                return after
        elif name in _WITH_IMMEDIATE:
            compute = _COMPUTE[_WITH_IMMEDIATE[name]]

            def step():
                regs[o[0]] = compute(regs[o[1]], o[2]) & _WORD
                return after
        elif name in _HOLDS:
            holds = _HOLDS[name]

            def step():
                return o[2] if holds(regs[o[0]], regs[o[1]]) else after
        elif name[:3] in ("beq", "bne", "blt", "bge", "bbc", "bbs") and name[3:] in (
            "z",
            "z.n",
            "i",
        ):
            holds = _HOLDS[name[:3]]
            other = o[1] & _WORD if name.endswith("i") else 0

            def step():
                return o[-1] if holds(regs[o[0]], other) else after
        else:
            return self._special(name, o, after)
        return step

    def _transfer(self, name: str, o: tuple[int, ...], after: int) -> Callable[[], int]:
        regs = self.registers
        size = _LOADS.get(name) or _STORES[name]
        if name in _STORES:

            def step():
                self._store(regs[o[1]] + o[2] & _WORD, size, regs[o[0]])
                return after
        elif size > 0:

            def step():
                regs[o[0]] = self._load(regs[o[1]] + o[2] & _WORD, size)
                return after
        else:

            def step():
                value = self._load(regs[o[1]] + o[2] & _WORD, -size)
                regs[o[0]] = ((value ^ 0x8000) - 0x8000) & _WORD
                return after

        return step

    def _special(self, name: str, o: tuple[int, ...], after: int) -> Callable[[], int]:
        regs = self.registers

        def step():
            to = after
            if name in ("mov.n", "neg", "abs"):
                value = regs[o[1]]
                negative = name == "neg" or (name == "abs" and value >= _SIGN)
                regs[o[0]] = (-value if negative else value) & _WORD
            elif name in ("movi", "movi.n"):
                regs[o[0]] = o[1] & _WORD
            elif name == "l32r":
                regs[o[0]] = self._load(o[1], 4)
            elif name == "ssr":
                self._shift = regs[o[0]] & 31
            elif name == "ssl":
                self._shift = 32 - (regs[o[0]] & 31)
            elif name == "ssai":
                self._shift = o[0]
            elif name == "sll":
                regs[o[0]] = regs[o[1]] << 32 - self._shift & _WORD
            elif name == "srl":
                regs[o[0]] = regs[o[1]] >> self._shift
            elif name == "sra":
                regs[o[0]] = _signed(regs[o[1]]) >> self._shift & _WORD
            elif name == "src":
                regs[o[0]] = (regs[o[1]] << 32 | regs[o[2]]) >> self._shift & _WORD
            elif name == "extui":
                regs[o[0]] = regs[o[1]] >> o[2] & (1 << o[3]) - 1
            elif name == "j":
                to = o[0]
            elif name == "jx":
                to = regs[o[0]]
            elif name == "entry":
                regs[o[0]] -= o[1]
            elif name == "callx8":
                self._interpreter(regs[o[0]])
            elif name in ("retw", "retw.n"):
                to = _END
            elif name != "nop.n":
                raise self._fault(f"instruction {name}, which is not executed here")
            return to

        return step


def _signed(word: int) -> int:
    return (word ^ _SIGN) - _SIGN
