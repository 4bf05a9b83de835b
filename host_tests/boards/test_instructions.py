"""Instruction counts: decoder against objdump, counts against QEMU, sums against exact ones."""

import ast
import re
import shutil
import struct
import subprocess

import numpy as np
import pytest
from gateway_host.errors import UserError
from gateway_host.instructions import count, kernel, mpy, rv32, xtensa
from gateway_host.instructions.xtensa_decode import decode
from in_interpreter import PROGRAMS, program

CHANNELS, SAMPLES = 31, 64
PLL = kernel.FIRMWARE / "measure" / "oscillator.py"
KERNEL = kernel.FIRMWARE / "measure" / "kernel.py"


@pytest.fixture
def toy():
    return PROGRAMS / "dot_products.py"


def toy_arguments():
    currents = struct.pack(
        f"<{CHANNELS * SAMPLES}h",
        *(((i * 40503 + 12345) & 0xFFFF) - 0x8000 for i in range(CHANNELS * SAMPLES)),
    )
    voltages = struct.pack(f"<{SAMPLES}h", *(i * 1021 - 32768 for i in range(SAMPLES)))
    out = bytearray(CHANNELS * 8)
    return [0, currents, voltages, bytearray(CHANNELS), out, CHANNELS, SAMPLES]


def expected():
    """The buffers and the result of dot(), by plain Python."""
    arguments = toy_arguments()
    currents = struct.unpack(f"<{CHANNELS * SAMPLES}h", arguments[1])
    voltages = struct.unpack(f"<{SAMPLES}h", arguments[2])
    out, octets = [], []
    for k in range(CHANNELS):
        row = currents[k * SAMPLES : (k + 1) * SAMPLES]
        low = sum((v & 255) * c for v, c in zip(voltages, row, strict=True))
        high = sum((v >> 8) * c for v, c in zip(voltages, row, strict=True))
        out += [low, high]
        octets.append(((low >> 3) ^ (high << 2)) & 255)
    result = out[0] // 7 + octets[1] % 5 + (out[1] & 0x7FFFFFFF)
    result = (result + 0x80000000) % 0x100000000 - 0x80000000
    return bytes(octets), struct.pack(f"<{2 * CHANNELS}i", *out), result


def check(counts):
    octets, out, result = expected()
    assert counts.buffers[3] == octets
    assert counts.buffers[4] == out
    assert counts.returned == result


def needs(*programs):
    """Skip where a program is missing, with the package that has it."""
    packages = {
        "qemu-system-xtensa": "qemu-system-misc",
        "qemu-system-riscv32": "qemu-system-misc",
    }
    packages["riscv64-unknown-elf-gcc"] = (
        "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf make"
    )
    for tool in programs:
        if not shutil.which(tool):
            package = packages.get(tool, "binutils-xtensa-lx106")
            pytest.skip(f"{tool} is not here; as root: apt-get install {package}")


def needs_rv32():
    needs("qemu-system-riscv32", "riscv64-unknown-elf-gcc")
    try:
        rv32.rv32_build.interpreter()
    except UserError as error:
        pytest.skip(str(error))


def test_xtensa_computes_what_python_does(toy):
    counts = count("xtensa", toy, "dot", toy_arguments())
    check(counts)
    # 7 arguments and one constant beyond 30 bits are converted, one result, one // and one %.
    assert counts.calls == {
        "native_from_obj": 8,
        "native_to_obj": 1,
        "floor_divide": 1,
        "modulo": 1,
    }
    assert counts.instructions == sum(times for times, _ in counts.heat)
    assert max(times for times, _ in counts.heat) == CHANNELS * (SAMPLES + 1)


def test_rv32_computes_what_python_does(toy):
    needs_rv32()
    first = count("rv32", toy, "dot", toy_arguments())
    check(first)
    second = count("rv32", toy, "dot", toy_arguments())
    assert second.instructions == first.instructions
    assert first.whole > first.instructions


def test_rv32_counts_a_loop_exactly(tmp_path):
    """What a turn of a loop takes is as many instructions as objdump shows in it."""
    needs_rv32()
    path = tmp_path / "loop.py"
    path.write_text("@micropython.viper\ndef f(n: int):\n while n:\n  n -= 1\n")
    few, more = (count("rv32", path, "f", [n]).instructions for n in (10, 1010))
    assert more - few == 1000 * _loop_instructions(path)


def _loop_instructions(path):
    """Length of the only loop in f, by GNU objdump over the code of the .mpy."""
    needs("riscv64-unknown-elf-objdump")
    code = mpy.parse(mpy.compile_module(path, "rv32imc")).functions["f"]
    binary = path.with_suffix(".bin")
    binary.write_bytes(code)
    text = _run("riscv64-unknown-elf-objdump", "-D", "-b", "binary", "-m", "riscv:rv32", binary)
    lines = [m.groups() for m in re.finditer(r"^ *([0-9a-f]+):\t\S+ +\t(.*)$", text, re.MULTILINE)]
    back = [
        (int(at, 16), int(target.group(1), 16))
        for at, words in lines
        if (target := re.match(r"b\w+\s.*0x([0-9a-f]+)", words)) and target
    ]
    end, begin = next((at, to) for at, to in back if to < at)
    return sum(begin <= int(at, 16) <= end for at, _ in lines)


@pytest.mark.parametrize("file", ["metering", "measure/kernel", "measure/oscillator"])
def test_decoder_agrees_with_objdump(file, tmp_path):
    needs("xtensa-lx106-elf-objdump")
    functions = mpy.parse(
        mpy.compile_module(kernel.FIRMWARE / f"{file}.py", "xtensawin")
    ).functions
    assert functions
    for name, code in functions.items():
        compared = 0
        start = decode(code, 0, 0).operands[0]  # the jump over the constants
        theirs = _objdump(code, start, tmp_path / name)
        at = start
        while at + 2 <= len(code):
            ours = decode(code, at, at)
            text = theirs.get(at, "")
            # The lx106 has no register windows: it shows entry, retw and callx8 as bytes.
            if ours.name not in ("entry", "callx8", "retw.n"):
                assert text == _decimal(ours.text), f"{name} at {at:#x}"
                compared += 1
            at += ours.length
        assert compared > 30


def _objdump(code, start, path):
    """{offset: instruction with its numbers in decimal} by GNU objdump."""
    path.write_bytes(code)
    text = _run(
        "xtensa-lx106-elf-objdump",
        *("-D", "-b", "binary", "-m", "xtensa", f"--start-address={start}", path),
    )
    lines = re.findall(r"^ *([0-9a-f]+):\t[0-9a-f ]+\t([^(<\n]*)", text, re.MULTILINE)
    return {int(at, 16): _decimal(words) for at, words in lines}


def _decimal(text):
    text = re.sub(r"0x[0-9a-f]+", lambda number: str(int(number[0], 16)), text)
    return " ".join(text.split())


def _run(*command):
    return subprocess.run(
        [str(word) for word in command], check=True, capture_output=True, text=True
    ).stdout


# QEMU runs the same memory image on a core with the ESP32's options. The start code calls the
# function once and writes the cycle counter's difference, the result and the buffers.
START = """
    j start
    .byte 0  # padding
ps: .word 0x40020  # windows on, user mode
    .word {words}
start:
    l32r a2, ps
    wsr.ps a2
    movi a2, 1
    .byte 0x20, 0x49, 0x13  # wsr.windowstart a2
    rsync
    l32r a1, ps + 4
    l32r a10, ps + 8
    l32r a11, ps + 12
    movi a12, 0
    l32r a13, ps + 16
    l32r a8, ps + 20
    rsr.ccount a3
    .byte 0xe0, 0x08, 0x00  # callx8 a8
    rsr.ccount a4
    l32r a6, ps + 24
    sub a4, a4, a3
    s32i a4, a6, 0
    s32i a10, a6, 4
    l32r a7, ps + 28
next:
    l32i a4, a7, 0
    l32i a5, a7, 4
    movi a2, 4  # write
    movi a3, 1
    simcall
    addi a7, a7, 8
    l32i a4, a7, 0
    bnez a4, next
    movi a2, 1  # exit
    movi a3, 0
    simcall
"""
ENTRY, RETURN, LOAD = b"\x36\x41\x00", b"\x1d\xf0", b"\x28\x12"  # entry a1, 32; retw.n; l32i.n
RESET = 0xFE000000  # where dc233c begins
CYCLES = 1.28  # of dc233c at 10 MHz in the 128 ns that -icount shift=7 gives an instruction


class Image(xtensa.Machine):
    """Memory for QEMU: objects are {0, machine word}, so that their conversion is one load."""

    def object(self, value):
        return self.words([0, value & 0xFFFFFFFF if isinstance(value, int) else 0])

    def elf(self, arguments, path):
        places = self.prepare(arguments)
        for record, place in self.buffers.items():
            self.store_word(record + 4, place)
        stubs = self.place(bytearray((ENTRY + LOAD + RETURN).ljust(8) + ENTRY + RETURN))
        self.store_word(self.table + 4 * 3, stubs)
        self.store_word(self.table + 4 * 4, stubs + 8)
        head = self.words([0, 0])
        pieces = [(head, 8)] + [(p, len(self.pages[p >> 20])) for p in places.values()]
        pieces_at = self.words([word for piece in (*pieces, (0, 0)) for word in piece])
        stack, own, number, _, words = self.registers[1:6]
        values = [stack, own, number, words, self.entry, head, pieces_at]
        path.write_text(START.format(words=", ".join(str(v) for v in values)))
        _run("xtensa-lx106-elf-as", "-o", path.with_suffix(".o"), path)
        _run("xtensa-lx106-elf-objcopy", "-O", "binary", path.with_suffix(".o"), path)
        start = self.place(bytearray(path.read_bytes()))
        # movi a0, page; slli a0, a0, 20; jx a0
        jump = (start >> 20 << 16 | 0xA002, 0x0100C0, 0x0000A0)
        self.pages[RESET >> 20] = bytearray(b"".join(i.to_bytes(3, "little") for i in jump))
        headers, contents = b"", b""
        at = 52 + 32 * len(self.pages)
        for page, content in self.pages.items():
            where, size = page << 20, len(content)
            headers += struct.pack("<8I", 1, at + len(contents), where, where, size, size, 7, 4)
            contents += content
        path.write_bytes(
            b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
            + struct.pack(
                "<HHIIIIIHHHHHH", 2, 94, 1, RESET, 52, 0, 0, 52, 32, len(self.pages), 0, 0, 0
            )
            + headers
            + contents
        )
        return [size for _, size in pieces]

    def store_word(self, address, word):
        struct.pack_into("<I", self.pages[address >> 20], address & 0xFFFFF, word)


def on_qemu(call, path):
    """(instructions with those of the stubs, result, {id of buffer: contents}) on QEMU."""
    image = Image(mpy.parse(mpy.compile_module(call.module, "xtensawin")), call.function)
    sizes = image.elf(call.arguments, path)
    machine = ["-M", "sim", "-cpu", "dc233c", "-nographic", "-monitor", "none", "-semihosting"]
    done = subprocess.run(
        ["qemu-system-xtensa", *machine, "-icount", "shift=7", "-kernel", str(path)],
        capture_output=True,
        timeout=20,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    parts = []
    for size in sizes:
        parts.append(done.stdout[sum(map(len, parts)) :][:size])
    cycles, result = struct.unpack("<Ii", parts[0])
    names = dict.fromkeys(id(a) for a in call.arguments if not isinstance(a, int))
    return cycles / CYCLES, result, dict(zip(names, parts[1:], strict=True))


def kernel_calls():
    samples = np.random.default_rng(7).integers(-32768, 32768, (31, 64))
    return kernel.calls(samples)


def test_xtensa_agrees_with_qemu(tmp_path):
    needs("qemu-system-xtensa", "xtensa-lx106-elf-as", "xtensa-lx106-elf-objcopy")
    for call in kernel_calls():
        ours = count("xtensa", call.module, call.function, call.arguments)
        theirs, result, buffers = on_qemu(call, tmp_path / call.function)
        if ours.returned is not None:
            assert result == ours.returned
        for argument, content in zip(call.arguments, ours.buffers, strict=True):
            assert content is None or buffers[id(argument)] == content
        stubs = 3 * ours.calls["native_from_obj"] + 2 * ours.calls.get("native_to_obj", 0)
        # Between the readings lie the call itself and one reading; each is a whole cycle.
        assert abs(theirs - (ours.instructions + stubs + 2)) < 1, call.function


def test_both_targets_leave_the_memory_as_the_host():
    needs_rv32()
    for call in kernel_calls():
        for target in ("xtensa", "rv32"):
            counts = count(target, call.module, call.function, call.arguments)
            assert counts.buffers == call.left, f"{call.function} on {target}"


def test_the_kernel_case_is_exact_and_within_its_limit():
    block = kernel.measure("xtensa")  # compares its sums with exact ones
    assert block.per_sample <= 60


def test_the_kernel_case_refuses_wrong_sums(tmp_path):
    shutil.copytree(kernel.FIRMWARE, tmp_path, dirs_exist_ok=True)
    source = KERNEL.read_text()
    broken = source.replace("r[_II] = x * x\n", "r[_II] = x * x + 1\n")
    assert broken != source
    (tmp_path / "measure" / KERNEL.name).write_text(broken)
    with pytest.raises(UserError, match="exact are"):
        kernel.measure("xtensa", tmp_path)


FAULTS = [
    ("beyond", [bytearray(8), 1], None),
    ("beyond", [bytearray(8), 2], "outside every buffer"),
    ("beyond", [bytearray(8), -1], "outside every buffer"),
    ("odd", [bytearray(8)], "not aligned"),
    ("beyond", [bytearray(8)], "wrong number of arguments"),
    ("plain", [1], "no viper function 'plain'"),
]


@pytest.mark.parametrize("function, arguments, message", FAULTS)
def test_xtensa_refuses(toy, function, arguments, message):
    if message is None:
        assert count("xtensa", toy, function, arguments).buffers[0] == b"\0\0\0\0\1\0\0\0"
        return
    with pytest.raises(UserError, match=message):
        count("xtensa", toy, function, arguments)


def test_errors_say_what_to_do(toy, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="known: xtensa, rv32"):
        count("avr", toy, "dot", [])
    with pytest.raises(UserError, match="no such file"):
        count("xtensa", tmp_path / "none.py", "dot", [])
    other = tmp_path / "toy.mpy"
    other.write_bytes(mpy.compile_module(toy, "rv32imc"))
    with pytest.raises(UserError, match="march=xtensawin"):
        count("xtensa", other, "dot", [])
    other.write_bytes(b"M\5\0\0")
    with pytest.raises(UserError, match="not version 6"):
        count("xtensa", other, "dot", [])
    monkeypatch.setattr(shutil, "which", lambda name, **_: None)
    with pytest.raises(UserError, match="apt-get install gcc-riscv64-unknown-elf"):
        rv32.run_rv32("print(1)")


def test_rv32_runs_the_firmware_in_single_precision():
    needs_rv32()
    source = program("print_floats").read_text()
    shown = rv32.run_rv32(source, path=[kernel.FIRMWARE]).splitlines()
    sevenths = np.arange(1, 5, dtype=np.float32) / np.float32(7)
    assert shown[0] == str([x.tobytes().hex() for x in sevenths])
    arctan = np.arctan(0.5 ** np.arange(20)) / (2 * np.pi) * 2**30
    # 24 bits of mantissa for values below 2^27: 4 of 2^30 turns at most
    assert np.abs(np.array(ast.literal_eval(shown[1])) - arctan).max() <= 4
    with pytest.raises(rv32.TargetError, match="ZeroDivisionError"):
        rv32.run_rv32("1 // 0")
