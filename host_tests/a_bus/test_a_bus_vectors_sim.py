"""The vectors of docs/a-bus.md, section 9, against the simulated nodes' frames."""

import re
import struct
from pathlib import Path

import pytest
from gateway_host.sim import frames
from gateway_host.sim.frames import Receiver

DOCUMENT = Path(__file__).parents[2] / "docs" / "a-bus.md"


def vectors() -> dict[str, bytes]:
    """Name and bytes of each vector in the document."""
    section = DOCUMENT.read_text(encoding="utf-8").split("## 9. Vectors")[1]
    found = re.findall(r"^`(\w+)`:.+(?:\n.+)*\n\n((?:    [0-9a-f ]+\n)+)", section, re.M)
    return {name: bytes.fromhex(text) for name, text in found}


def ramp(slope: int, offset: int) -> bytes:
    """64 samples slope * k + offset, wrapped to 16 bits signed."""
    samples = [(slope * k + offset + 32768) % 65536 - 32768 for k in range(64)]
    return struct.pack("<64h", *samples)


HUB_INFO = struct.pack("<HHIBBBxI", 5500, 0x0102, 190, 4, 3, 128, 3661)
HUB_STATUS = struct.pack("<BBBxiIIII", 3, 0, 3, -250, 1000, 2, 990, 3661)
SEARCHED = struct.pack("<HHI", 10775, 773, 0)
HUB_FOUND = struct.pack("<HHIBBBxII", 5500, 0x0102, 190, 4, 0, 128, 12, 0x1BADCAFE)
HUB_ASSIGNED = struct.pack("<HHIBBHI", 5500, 1470, 190, 2, 3, 10775, 0x1BADCAFE)
ASSIGNMENT = struct.pack("<HHIBB6x", 5500, 1470, 190, 2, 3)

# name, kind, address, argument, block, payloads
MEANINGS = [
    ("poll", 1, 255, 3, 513, []),
    ("repeat", 3, 2, 0b1010, 65535, []),
    ("nodata", 4, 4, 2, 512, []),
    ("nodata_head", 4, 1, 0x12, 0, [struct.pack("<IHH", 1000000, 32768, 0)]),
    ("assign", 5, 255, 0, 0, [ASSIGNMENT]),
    ("info", 6, 2, 0, 0, [HUB_INFO]),
    ("query", 7, 2, 0, 0, []),
    ("status", 8, 2, 0, 0, [HUB_STATUS]),
    ("identify", 9, 2, 0b0100, 30, []),
    ("search", 10, 255, 16, 150, [SEARCHED]),
    ("found", 11, 0, 2, 0, [HUB_FOUND]),
    ("assign_found", 5, 255, 0, 0, [HUB_ASSIGNED]),
    ("data_one", 2, 2, 0b0100, 513, [ramp(3000, 2)]),
    (
        "data_head",
        2,
        1,
        0x17,
        513,
        [struct.pack("<IHH", 32900, 16384, 0), ramp(1000, 0), ramp(2000, 1), ramp(3000, 2)],
    ),
]


def test_every_vector_of_the_document_has_its_meaning_here():
    assert sorted(vectors()) == sorted(name for name, *_ in MEANINGS)


@pytest.mark.parametrize(("name", "kind", "address", "argument", "block", "payloads"), MEANINGS)
def test_vector(name, kind, address, argument, block, payloads):
    wire = vectors()[name]
    assert frames.frame(kind, address, argument, block, *payloads) == wire
    (heard,) = Receiver(10 / 3).feed(1000.0, wire)
    assert (heard.kind, heard.address, heard.argument, heard.block) == (
        kind,
        address,
        argument,
        block,
    )
    assert heard.payloads == payloads
    assert heard.edge == 1000.0
    assert heard.end == pytest.approx(1000.0 + len(wire) * 10 / 3)


def test_a_damaged_section_costs_only_itself():
    wire = bytearray(vectors()["data_head"])
    wire[12 + 12 + 132 + 5] ^= 4
    (heard,) = Receiver(10 / 3).feed(0.0, bytes(wire))
    assert [payload is None for payload in heard.payloads] == [False, False, True, False]


def test_noise_and_a_false_start_are_skipped():
    receiver = Receiver(10 / 3)
    noise = b"\x00\xa5\x01\x02\xa5"
    (heard,) = receiver.feed(0.0, noise + vectors()["poll"])
    assert heard.block == 513
    assert heard.edge == pytest.approx(len(noise) * 10 / 3)
    assert receiver.noise == len(noise)


def test_a_pause_of_more_than_200_us_ends_a_frame():
    poll = vectors()["poll"]
    for pause, frames_heard in ((150.0, 1), (250.0, 0)):
        receiver = Receiver(10 / 3)
        assert not list(receiver.feed(0.0, poll[:6]))
        assert len(list(receiver.feed(20.0 + pause, poll[6:]))) == frames_heard
