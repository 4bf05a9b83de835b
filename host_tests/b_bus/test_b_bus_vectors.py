"""The vectors of docs/b-bus.md are what pymodbus makes of them."""

import re
import struct

from gateway_host.interpreter import ROOT
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


def lo(value):
    return [value & 65535, value >> 16]


def real(value):
    return list(struct.unpack("<HH", struct.pack("<f", value)))


def rr(unit, address, count):
    return ReadHoldingRegistersRequest(dev_id=unit, address=address, count=count)


def ra(unit, registers):
    return ReadHoldingRegistersResponse(dev_id=unit, registers=registers)


def ww(unit, address, values):
    return WriteMultipleRegistersRequest(
        dev_id=unit, address=address, count=len(values), registers=values
    )


def wa(unit, address, count):
    return WriteMultipleRegistersResponse(dev_id=unit, address=address, count=count)


VOLTS = [word for volts in (230.5, 231.25, 229.75) for word in (*real(volts), 0, 0)]

VECTORS = [
    ("read 10 registers from 0000 of unit 61", rr(61, 0, 10)),
    ("the answer: 230.5, 231.25 and 229.75 V", ra(61, VOLTS[:10])),
    ("write 1 and 36 to the registers from 1000 on", ww(61, 0x1000, [1, 36])),
    ("the answer", wa(61, 0x1000, 2)),
    ("read register 7000", rr(61, 0x7000, 1)),
    ("the answer: exception 2, illegal data address", ExceptionResponse(3, 2, device_id=61)),
    (
        "broadcast: session 4660",
        WriteSingleRegisterRequest(dev_id=0, address=0x7E00, registers=[4660]),
    ),
    (
        "broadcast: window from 5500000000 to 5719999999",
        ww(0, 0x7E10, [5500, *lo(0), 5719, *lo(999999)]),
    ),
    ("the search: 3 registers from 0000 of unit 247", rr(247, 0, 3)),
    ("the answer of 5700000011", ra(247, [5700, *lo(11)])),
    ("broadcast: 5700000011 becomes unit 11", ww(0, 0x7E20, [5700, *lo(11), 11])),
    (
        "Input module 11: A counts, B watches, C and D off; debounce 4, 20, 3, 3 ms",
        ww(11, 0x110, [1, 2, 0, 0, 4, 20, 3, 3, 0]),
    ),
    ("the answer", wa(11, 0x110, 9)),
    (
        "the configuration is complete",
        WriteSingleRegisterRequest(dev_id=11, address=0x103, registers=[1]),
    ),
    ("the answer", WriteSingleRegisterResponse(dev_id=11, address=0x103, registers=[1])),
    ("poll of an Input module", rr(11, 0x200, 13)),
    (
        "the answer: B active, event 1, 70000 ms, counters 65537, 0, 0, 4294967295",
        ra(11, [0, 2, 1, *lo(70000), *lo(65537), *lo(0), *lo(0), *lo(4294967295)]),
    ),
    ("the event in place 1", rr(11, 0x214, 4)),
    ("the answer: number 1, B active, at 69500 ms", ra(11, [1, 1 + 256, *lo(69500)])),
    (
        "Output module 12: load A on NO, B on NC; fail-safe off, on; 60, 0 s on, 120, 0 s off",
        ww(12, 0x110, [0, 1, 0, 1, 60, 0, 120, 0]),
    ),
    ("the answer", wa(12, 0x110, 8)),
    ("switch output A of unit 12 on", WriteSingleCoilRequest(dev_id=12, address=0, bits=[True])),
    ("the answer", WriteSingleCoilResponse(dev_id=12, address=0, bits=[True])),
    (
        "switch A off and B on together",
        WriteMultipleCoilsRequest(dev_id=12, address=0, bits=[False, True]),
    ),
    ("the answer", WriteMultipleCoilsResponse(dev_id=12, address=0, count=2)),
    (
        "read what the outputs of unit 12 are",
        ReadDiscreteInputsRequest(dev_id=12, address=0, count=2),
    ),
    ("the answer: B is on", ReadDiscreteInputsResponse(dev_id=12, bits=[False, True])),
    ("read what is wanted", ReadCoilsRequest(dev_id=12, address=0, count=2)),
    ("the answer: A and B on", ReadCoilsResponse(dev_id=12, bits=[True, True])),
    ("poll of an Output module", rr(12, 0x200, 9)),
    (
        "the answer: A wanted, not on yet, in 17 s; 3 and 70000 operations",
        ra(12, [0, 1, 0, 17, 0, *lo(3), *lo(70000)]),
    ),
    ("switch on while not configured: exception 4", ExceptionResponse(5, 4, device_id=12)),
    (
        "input registers 0 and 1 of a meter, unit 2",
        ReadInputRegistersRequest(dev_id=2, address=0, count=2),
    ),
    (
        "the answer: 230.5 V, high word first",
        ReadInputRegistersResponse(dev_id=2, registers=real(230.5)[::-1]),
    ),
]


def test_the_documents_vectors():
    text = (ROOT / "docs" / "b-bus.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| (.+) \| `((?:[0-9a-f]{2} ?){5,})` \|$", text, re.M)
    framer = FramerRTU(DecodePDU(True))
    assert found == [(what, framer.buildFrame(pdu).hex(" ")) for what, pdu in VECTORS]
