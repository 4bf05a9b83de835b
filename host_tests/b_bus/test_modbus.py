"""The B-bus master in both interpreters, against pymodbus: frames, transactions, a slave."""

import asyncio
import json
import os
import random
import struct
import tty
from functools import partial

import pytest
from gateway_host import interpreter
from in_interpreter import run_program, succeed
from pymodbus import FramerType
from pymodbus.client import ModbusTcpClient
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadCoilsResponse,
    ReadDiscreteInputsRequest,
    ReadDiscreteInputsResponse,
    WriteMultipleCoilsRequest,
    WriteMultipleCoilsResponse,
    WriteSingleCoilRequest,
    WriteSingleCoilResponse,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

FIRMWARE = interpreter.ROOT / "firmware"
RESULTS = (
    "OK SILENT SHORT BAD_CRC WRONG_UNIT WRONG_FUNCTION WRONG_LENGTH WRONG_ECHO EXCEPTION"
).split()


@pytest.fixture
def call(bits):
    """Makes calls in the interpreter."""

    def run(calls, program="modbus_calls"):
        said = succeed(program, given=calls, bits=bits, heap="4M", path=[FIRMWARE], timeout=60)
        return json.loads(said)

    return run


def frame(pdu):
    """The RTU frame of a message, as pymodbus makes it."""
    return FramerRTU(DecodePDU(True)).buildFrame(pdu)


def read_request(unit, address, count):
    return frame(ReadHoldingRegistersRequest(dev_id=unit, address=address, count=count))


def read_answer(unit, registers):
    return frame(ReadHoldingRegistersResponse(dev_id=unit, registers=registers))


def write_request(unit, address, values):
    return frame(
        WriteMultipleRegistersRequest(
            dev_id=unit, address=address, count=len(values), registers=values
        )
    )


def write_answer(unit, address, count):
    return frame(WriteMultipleRegistersResponse(dev_id=unit, address=address, count=count))


def words(rng, count):
    return [rng.getrandbits(16) for _ in range(count)]


def request(function, unit, address, what):
    """A request of any function, as pymodbus makes it."""
    kinds = {
        1: ReadCoilsRequest,
        2: ReadDiscreteInputsRequest,
        3: ReadHoldingRegistersRequest,
        4: ReadInputRegistersRequest,
    }
    writes = {
        5: partial(WriteSingleCoilRequest, bits=[what]),
        6: partial(WriteSingleRegisterRequest, registers=[what]),
        15: partial(WriteMultipleCoilsRequest, bits=what),
        16: partial(WriteMultipleRegistersRequest, registers=what),
    }
    if function in kinds:
        return frame(kinds[function](dev_id=unit, address=address, count=what))
    return frame(writes[function](dev_id=unit, address=address))


# From the application protocol V1.1b3, sections 6.3 and 6.12: function code and data.
PUBLISHED = [
    (read_request(17, 0x006B, 3), "03006b0003"),
    (read_answer(17, [0x022B, 0x0000, 0x0064]), "0306022b00000064"),
    (write_request(17, 1, [0x000A, 0x0102]), "100001000204000a0102"),
    (write_answer(17, 1, 2), "1000010002"),
]


def test_pymodbus_agrees_with_the_published_examples():
    for made, published in PUBLISHED:
        assert made[1:-2].hex() == published


def test_check_sums(call):
    rng = random.Random(16)
    texts = [rng.randbytes(n) for n in range(257)]
    wanted = [int.from_bytes(FramerRTU.compute_CRC(t).to_bytes(2, "big"), "little") for t in texts]
    assert call([["crc16", b"123456789".hex()]]) == [0x4B37]  # the catalogue's check value
    assert call([["crc16", text.hex()] for text in texts]) == wanted


def test_requests(call):
    rng = random.Random(3)
    calls, wanted = [], []
    for function, most in ((1, 2000), (2, 2000), (3, 125), (4, 125), (15, 1968), (16, 123)):
        edges = [(1, 0, 1), (247, 65535, 1), (61, 65536 - most, most)]
        for _ in range(60):
            count = rng.randint(1, most)
            edges.append((rng.randint(1, 247), rng.randint(0, 65536 - count), count))
        for unit, address, count in edges:
            what = count
            if function == 15:
                what = [rng.random() < 0.5 for _ in range(count)]
            elif function == 16:
                what = words(rng, count)
            calls.append(["request", unit, function, address, what])
            wanted.append(request(function, unit, address, what).hex())
    for unit in (0, 1, 247):
        for function, what in ((5, True), (5, False), (6, 0), (6, 65535), (15, [1]), (16, [7])):
            calls.append(["request", unit, function, 4711, what])
            wanted.append(request(function, unit, 4711, what).hex())
    assert call(calls) == wanted


def test_what_cannot_be_asked_is_refused(call):
    refused = [
        ["request", 0, 3, 0, 1],
        ["request", 248, 3, 0, 1],
        ["request", 248, 6, 0, 1],
        ["request", 61, 3, 0, 0],
        ["request", 61, 4, 0, 126],
        ["request", 61, 1, 0, 2001],
        ["request", 61, 3, -1, 1],
        ["request", 61, 3, 65535, 2],
        ["request", 61, 16, 0, []],
        ["request", 61, 16, 0, [1] * 124],
        ["request", 61, 15, 0, [1] * 1969],
        ["request", 61, 16, 0, [65536]],
        ["request", 61, 6, 0, -1],
        ["request", 61, 6, 65536, 1],
    ]
    for message in call(refused):
        assert str(message).startswith("refused: ")


def right_answers(rng):
    """(request, answer) of every function and length."""
    for count in range(1, 126):
        unit, address, values = rng.randint(1, 247), rng.randint(0, 65000), words(rng, count)
        yield read_request(unit, address, count), read_answer(unit, values)
        answer = frame(ReadInputRegistersResponse(dev_id=unit, registers=values))
        yield request(4, unit, address, count), answer
    for count in (*range(1, 40), 2000):
        unit, address = rng.randint(1, 247), rng.randint(0, 60000)
        bits = [rng.random() < 0.5 for _ in range(count)]
        answer = frame(ReadCoilsResponse(dev_id=unit, bits=bits))
        yield request(1, unit, address, count), answer
        answer = frame(ReadDiscreteInputsResponse(dev_id=unit, bits=bits))
        yield request(2, unit, address, count), answer
        if count <= 1968:
            answer = frame(WriteMultipleCoilsResponse(dev_id=unit, address=address, count=count))
            yield request(15, unit, address, bits), answer
    for value in (0, 1, 65535):
        answer = frame(WriteSingleRegisterResponse(dev_id=9, address=70, registers=[value]))
        yield request(6, 9, 70, value), answer
        answer = frame(WriteSingleCoilResponse(dev_id=9, address=70, bits=[bool(value)]))
        yield request(5, 9, 70, bool(value)), answer
        yield write_request(9, 70, [value]), write_answer(9, 70, 1)


def test_right_answers(call):
    pairs = list(right_answers(random.Random(4)))
    found = call([["check", asked.hex(), answer.hex()] for asked, answer in pairs])
    assert set(found) == {RESULTS.index("OK")}
    lengths = call([["answer_bytes", asked.hex()] for asked, _ in pairs])
    assert lengths == [len(answer) for _, answer in pairs]
    values = words(random.Random(8), 125)
    assert call([["registers", read_answer(61, values).hex()]]) == [values]


def test_each_fault_has_its_name(call):
    read, answer = read_request(61, 0, 10), read_answer(61, list(range(10)))
    write, echo = write_request(61, 0x1000, [1, 2]), write_answer(61, 0x1000, 2)
    cases = [
        (read, b"", "SILENT"),
        (read, answer[:-1], "SHORT"),
        (read, answer[:2], "SHORT"),
        (read, answer[:-1] + bytes([answer[-1] ^ 1]), "BAD_CRC"),
        (read, answer + b"\0", "OK"),
        (read, b"\0" + answer, "BAD_CRC"),
        (read, read_answer(62, list(range(10))), "WRONG_UNIT"),
        (read, frame(ReadInputRegistersResponse(dev_id=61, registers=[1])), "WRONG_FUNCTION"),
        (read, echo, "WRONG_FUNCTION"),
        (read, frame(ExceptionResponse(4, 2, device_id=61)), "WRONG_FUNCTION"),
        (read, read_answer(61, list(range(9))), "WRONG_LENGTH"),
        (read, read_answer(61, list(range(11))), "WRONG_LENGTH"),
        (read, frame(ExceptionResponse(3, 2, device_id=61)), "EXCEPTION"),
        (read, frame(ExceptionResponse(3, 2, device_id=60)), "WRONG_UNIT"),
        (write, echo, "OK"),
        (write, echo[:7], "SHORT"),
        (write, answer, "WRONG_FUNCTION"),
        (write, write_answer(61, 0x1001, 2), "WRONG_ECHO"),
        (write, write_answer(61, 0x1000, 1), "WRONG_ECHO"),
        (write, frame(ExceptionResponse(16, 3, device_id=61)), "EXCEPTION"),
        (
            request(5, 61, 0, True),
            frame(WriteSingleCoilResponse(dev_id=61, address=0, bits=[False])),
            "WRONG_ECHO",
        ),
        (
            request(2, 61, 0, 9),
            frame(ReadDiscreteInputsResponse(dev_id=61, bits=[True] * 8)),
            "WRONG_LENGTH",
        ),
    ]
    found = call([["check", request.hex(), answer.hex()] for request, answer, _ in cases])
    assert [RESULTS[result] for result in found] == [name for _, _, name in cases]


def test_no_damage_passes(call):
    """Every cut, every flipped bit and 2000 random burst errors of up to 16 bits."""
    rng = random.Random(5)
    calls = []
    for request, answer in (
        (read_request(61, 0, 10), read_answer(61, words(rng, 10))),
        (write_request(61, 0, [1]), write_answer(61, 0, 1)),
        (read_request(61, 0, 1), frame(ExceptionResponse(3, 2, device_id=61))),
    ):
        damaged = [answer[:n] for n in range(len(answer))]
        whole, size = int.from_bytes(answer, "little"), len(answer)
        errors = [1 << n for n in range(8 * size)]
        for _ in range(2000):
            at = rng.randrange(8 * size - 15)
            errors.append((rng.getrandbits(16) | 1) << at)
        damaged += [(whole ^ error).to_bytes(size, "little") for error in errors]
        calls += [["check", request.hex(), text.hex()] for text in damaged]
    assert not {RESULTS[n] for n in call(calls)} & {"OK", "EXCEPTION"}


def test_an_answer_is_complete_with_its_last_byte(call):
    answers = [read_answer(61, [7] * n) for n in (1, 2, 125)]
    answers += [write_answer(61, 0, 1), frame(ExceptionResponse(3, 2, device_id=61))]
    for answer, missing in zip(
        answers, call([["missing", answer.hex()] for answer in answers]), strict=True
    ):
        assert [n == 0 for n in missing] == [False] * len(answer) + [True]
        assert all(left <= len(answer) - n for n, left in enumerate(missing))


def test_values_of_32_bits(call):
    rng = random.Random(7)
    client = ModbusTcpClient
    reals = [0.0, -0.5, 230.1, 3.4e38, 1e-45] + [rng.uniform(-1e6, 1e6) for _ in range(24)]
    wholes = [0, 1, -1, 2**31 - 1, -(2**31)] + [rng.getrandbits(32) - 2**31 for _ in range(24)]
    calls, wanted = [], []
    for kind, code, values in (
        ("f", client.DATATYPE.FLOAT32, reals),
        ("i", client.DATATYPE.INT32, wholes),
        ("I", client.DATATYPE.UINT32, [value % 2**32 for value in wholes]),
    ):
        registers = [
            word
            for value in values
            for word in client.convert_to_registers(value, code, word_order="little")
        ]
        data = struct.pack(f">{len(registers)}H", *registers)
        calls.append(["low_first", data.hex(), len(values), kind])
        wanted.append([struct.unpack("<f", struct.pack("<f", v))[0] for v in values])
        if kind != "f":
            wanted[-1] = values
    assert call(calls) == [pytest.approx(values, rel=1e-7) for values in wanted]


VALUES = [0x1111, 0x2222, 0x3333]
ASKED = read_request(9, 0x80, 3).hex()
ANSWER = read_answer(9, VALUES).hex()
BUSY = frame(ExceptionResponse(3, 6, device_id=9)).hex()
REFUSED = frame(ExceptionResponse(3, 2, device_id=9)).hex()
SOON = [[1800, ANSWER]]
BROKEN = [[1800, ANSWER[:-2] + "%02x" % (int(ANSWER[-2:], 16) ^ 0x40)]]

# What comes back for each request; the result; answers, timeouts, damaged, exceptions.
PLANS = {
    "at once": ([SOON], "OK", [1, 0, 0, 0]),
    "late but in time": ([[[90000, ANSWER]]], "OK", [1, 0, 0, 0]),
    "in two pieces": ([[[1800, ANSWER[:8]], [4000, ANSWER[8:]]]], "OK", [1, 0, 0, 0]),
    "after silence": ([[], SOON], "OK", [1, 1, 0, 0]),
    "after damage": ([BROKEN, SOON], "OK", [1, 0, 1, 0]),
    "after a cut": ([[[1800, ANSWER[:12]]], SOON], "OK", [1, 0, 1, 0]),
    "after another's": ([[[1800, read_answer(8, VALUES).hex()]], SOON], "OK", [1, 0, 1, 0]),
    "after a long burst": ([[[1800, "ff" * 250]], SOON], "OK", [1, 0, 1, 0]),
    "third time": ([[], BROKEN, SOON], "OK", [1, 1, 1, 0]),
    "never": ([[], [], []], "SILENT", [0, 3, 0, 0]),
    "always damaged": ([BROKEN, BROKEN, BROKEN], "BAD_CRC", [0, 0, 3, 0]),
    "too late": ([[[101000, ANSWER[:8]]], [], []], "SILENT", [0, 3, 0, 0]),
    "refused": ([[[1800, REFUSED]]], "EXCEPTION", [0, 0, 0, 1]),
    "busy once": ([[[1800, BUSY]], SOON], "OK", [1, 0, 0, 1]),
    "busy for ever": ([[[1800, BUSY]]] * 3, "EXCEPTION", [0, 0, 0, 3]),
}


@pytest.mark.parametrize("name", PLANS)
def test_transactions(name, call):
    plan, result, counters = PLANS[name]
    [report] = call([[9, 3, 0x80, 3, plan]], "modbus_transactions")
    assert RESULTS[report["result"]] == result
    assert report["counters"] == counters
    assert report["registers"] == (VALUES if result == "OK" else None)
    assert report["exception"] == (
        None if result != "EXCEPTION" else 2 if name == "refused" else 6
    )
    assert report["unused"] == 0
    for request, silence, talking in report["requests"]:
        assert request == ASKED
        assert silence >= 1750
        assert not talking


def test_one_after_another(call):
    """A fault leaves nothing behind for the next transaction; a write carries its values."""
    values = words(random.Random(1), 20)
    reports = call(
        [
            [9, 3, 0x80, 3, [[], [], [[99000, ANSWER[:10]]]]],
            [61, 16, 0x1000, values, [[[1800, write_answer(61, 0x1000, 20).hex()]]]],
            [9, 3, 0x80, 3, [SOON]],
            [61, 3, 0, 125, [[[1800, read_answer(61, [5] * 125).hex()]]]],
        ],
        "modbus_transactions",
    )
    assert [RESULTS[report["result"]] for report in reports] == ["SHORT", "OK", "OK", "OK"]
    assert [report["counters"] for report in reports] == [
        [0, 2, 1, 0],
        [1, 0, 0, 0],
        [1, 2, 1, 0],
        [2, 0, 0, 0],
    ]
    assert reports[1]["requests"][0][0] == write_request(61, 0x1000, values).hex()
    assert reports[3]["registers"] == [5] * 125


def test_who_never_stops_talking_does_not_stop_the_master(call):
    noise = [[0, "00" * 20000]]
    reports = call(
        [[9, 3, 0x80, 3, [noise, noise, noise]], [9, 3, 0x80, 3, [[], [], []]]],
        "modbus_transactions",
    )
    assert [RESULTS[report["result"]] for report in reports][0] == "BAD_CRC"
    assert all(report["us"] < 1000000 for report in reports)  # of the line's own time


def test_a_slave_by_pymodbus_on_a_pty(bits, tmp_path):
    """Every function, as RTU frames on a serial line; the master has the pty's other end."""
    rng = random.Random(61)
    registers, inputs = words(rng, 120), words(rng, 120)
    coils = [rng.random() < 0.5 for _ in range(40)]
    discrete = [rng.random() < 0.5 for _ in range(40)]
    blocks = (
        [SimData(0, values=coils, datatype=DataType.BITS)],
        [SimData(0, values=discrete, datatype=DataType.BITS)],
        [SimData(0x80, values=registers, datatype=DataType.REGISTERS)],
        [SimData(0, values=inputs, datatype=DataType.REGISTERS)],
    )
    written, turned = words(rng, 20), [not bit for bit in coils]
    calls = [
        [61, 3, 0x80, 120],
        [61, 4, 0, 120],
        [61, 1, 0, 40],
        [61, 2, 3, 30],
        [61, 6, 0x81, 4711],
        [61, 16, 0x90, written],
        [61, 3, 0x81, 40],
        [61, 5, 0, not coils[0]],
        [61, 15, 1, turned[1:17]],
        [61, 1, 0, 20],
        [61, 3, 0x7000, 1],
    ]
    master, slave = os.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    task, result = (tmp_path / name for name in ("task", "result"))
    task.write_text(json.dumps(calls))

    def ask():
        return run_program(
            "modbus_master_on_stdio",
            task,
            result,
            bits=bits,
            heap="1M",
            path=[FIRMWARE],
            stdin=master,
            stdout=master,
            stderr=-1,
            capture_output=False,
        )

    async def serve():
        server = ModbusSerialServer(
            SimDevice(61, blocks), framer=FramerType.RTU, port=path, baudrate=38400
        )
        await server.serve_forever(background=True)
        try:
            return await asyncio.to_thread(ask)
        finally:
            await server.shutdown()

    try:
        done = asyncio.run(serve())
        assert done.returncode == 0, done.stderr
    finally:
        os.close(master)
        os.close(slave)
    report = json.loads(result.read_text())

    def as_words(values):
        return struct.pack(f">{len(values)}H", *values).hex()

    def as_bits(values):
        number = sum(value << k for k, value in enumerate(values))
        return number.to_bytes((len(values) + 7) // 8, "little").hex()

    after = list(registers)
    after[1], after[16:36] = 4711, written
    assert report == [
        as_words(registers),
        as_words(inputs),
        as_bits(coils),
        as_bits(discrete[3:33]),
        "",
        "",
        as_words(after[1:41]),
        "",
        "",
        as_bits([*turned[:17], *coils[17:20]]),
        [RESULTS.index("EXCEPTION"), 2],
    ]
