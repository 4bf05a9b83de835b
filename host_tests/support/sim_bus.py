"""A gateway made from docs/a-bus.md alone, for tests of the simulated nodes and the line."""

import struct

import numpy as np
from a_bus_check import check_of
from gateway_host.sim.house import House, NodeSettings, Point
from gateway_host.sim.installation import Installation
from gateway_host.sim.loads import Load, Profile
from gateway_host.sim.mains import Mains

POLL, DATA, REPEAT, NODATA, ASSIGN, INFO, QUERY, STATUS, IDENTIFY, SEARCH, FOUND = range(1, 12)
BYTE = 10 / 3
HEAD, HUB, SOLID = "5020000001", "5500000190", "5600000007"
CYCLE = 20_000


def frame(kind, address, argument=0, block=0, payload=b""):
    body = payload + struct.pack("<I", check_of(payload)) if payload else b""
    head = struct.pack("<BBBBHH", 0xA5, kind, address, argument, block & 0xFFFF, len(body))
    return head + struct.pack("<I", check_of(head)) + body


def house(drifts=(0.0, 0.0, 0.0), metres=0.0, first_sample=1_000_003):
    """A head, a hub and a Solid Core; the hub's input D has no point."""
    inputs = list(zip("ABC", ("L1", "L2", "L3"), strict=True))
    points = [Point(HUB, letter, "AC-CT-50A", phase, "Load") for letter, phase in inputs]
    points += [Point(SOLID, letter, "SOLID-CORE", phase, "Grid") for letter, phase in inputs]
    return House(
        "Test",
        "00000000-0000-4000-8000-000000000001",
        1,
        "Etc/UTC",
        0,
        "3x400+N",
        50,
        NodeSettings(HEAD, drifts[0]),
        [NodeSettings(HUB, drifts[1], metres), NodeSettings(SOLID, drifts[2])],
        points,
        [("Grid", "grid"), ("Load", "circuit")],
        first_sample,
        mains=Mains([230.0, 231.0, 232.0], [0.0, -120.0, 120.0], 50.0),
        circuits=[
            Load("Load", "circuit", [0, 1, 2], Profile([(1, 6000.0)]), Profile([(1, 0.9)])),
        ],
    )


def assign(serial, address, slot, schedule=3, session=0, nonce=0):
    """ASSIGN, as bytes."""
    kind, number = int(serial[:4]), int(serial[4:])
    what = struct.pack("<HHIBBHI", kind, slot, number, address, schedule, session, nonce)
    return frame(ASSIGN, 255, payload=what)


def search(slots=16, width=150, session=7, salt=1):
    """SEARCH, as bytes."""
    return frame(SEARCH, 255, slots, width, struct.pack("<HHI", session, salt, 0))


def good_frames(data: bytes) -> list[bytes]:
    """The frames in `data` whose header and sections are all right; noise is skipped."""
    found, at = [], 0
    while at + 12 <= len(data):
        head = data[at : at + 12]
        size = 12 + struct.unpack_from("<H", head, 6)[0]
        good = head[0] == 0xA5 and check_of(head[:8]) == struct.unpack_from("<I", head, 8)[0]
        if not good or at + size > len(data):
            at += 1
            continue
        if all(check_of(s) == check for s, check in sections_of(data[at : at + size])):
            found.append(data[at : at + size])
        at += size
    return found


def sections_of(answer: bytes) -> list[tuple[bytes, int]]:
    """(payload, check) of each section."""
    sizes = [len(answer) - 16] if len(answer) > 12 else []
    if answer[1] in (DATA, NODATA):
        sizes = [8] * (answer[3] >> 4 & 1)
        sizes += [128] * (answer[3] & 15).bit_count() if answer[1] == DATA else []
    found, at = [], 12
    for size in sizes:
        found.append((answer[at : at + size], struct.unpack_from("<I", answer, at + size)[0]))
        at += size + 4
    return found


class Gateway:
    """Polls an installation as the document says. Every answer is (start µs, bytes)."""

    def __init__(self, installation: Installation, start: int = 1000) -> None:
        self.installation = installation
        self.now = start
        self.slots: dict[str, int] = {}
        self.block = 0

    def ask(self, request: bytes, wait: int = 2500) -> bytes:
        """Sends a request and takes all that comes within `wait` µs."""
        self.installation.write(self.now, request)
        self.now += wait
        return self.installation.read(self.now, 65000)

    def assign(self, serial: str, address: int, slot: int, schedule: int = 3) -> bytes:
        """ASSIGN to any node with that serial number, by its answer."""
        self.slots[serial] = slot
        return self.ask(assign(serial, address, slot, schedule))

    def assign_all(self) -> None:
        at = 50
        for address, node in enumerate(self.installation.nodes, 1):
            assert self.assign(node.serial, address, at)[1] == INFO
            size = 12 + 132 * node.channels + (12 if address == 1 else 0)
            at += -(-size * 10 // 3) + 20

    def poll(self, block: int | None = None, schedule: int = 3) -> dict[int, bytes]:
        """One cycle; the frames that came, by address. Without `block`, the newest complete."""
        data = self.ask(frame(POLL, 255, schedule, self.block if block is None else block), CYCLE)
        found = {}
        while data:
            size = 12 + struct.unpack_from("<H", data, 6)[0]
            found[data[2]], data = data[:size], data[size:]
        if 1 in found:
            self.block = struct.unpack_from("<I", found[1], 12)[0] // 64
        return found

    def settle(self, cycles: int = 60) -> dict[int, bytes]:
        for _ in range(cycles):
            found = self.poll()
        return found


def payload_of(answer: bytes) -> bytes:
    payload = answer[12:-4]
    assert struct.unpack("<I", answer[-4:])[0] == check_of(payload)
    return payload


def samples(answer: bytes, skip: int = 0) -> np.ndarray:
    body = answer[12 + skip :]
    sections = [body[i : i + 132] for i in range(0, len(body), 132)]
    for section in sections:
        assert struct.unpack("<I", section[128:])[0] == check_of(section[:128])
    return np.array([np.frombuffer(section, "<i2", 64) for section in sections])


def first_byte_time(installation: Installation, after: float) -> float:
    """When the first byte's stop bit arrived, to 1 µs."""
    arrived = (t for t in range(int(after), int(after) + 20_000) if installation.read(t, 1))
    return next(arrived)
