"""Instruction counts: the decoder against GNU objdump, the counts against QEMU, sums against exact ones."""

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from gateway_host.errors import UserError
from gateway_host.instructions import count, kernel, mpy, rv32, xtensa
from gateway_host.instructions.xtensa_decode import decode

# Exact dot products of 16-bit numbers in two parts, with every size of access, shifts of both
# kinds, calls of the interpreter, and division.
TOY = """
import micropython

@micropython.viper
def dot(x: int, c: ptr16, v: ptr16, bytes_: ptr8, out: ptr32, channels: int, n: int) -> int:
    k = 0
    while k < channels:
        low = 0
        high = 0
        i = 0
        while i < n:
            x = (c[i] ^ 0x8000) - 0x8000
            y = (v[i] ^ 0x8000) - 0x8000
            low = (y & 255) * x + low
            high = (y >> 8) * x + high
            i += 1
        out[2 * k] = low
        out[2 * k + 1] = high
        bytes_[k] = (low >> 3) ^ (high << 2)
        c = ptr16(int(c) + 2 * n)
        k += 1
    return out[0] // 7 + bytes_[1] % 5 + (out[1] & int(0x7FFFFFFF))

@micropython.viper
def beyond(out: ptr32, i: int):
    out[i] = 1

@micropython.viper
def odd(out: ptr8) -> int:
    return ptr16(int(out) + 1)[0]

def plain(x):
    return x
"""
CHANNELS, SAMPLES = 31, 64


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    path = tmp_path_factory.mktemp("toy") / "toy.py"
    path.write_text(TOY)
    return path


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
    packages = {"qemu-system-xtensa": "qemu-system-misc", "qemu-system-riscv32": "qemu-system-misc"}
    packages["riscv64-unknown-elf-gcc"] = (
        "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf make"
    )
    for program in programs:
        if not shutil.which(program):
            package = packages.get(program, "binutils-xtensa-lx106")
            pytest.skip(f"{program} is not here; as root: apt-get install {package}")


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
    """9 instructions a turn: c.add, two c.li/sub, and so on, read from the emitter's listing."""
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


@pytest.mark.parametrize("file", ["metering", "mains"])
def test_decoder_agrees_with_objdump(file, tmp_path):
    needs("xtensa-lx106-elf-objdump")
    functions = mpy.parse(mpy.compile_module(kernel.FIRMWARE / f"{file}.py", "xtensawin")).functions
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
        assert compared > 50


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
