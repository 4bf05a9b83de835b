"""A simulated line for nodes in C: frames made and taken apart with struct, clocks with
errors, distances, collisions. Independent of the gateway and of its simulated installation."""

from __future__ import annotations

import heapq
import random
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from .binding import Node

BAUD = 3_000_000
BYTE = 10_000_000_000 / BAUD
POLL, DATA, REPEAT, NODATA, ASSIGN, INFO, QUERY, STATUS, IDENTIFY, SEARCH, FOUND = range(1, 12)


def check_of(data: bytes) -> int:
    check = 0xFFFFFFFF
    for (word,) in struct.iter_unpack("<I", data):
        check ^= word
        check = (check ^ check << 1) & 0xFFFFFFFF
        check ^= check >> 10
        check = (check ^ check << 9) & 0xFFFFFFFF
    return check


def section(payload: bytes) -> bytes:
    return payload + struct.pack("<I", check_of(payload))


def frame(kind: int, address: int, argument: int = 0, block: int = 0, *sections: bytes) -> bytes:
    body = b"".join(section(each) for each in sections)
    header = struct.pack("<4B2H", 0xA5, kind, address, argument, block & 0xFFFF, len(body))
    return header + struct.pack("<I", check_of(header)) + body


def assign(
    type: int,
    number: int,
    address: int,
    schedule: int,
    slot: int,
    session: int = 0,
    nonce: int = 0,
) -> bytes:
    payload = struct.pack("<HHIBBHI", type, slot, number, address, schedule, session, nonce)
    return frame(ASSIGN, 255, 0, 0, payload)


def search(slots: int, width: int, session: int, salt: int) -> bytes:
    return frame(SEARCH, 255, slots, width, struct.pack("<HHI", session, salt, 0))


def timing(position: int) -> bytes:
    return struct.pack("<IHH", position >> 32 & 0xFFFFFFFF, position >> 16 & 0xFFFF, 0)


@dataclass
class Heard:
    """An answer as the gateway hears it."""

    start: float
    bytes: bytes

    def __post_init__(self) -> None:
        self.kind, self.address, self.argument, self.block = struct.unpack_from(
            "<BBBH", self.bytes, 1
        )
        self.body = self.bytes[12:]

    @property
    def good(self) -> bool:
        return (
            self.bytes[0] == 0xA5
            and check_of(self.bytes[:8]) == struct.unpack_from("<I", self.bytes, 8)[0]
        )

    def channels(self) -> list[tuple[int, ...]]:
        """The samples of each channel; every section's check is verified."""
        at = 12 if self.argument & 0x10 else 0
        found = []
        while at < len(self.body):
            payload = self.body[at : at + 128]
            assert section(payload) == self.body[at : at + 132]
            found.append(struct.unpack("<64h", payload))
            at += 132
        return found

    def position(self) -> int:
        """The head's sample number at the reference edge, in 1/65536 sample."""
        number, fraction, zero = struct.unpack_from("<IHH", self.body)
        assert zero == 0 and section(self.body[:8]) == self.body[:12]
        return number << 16 | fraction


@dataclass
class Member:
    """A node on the line, with its clock's error and its place."""

    node: Node
    ppm: float = 0.0
    offset: int = 0
    metres: float = 0.0
    jitter: float = 0.0  # ns, of the latch, to either side
    signal: Callable[[float, int], int] = lambda time, channel: 0
    sampling: bool = True  # off: a node without a converter, for waits of an hour

    def local(self, time: float) -> int:
        return self.offset + round(time * (1 + self.ppm * 1e-6))

    def true(self, local: int) -> float:
        return (local - self.offset) / (1 + self.ppm * 1e-6)

    def sample_until(self, time: float) -> None:
        while self.sampling and (instant := self.true(self.node.next_sample_time())) <= time:
            self.node.sample([self.signal(instant, c) for c in range(self.node.channels)])


class Line:
    """The gateway's end of the line and what is on it; time is ns and only goes forward."""

    def __init__(self, members: Sequence[Member], seed: int = 1) -> None:
        self.members = list(members)
        self.time = 0.0
        self.random = random.Random(seed)

    def _deliver(self, data: bytes, start: float, speaker: float, to: Iterable[Member]) -> None:
        for member in to:
            delay = abs(member.metres - speaker) * 5  # ns a metre
            member.sample_until(start)
            jitter = self.random.uniform(-member.jitter, member.jitter)
            for at, byte in enumerate(data):
                member.node.receive(byte, member.local(start + delay + at * BYTE + jitter))

    def say(self, data: bytes, at: float | None = None) -> None:
        """The gateway sends."""
        self.time = self.time if at is None else at
        self._deliver(data, self.time, 0.0, self.members)
        self.time += len(data) * BYTE

    def _answers(self) -> Iterator[tuple[float, int, Member]]:
        for index, member in enumerate(self.members):
            if (local := member.node.answer_time()) is not None:
                yield member.true(local), index, member

    def listen(
        self, until: float, damage: Callable[[bytes], bytes] = lambda data: data
    ) -> list[Heard]:
        """Lets time pass up to `until`; what was heard. Overlapping answers garble one another."""
        heard = []
        while (due := list(self._answers())) and min(due)[0] <= until:
            heapq.heapify(due)
            start, end, data, speakers = min(due)[0], 0.0, b"", []
            while due and (not speakers or due[0][0] <= end):
                _, _, member = heapq.heappop(due)
                member.sample_until(start)
                began, said = member.node.transmit(member.node.answer_time())
                begin = member.true(began)
                end = max(end, begin + len(said) * BYTE)
                data = (
                    damage(said)
                    if not speakers
                    else self.random.randbytes(round((end - start) / BYTE))
                )
                speakers.append(member)
            place = speakers[0].metres
            self._deliver(data, start, place, (m for m in self.members if m not in speakers))
            heard.append(Heard(start, data))
            self.time = max(self.time, end)
        self.time = max(self.time, until)
        for member in self.members:
            member.sample_until(until)
        return heard

    def ask(self, data: bytes) -> Heard | None:
        """A request and the answer to it, if there is one."""
        self.say(data)
        end = self.time
        heard = self.listen(end + 400_000)
        assert all(20_000 <= each.start - end <= 100_000 for each in heard)
        return heard[0] if heard else None
