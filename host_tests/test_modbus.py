"""The B-bus master in both interpreters, against pymodbus: frames, transactions, a server."""

import asyncio
import json
import random
import struct

import pytest
from gateway_host import interpreter
from pymodbus import FramerType
from pymodbus.client import ModbusTcpClient
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
)
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

FIRMWARE = interpreter.ROOT / "firmware"
RESULTS = (
    "OK SILENT SHORT BAD_CRC WRONG_UNIT WRONG_FUNCTION WRONG_LENGTH WRONG_ECHO EXCEPTION"
).split()

# Reads a list of calls [name, arguments...] and prints the list of what they give.
CALLS = """
import json, sys
from array import array
import modbus

def crc16(data):
    data = bytes.fromhex(data)
    return modbus.crc16(data, len(data))

def encode_read(*request):
    frame = bytearray(modbus.READ_BYTES)
    modbus.encode_read(frame, *request)
    return frame.hex()

def encode_write(unit, address, values):
    frame = bytearray(modbus.write_bytes(len(values)))
    modbus.encode_write(frame, unit, address, array("H", values))
    return frame.hex()

def check(request, answer):
    answer = bytes.fromhex(answer)
    return modbus.check(bytes.fromhex(request), padded(answer), len(answer))

def padded(answer):  # the buffer holds an older answer behind
    return answer + b"\\x3d" * (modbus.LONGEST - len(answer))

def missing(answer):  # for every count of bytes from none to all
    answer = bytes.fromhex(answer)
    return [modbus.missing(padded(answer), n) for n in range(len(answer) + 1)]

def registers(answer):
    answer = bytes.fromhex(answer)
    return [modbus.register(answer, i) for i in range(answer[2] // 2)]

def take32(answer, code, first, stride, count):
    target = array(code, [0] * count)
    modbus.take32(bytes.fromhex(answer), first, stride, target)
    return bytes(target).hex()

results = []
for name, *arguments in json.load(sys.stdin):
    try:
        results.append(globals()[name](*arguments))
    except ValueError as error:
        results.append("refused: " + str(error))
print(json.dumps(results))
"""


@pytest.fixture(params=[32, 64], ids=["32-bit", "64-bit"])
def bits(request):
    return request.param


@pytest.fixture
def call(bits, tmp_path):
    """Makes calls in the interpreter."""

    def run(calls, code=CALLS):
        table = tmp_path / "calls.json"
        table.write_text(json.dumps(calls))
        with table.open() as stdin:
            result = interpreter.run(
                ["-c", code], bits=bits, heap="4M", path=[FIRMWARE], stdin=stdin, timeout=60
            )
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads(result.stdout)

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


def low_word_first(values, code):
    """Registers of the values, two registers of nothing behind each."""
    registers = []
    for value in values:
        low, high = struct.unpack("<HH", struct.pack("<" + code, value))
        registers += [low, high, 0, 0]
    return registers


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
    edges = [(1, 0, 1), (247, 65535, 1), (61, 0, 125), (61, 0x3000, 112), (61, 65411, 125)]
    for _ in range(300):
        count = rng.randint(1, 125)
        edges.append((rng.randint(1, 247), rng.randint(0, 65536 - count), count))
    for unit, address, count in edges:
        calls.append(["encode_read", unit, address, count])
        wanted.append(read_request(unit, address, count).hex())
        values = words(rng, min(count, 123))
        calls.append(["encode_write", unit, address, values])
        wanted.append(write_request(unit, address, values).hex())
    assert call(calls) == wanted


def test_what_cannot_be_asked_is_refused(call):
    refused = [
        ["encode_read", 0, 0, 1],
        ["encode_read", 248, 0, 1],
        ["encode_read", 61, 0, 0],
        ["encode_read", 61, 0, 126],
        ["encode_read", 61, -1, 1],
        ["encode_read", 61, 65535, 2],
        ["encode_write", 61, 0, []],
        ["encode_write", 61, 0, [1] * 124],
    ]
    for message in call(refused):
        assert str(message).startswith("refused: ")


def test_right_answers(call):
    rng = random.Random(4)
    checks, contents, wanted = [], [], []
    for count in [*range(1, 126), *rng.choices(range(1, 126), k=75)]:
        unit, address, values = rng.randint(1, 247), rng.randint(0, 65000), words(rng, count)
        answer = read_answer(unit, values).hex()
        checks.append(["check", read_request(unit, address, count).hex(), answer])
        contents.append(["registers", answer])
        wanted.append(values)
        values = values[:123]
        checks.append(
            [
                "check",
                write_request(unit, address, values).hex(),
                write_answer(unit, address, len(values)).hex(),
            ]
        )
    assert set(call(checks)) == {RESULTS.index("OK")}
    assert call(contents) == wanted


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
    calls, wanted = [], []
    special = [0.0, -0.0, 230.1, 3.4e38, 1e-45, float("inf"), float("nan")]
    reals = special + [struct.unpack("<f", rng.randbytes(4))[0] for _ in range(24)]
    wholes = [0, 1, -1, 2**31 - 1, -(2**31), 65535, 65536] + [
        rng.getrandbits(32) - 2**31 for _ in range(24)
    ]
    for code, kind, values in (
        ("f", client.DATATYPE.FLOAT32, [v for v in reals if v == v]),
        ("i", client.DATATYPE.INT32, wholes),
    ):
        for stride in (2, 4):
            registers = [9, 9, 9]
            for value in values:
                registers += client.convert_to_registers(value, kind, word_order="little")
                registers += words(rng, stride - 2)
            answer = read_answer(61, registers[:125])
            count = (min(125, len(registers)) - 5) // stride + 1
            calls.append(["take32", answer.hex(), code, 3, stride, count])
            wanted.append(struct.pack(f"<{count}{code}", *values[:count]).hex())
            calls.append(["take32", answer.hex(), code, 3, stride, count + 1])
            wanted.append("refused: the answer holds fewer values")
    assert call(calls) == wanted


# One master on a line whose time passes only when it waits. The script's input is a list of
# transactions [operation, unit, address, count or values, plan]; for each request the plan says
# what comes back: a list of [us after the request's end, bytes]. Bytes take their time on the
# line. Prints what the master saw and when it spoke.
TRANSACTIONS = """
import json, sys, time
import modbus
from bus_b import BusB

BYTE_US = 260
START = time.ticks_add(0, -50000)  # the clock wraps on the way

class Line:
    def __init__(self):
        self.now = 0  # us since the start
        self.plan = []
        self.coming = []
        self.requests = []
        self.heard = 0  # us, when the last byte of anybody's came
    def ticks_us(self):
        return time.ticks_add(START, self.now)
    def write(self, data):
        while self.coming and self.coming[0][0] <= self.now:
            self.coming.pop(0)
        silence = self.now - self.heard
        self.requests.append([bytes(data).hex(), silence, bool(self.coming)])
        end = self.now + len(data) * BYTE_US
        self.heard = end
        for delay, text in self.plan.pop(0):
            for i, byte in enumerate(bytes.fromhex(text)):
                self.coming.append((end + delay + (i + 1) * BYTE_US, byte))
    def readinto(self, buffer):
        n = 0
        while self.coming and self.coming[0][0] <= self.now and n < len(buffer):
            self.heard, buffer[n] = self.coming.pop(0)
            n += 1
        return n or None

line = Line()
bus = BusB(line, line.ticks_us)
steps = bus.run()
report = []
for operation, unit, address, what, line.plan in json.load(sys.stdin):
    line.requests = []
    begun = line.now
    if operation == "read":
        bus.read_registers(unit, address, what)
    else:
        bus.write_registers(unit, address, what)
    while bus.result is None:
        line.now += next(steps)
    slave = bus.slaves[unit]
    report.append({
        "result": bus.result,
        "us": line.now - begun,
        "requests": line.requests,
        "unused": len(line.plan),
        "counters": [slave.answers, slave.timeouts, slave.damaged, slave.exceptions],
        "registers": [bus.register(i) for i in range(what)]
            if bus.result == modbus.OK and operation == "read" else None,
        "exception": bus.exception() if bus.result == modbus.EXCEPTION else None,
    })
print(json.dumps(report))
"""

VALUES = [0x1111, 0x2222, 0x3333]
ASKED = read_request(9, 0x80, 3).hex()
ANSWER = read_answer(9, VALUES).hex()
BUSY = frame(ExceptionResponse(3, 6, device_id=9)).hex()
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
    "busy": ([[[1800, BUSY]]], "EXCEPTION", [0, 0, 0, 1]),
}


@pytest.mark.parametrize("name", PLANS)
def test_transactions(name, call):
    plan, result, counters = PLANS[name]
    [report] = call([["read", 9, 0x80, 3, plan]], TRANSACTIONS)
    assert RESULTS[report["result"]] == result
    assert report["counters"] == counters
    assert report["registers"] == (VALUES if result == "OK" else None)
    assert report["exception"] == (6 if result == "EXCEPTION" else None)
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
            ["read", 9, 0x80, 3, [[], [], [[99000, ANSWER[:10]]]]],
            ["write", 61, 0x1000, values, [[[1800, write_answer(61, 0x1000, 20).hex()]]]],
            ["read", 9, 0x80, 3, [SOON]],
            ["read", 61, 0, 125, [[[1800, read_answer(61, [5] * 125).hex()]]]],
        ],
        TRANSACTIONS,
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
        [["read", 9, 0x80, 3, [noise, noise, noise]], ["read", 9, 0x80, 3, [[], [], []]]],
        TRANSACTIONS,
    )
    assert [RESULTS[report["result"]] for report in reports][0] == "BAD_CRC"
    assert all(report["us"] < 1000000 for report in reports)  # of the line's own time


# Every way a transaction can end, with the heap locked.
LOCKED = """
import json, sys, time
from array import array
import micropython
import modbus
from bus_b import BusB

class Line:
    def __init__(self, answers):
        self.now = 0
        self.answers = [bytes.fromhex(text) for text in answers]
        self.turn = 0
        self.coming = None
    def ticks_us(self):
        return self.now
    def write(self, data):
        self.coming = self.answers[self.turn]
        self.turn = (self.turn + 1) % len(self.answers)
    def readinto(self, buffer):
        coming = self.coming
        if coming is None:
            return None
        self.coming = None
        for i in range(len(coming)):
            buffer[i] = coming[i]
        return len(coming)

line = Line(json.load(sys.stdin))
bus = BusB(line, line.ticks_us)
steps = bus.run()
volts = array("f", [0] * 3)
seen = array("i", [0] * 9)

def poll(times):
    for _ in range(times):
        bus.read_registers(61, 0, 10)
        while bus.result is None:
            line.now = time.ticks_add(line.now, next(steps))
        seen[bus.result] += 1
        if bus.result == modbus.OK:
            bus.take32(volts)

poll(1)
micropython.heap_lock()
try:
    poll(400)
finally:
    micropython.heap_unlock()
print(json.dumps([list(seen), bytes(volts).hex()]))
"""


def test_polling_allocates_nothing(call):
    volts = [230.5, 231.25, 229.75]
    good = read_answer(61, low_word_first(volts, "f")[:10])
    bad = good[:-1] + bytes([good[-1] ^ 1])
    failed = frame(ExceptionResponse(3, 2, device_id=61))
    line = [good, b"", good, bad, good, failed, good[:9], b"", b"", b"", good]
    seen, taken = call([text.hex() for text in line], LOCKED)
    assert taken == struct.pack("<3f", *volts).hex()
    ends = dict(zip(RESULTS, seen, strict=True))
    assert ends["OK"] and ends["SILENT"] and ends["EXCEPTION"] and sum(seen) == 401


# A socket that does not block is a UART; the server's frames are RTU.
AGAINST_A_SERVER = """
import json, socket, sys, time
from array import array
import bus_b
import modbus

def do(bus, steps):
    for us in steps:
        if bus.result is not None:
            return bus.result
        time.sleep_us(us)

line = socket.socket()
line.connect(socket.getaddrinfo("127.0.0.1", json.load(sys.stdin))[0][-1])
line.setblocking(False)
bus = bus_b.BusB(line, time.ticks_us, reply_us=8000000)
steps = bus.run()
report = {}

bus.read_registers(bus_b.POWER_BOX, bus_b.VOLTAGE, 10)
report["result"] = do(bus, steps)
volts = array("f", [0] * 3)
bus.take32(volts)
report["volts"] = list(volts)

bus.read_registers(bus_b.POWER_BOX, bus_b.CURRENT, 28 * bus_b.STRIDE - 2)
do(bus, steps)
amps = array("f", [0] * 28)
bus.take32(amps)
report["amps"] = list(amps)

bus.read_registers(bus_b.POWER_BOX, bus_b.IMPORTED, 28 * bus_b.STRIDE)
do(bus, steps)
imported, exported = array("i", [0] * 28), array("i", [0] * 28)
bus.take32(imported)
bus.take32(exported, bus_b.EXPORTED - bus_b.IMPORTED)
report["imported"], report["exported"] = list(imported), list(exported)

bus.write_registers(bus_b.POWER_BOX, 0x1000, [1, 2, 4, 36])
report["written"] = do(bus, steps)
bus.read_registers(bus_b.POWER_BOX, 0x1000, 4)
do(bus, steps)
report["read back"] = [bus.register(i) for i in range(4)]

bus.read_registers(bus_b.POWER_BOX, 0x7000, 1)
report["nothing there"] = do(bus, steps)
report["exception"] = modbus.EXCEPTIONS[bus.exception()]
slave = bus.slaves[bus_b.POWER_BOX]
report["counters"] = [slave.answers, slave.timeouts, slave.damaged, slave.exceptions]
print(json.dumps(report))
"""


def test_a_power_box_by_pymodbus(call):
    rng = random.Random(61)
    volts = [230.5, 231.25, 229.75]
    amps = [rng.randrange(4000) / 8 for _ in range(28)]
    imported = [rng.randrange(2**31) for _ in range(28)]
    exported = [rng.randrange(2**31) for _ in range(28)]
    energy = low_word_first(imported, "i")
    for slot, value in enumerate(
        low_word_first(exported, "i")[k : k + 2] for k in range(0, 112, 4)
    ):
        energy[4 * slot + 2 : 4 * slot + 4] = value
    blocks = [
        (0x0000, low_word_first(volts, "f")),
        (0x0080, low_word_first(amps, "f")),
        (0x1000, [0] * 28),
        (0x3000, energy),
    ]
    power_box = SimDevice(
        61,
        [SimData(at, values=values, datatype=DataType.REGISTERS) for at, values in blocks],
    )

    async def serve():
        server = ModbusTcpServer(power_box, framer=FramerType.RTU, address=("127.0.0.1", 0))
        await server.serve_forever(background=True)
        try:
            port = server.transport.sockets[0].getsockname()[1]
            return await asyncio.to_thread(call, port, AGAINST_A_SERVER)
        finally:
            await server.shutdown()

    report = asyncio.run(serve())
    assert report == {
        "result": RESULTS.index("OK"),
        "volts": volts,
        "amps": amps,
        "imported": imported,
        "exported": exported,
        "written": RESULTS.index("OK"),
        "read back": [1, 2, 4, 36],
        "nothing there": RESULTS.index("EXCEPTION"),
        "exception": "illegal data address",
        "counters": [5, 0, 0, 1],
    }
