"""The node in C (reference/node), written from docs/a-bus.md alone: does the document suffice?

Frames are made and taken apart here with struct and zlib; times are compared on a simulated line
whose nodes each have a clock of their own.
"""

from __future__ import annotations

import random
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from ctypes import CDLL
from pathlib import Path

import pytest
from gateway_host.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "reference"))

from node import binding  # noqa: E402
from node.binding import Node  # noqa: E402
from node.line import (  # noqa: E402
    BAUD,
    BYTE,
    DATA,
    FOUND,
    IDENTIFY,
    INFO,
    NODATA,
    POLL,
    QUERY,
    REPEAT,
    SEARCH,
    STATUS,
    Heard,
    Line,
    Member,
    assign,
    frame,
    search,
    section,
    timing,
)

MS = 1_000_000
SECOND = 1_000_000_000
PERIOD = 312_500  # of a sample
HUB, CORE, HEAD = 5500, 5600, 5400
NOT_COMPLETE, NOT_HELD, NOT_IN_STEP = 1, 2, 3
SALTS = random.Random(5)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> CDLL:
    try:
        return binding.build(tmp_path_factory.mktemp("node"))
    except UserError as error:
        if shutil.which("gcc"):
            raise
        pytest.skip(str(error))


def installed(library: CDLL, types: Sequence[int] = (HEAD, HUB), **head: int) -> Line:
    """Nodes with addresses 1, 2, ... and slots as section 4 lays them out, schedule 3."""
    line = Line(
        [
            Member(
                Node(library, type, 190 + index, nonce=index + 1, **(head if index == 0 else {}))
            )
            for index, type in enumerate(types)
        ]
    )
    slot = 50
    for index, member in enumerate(line.members):
        assert line.ask(assign(types[index], 190 + index, index + 1, 3, slot)).kind == INFO
        size = 12 + 12 * (index == 0) + 132 * member.node.channels
        slot += -(-size * 10**7 // BAUD) + 20
    return line


def block_now(line: Line) -> int:
    """The block that the head has completed last."""
    head = line.members[0]
    return (head.node.position(head.local(line.time)) >> 38) - 1


def next_block(line: Line) -> int:
    """Waits until a block was completed at most 1 ms ago; its number."""
    before = block_now(line)
    while block_now(line) == before:
        line.listen(line.time + MS)
    return block_now(line)


def poll(line: Line, at: float, **options: Callable[[bytes], bytes]) -> list[Heard]:
    """A cycle: the last complete block, as the head has it, is asked for."""
    line.listen(at)
    line.say(frame(POLL, 255, 3, block_now(line)))
    return line.listen(line.time + 15 * MS, **options)


def measure(line: Line, cycles: int, **options: Callable[[bytes], bytes]) -> list[list[Heard]]:
    """Cycles of 20 ms whose POLL comes up to 1 ms early or late."""
    first = line.time + 3 * MS
    return [
        poll(line, first + 20 * MS * n + line.random.uniform(-1, 1) * MS, **options)
        for n in range(cycles)
    ]


# Section 9


def vectors() -> dict[str, bytes]:
    """The document's vectors by name."""
    text = (ROOT / "docs" / "a-bus.md").read_text(encoding="utf-8")
    text = text[text.index("## 9. Vectors") : text.index("## 10.")]
    found = re.findall(r"^`(\w+)`:.+(?:\n.+)*\n\n((?:    [0-9a-f ]+\n)+)", text, re.MULTILINE)
    return {name: bytes.fromhex(hexadecimal) for name, hexadecimal in found}


VECTORS = vectors()
HUB_190 = {"type": HUB, "number": 190, "nonce": 0x1BADCAFE}


def alone(library: CDLL, type: int, number: int = 190, **options: int) -> Line:
    return Line([Member(Node(library, type, number, **options))])


def follow(line: Line, edge: float, position: int, block: int, *, schedule: int = 3) -> None:
    """A POLL at `edge` and a head's answer to it: its clock read `position` (32.32 bits) then."""
    line.listen(edge)
    line.say(frame(POLL, 255, schedule, block), edge)
    line.say(frame(NODATA, 1, 0x12, block, timing(position)), line.time + 60_000)
    line.listen(edge + 15 * MS)


def step(line: Line, position: int, count: int = 8) -> None:
    """Brings one node in step with a head whose clock reads `position` at the line's time."""
    start = line.time
    for n in range(count):
        edge = start + (n + 1) * 20 * MS
        follow(line, edge, position + (round(edge - start) << 32) // PERIOD, n)


def test_vectors_of_the_document_are_found() -> None:
    assert set(VECTORS) == {
        "poll",
        "repeat",
        "nodata",
        "nodata_head",
        "assign",
        "info",
        "query",
        "status",
        "identify",
        "data_one",
        "data_head",
        "search",
        "found",
        "assign_found",
    }


def test_vectors_search_found_assign(library: CDLL) -> None:
    line = alone(library, **HUB_190)
    line.listen(12.2 * SECOND)
    line.say(VECTORS["search"])
    end = line.time
    [found] = line.listen(end + 5 * MS)
    assert found.bytes == VECTORS["found"]
    assert 0 <= found.start - end - (50 + 2 * 150) * 1000 <= 5000
    assert line.ask(VECTORS["assign_found"]).address == 2
    line.say(VECTORS["poll"])
    end = line.time
    [answer] = line.listen(end + 5 * MS)
    assert (answer.kind, answer.address, answer.block) == (NODATA, 2, 513)
    assert 1_470_000 <= answer.start - end <= 1_475_000


def test_vectors_assign_info_identify(library: CDLL) -> None:
    line = alone(library, **HUB_190)
    line.members[0].sampling = False
    line.listen(3661 * SECOND)
    line.ask(VECTORS["assign"])
    step(line, 1000 << 32)
    assert line.ask(VECTORS["assign"]).bytes == VECTORS["info"]
    node, local = line.members[0].node, line.members[0].local
    answer = line.ask(VECTORS["identify"])
    assert answer.kind == INFO and answer.body[9] == 7
    start = line.time
    assert node.led(local(start + 29 * SECOND)) == binding.LED_IDENTIFY
    assert node.led(local(start + 31 * SECOND)) != binding.LED_IDENTIFY
    assert [flashes(node, local(start), channel) for channel in range(4)] == [0, 0, 9, 0]


def test_vectors_query_status(library: CDLL) -> None:
    """Everything that STATUS counts is made to happen as often as the vector says."""
    line = alone(library, **HUB_190)
    node = line.members[0].node
    node.set_plugged(3)
    line.members[0].sampling = False
    line.listen(3660.5 * SECOND)
    line.ask(VECTORS["assign"])
    start = line.time
    for n in range(9):  # 18 frames, 9 answers
        edge = start + (n + 1) * 20 * MS
        position = (1000 << 32) + (round(edge - start) << 32) // PERIOD
        if n == 8:  # the last difference is to be -250 ns, to the ns
            line.listen(edge)
            edge, position = minus_250(node, round(edge))
        follow(line, edge, position, n)
    for _ in range(2):
        line.say(b"\xa5" + bytes(11))
        line.listen(line.time + MS)
    for _ in range(980):
        assert line.ask(VECTORS["query"]).kind == STATUS
    line.listen(3661.2 * SECOND)
    assert line.ask(VECTORS["query"]).bytes == VECTORS["status"]


def minus_250(node: Node, near: int) -> tuple[int, int]:
    """An edge and a position of the head, in 1/65536 sample, 250 ns behind the node's."""
    for edge in range(near, near + 1000):
        own = node.position(edge)
        head = own - (250 << 32) // PERIOD >> 16 << 16
        if abs((head - own) * PERIOD / 2**32 + 250) < 0.2:
            return edge, head
    raise AssertionError("no such edge")


def test_vectors_repeat_nodata_data_one(library: CDLL) -> None:
    line = alone(library, HUB)
    line.members[0].signal = lambda time, channel: wrapped(3000 * (line.count % 64) + 2)
    counting(line)
    line.ask(assign(HUB, 190, 2, 3, 1470))
    step(line, 500 * 64 << 32)
    line.listen(line.time + 250 * MS)
    assert line.ask(frame(REPEAT, 2, 4, 513)).bytes == VECTORS["data_one"]
    both = line.ask(VECTORS["repeat"])
    assert (both.kind, both.argument, both.block) == (NODATA, NOT_HELD, 65535)
    line.ask(assign(HUB, 190, 4, 3, 1470))
    line.listen(line.time + 2600 * MS)
    assert line.ask(frame(REPEAT, 4, 4, 512)).bytes == VECTORS["nodata"]


def wrapped(value: int) -> int:
    return (value + 32768) % 65536 - 32768


def counting(line: Line) -> None:
    """Lets `line.count` be the number of the sample that its only node is taking."""
    member = line.members[0]
    line.count = 0
    ordinary = member.node.sample

    def sample(values: Sequence[int]) -> None:
        # The position at the instant is the number, but for the time's rounding up to a ns.
        line.count = member.node.position(member.node.next_sample_time()) + 2**31 >> 32
        ordinary([member.signal(0, channel) for channel in range(member.node.channels)])

    member.node.sample = sample


def test_vectors_of_the_head(library: CDLL) -> None:
    line = alone(library, HEAD, sample=1000000 - 3200)
    line.ask(assign(HEAD, 190, 1, 3, 50))
    line.listen(SECOND + PERIOD / 2)
    line.say(frame(POLL, 255, 3, 0))
    assert line.listen(line.time + MS)[0].bytes == VECTORS["nodata_head"]

    line = alone(library, HEAD, sample=32900 - 320)
    line.members[0].signal = lambda time, c: wrapped(1000 * (c + 1) * (line.count % 64) + c)
    counting(line)
    line.ask(assign(HEAD, 190, 1, 3, 50))
    line.listen(100 * MS + PERIOD / 4)
    line.say(VECTORS["poll"])
    assert line.listen(line.time + MS)[0].bytes == VECTORS["data_head"]


# Sections 3 to 5


def test_the_line_is_never_spoken_on_by_two(library: CDLL) -> None:
    """A full bus: each answer in its slot, after the one before, all done within 16 ms."""
    line = installed(library, (HEAD, *[HUB] * 7))
    measure(line, 12)
    poll_at = line.time + 10 * MS
    heard = poll(line, poll_at)
    assert [each.address for each in heard] == list(range(1, 9))
    assert all(each.good and each.kind == DATA for each in heard)
    end, slot = poll_at + 12 * BYTE, 50
    for each in heard:
        assert 0 <= each.start - end - slot * 1000 <= 5000
        slot += -(-len(each.bytes) * 10**7 // BAUD) + 20
    assert heard[-1].start + len(heard[-1].bytes) * BYTE - end < 16 * MS


def test_blocks_are_held_and_reasons_given(library: CDLL) -> None:
    line = installed(library)
    assert line.ask(frame(REPEAT, 2, 15, 0)).argument == NOT_IN_STEP
    measure(line, 150)
    for address, channels in ((1, 3), (2, 4)):
        last = next_block(line)
        for age in (0, 1, 64, 126, 127):
            block = last - age
            answer = line.ask(frame(REPEAT, address, 15, block))
            assert (answer.kind, answer.argument) == (DATA, 2**channels - 1)
            assert len(answer.channels()) == channels
        assert block_now(line) == last  # all this took less than a block
    next_block(line)
    for block, reason in ((block_now(line) + 1, NOT_COMPLETE), (block_now(line) - 129, NOT_HELD)):
        for address in (1, 2):
            answer = line.ask(frame(REPEAT, address, 1, block))
            assert (answer.kind, answer.argument, answer.block) == (NODATA, reason, block)


def test_a_block_sampled_before_in_step_is_not_given(library: CDLL) -> None:
    line = installed(library)
    reasons = []
    for _ in range(12):
        cycle = poll(line, line.time + 20 * MS)
        block = cycle[0].block
        reasons.append(0 if cycle[1].kind == DATA else cycle[1].argument)
    assert set(reasons) == {NOT_IN_STEP, 0} and reasons == sorted(reasons, reverse=True)
    assert line.ask(frame(REPEAT, 2, 1, block)).kind == DATA


def test_a_block_that_is_held_from_before_in_step(library: CDLL) -> None:
    line = installed(library)
    while not line.ask(frame(QUERY, 2)).body[0] & 1:
        poll(line, line.time + 4 * MS)
    answer = line.ask(frame(REPEAT, 2, 1, block_now(line) - 2))
    assert (answer.kind, answer.argument) == (NODATA, NOT_IN_STEP)


def test_schedule_0_is_answered_by_nobody(library: CDLL) -> None:
    line = alone(library, HUB)
    assert line.ask(assign(HUB, 190, 2, 0, 1470)).kind == INFO
    line.say(frame(POLL, 255, 0, 1))
    assert line.listen(line.time + 20 * MS) == []
    assert line.ask(frame(QUERY, 2)).kind == STATUS


@pytest.mark.parametrize(
    "silent",
    [
        frame(POLL, 255, 4, 1),
        frame(POLL, 255, 0, 1),
        frame(POLL, 2, 3, 1),
        frame(QUERY, 3),
        frame(QUERY, 255),
        frame(QUERY, 0),
        frame(REPEAT, 2, 0, 1),
        frame(0x0C, 2),
        frame(QUERY, 2)[:-1] + b"\0",
        frame(QUERY, 2, 0, 0, bytes(4)),
        frame(IDENTIFY, 2, 1, 601),
        search(0, 150, 7, 1),
        search(33, 150, 7, 1),
        frame(SEARCH, 255, 16, 150, bytes(12)),
        assign(HUB, 192, 5, 3, 50),
        assign(CORE, 191, 5, 3, 50),
        assign(HUB, 191, 5, 3, 50, 0, 9),
    ],
    ids=lambda data: data[:12].hex(),
)
def test_what_is_not_answered(library: CDLL, silent: bytes) -> None:
    line = installed(library, (HEAD, HUB))
    line.members.pop(0)
    line.say(silent)
    assert line.listen(line.time + 30 * MS) == []
    assert line.ask(frame(QUERY, 2)).kind == STATUS


def test_a_repeat_is_answered_with_the_channels_that_there_are(library: CDLL) -> None:
    line = installed(library)
    measure(line, 3)
    assert line.ask(frame(REPEAT, 1, 0b1010, block_now(line))).argument == 0b0010
    assert line.ask(frame(REPEAT, 1, 0b1000, block_now(line))) is None


def test_a_new_poll_cancels_what_has_not_begun(library: CDLL) -> None:
    line = installed(library)
    measure(line, 12)
    block = block_now(line)
    line.say(frame(POLL, 255, 3, block - 1))
    heard = line.listen(line.time + MS)
    line.say(frame(POLL, 255, 3, block))
    heard += line.listen(line.time + 15 * MS)
    assert [(each.address, each.block) for each in heard] == [
        (1, block - 1),
        (1, block),
        (2, block),
    ]


@pytest.mark.parametrize(
    "noise",
    [
        b"\xa5",
        b"\xa5" * 11,
        b"\xa5\x05\xff\0\0",
        VECTORS["data_one"][:11],
        bytes(range(256)),
        VECTORS["assign"][:-1] + b"\0",
    ],
    ids=["A5", "A5 x 11", "ASSIGN's start", "DATA's start", "0 to 255", "ASSIGN, bad check"],
)
def test_a_frame_directly_after_noise_is_heard(library: CDLL, noise: bytes) -> None:
    line = installed(library)
    assert line.ask(noise + frame(QUERY, 2)).kind == STATUS


def test_a_pause_ends_a_frame(library: CDLL) -> None:
    line = installed(library)
    for pause, answered in ((190_000, False), (210_000, True)):
        line.say(VECTORS["data_one"][:100])
        line.listen(line.time + pause)
        line.say(frame(QUERY, 2))
        heard = line.listen(line.time + 5 * MS)
        assert [each.kind for each in heard] == [STATUS] * answered


# Section 6


def marked(time: float, channel: int) -> int:
    """A signal from which the instant can be read: 0.1 us a count."""
    return wrapped(int(time // 100))


def worst(cycle: list[Heard]) -> float | None:
    """The largest difference of the nodes' sampling instants from the head's, µs; or None."""
    head = cycle[0].channels()[0] if cycle[0].kind == DATA else ()
    differences = []
    for each in cycle[1:]:
        if each.kind != DATA or not head:
            return None
        for own, reference in zip(each.channels()[0], head, strict=True):
            differences.append(abs(wrapped(own - reference)) / 10)
    return max(differences)


def clocked(library: CDLL, head: float, nodes: Sequence[float]) -> Line:
    """A line of 100 m; clocks in ppm; the farthest node at its end, the head at its start."""
    line = installed(library, (HEAD, *[HUB] * len(nodes)), sample=2**32 - 2000)
    for index, (member, ppm) in enumerate(zip(line.members, (head, *nodes), strict=True)):
        at = member.local(line.time)
        member.ppm = ppm
        member.offset += at - member.local(line.time)
        member.metres = 100 * index / len(nodes)
        member.jitter = 50
        member.signal = marked
    return line


@pytest.mark.parametrize(("head", "nodes"), [(100, (-100, 100)), (-100, (100, -100)), (0, (0,))])
def test_nodes_keep_step(
    library: CDLL,
    head: float,
    nodes: Sequence[float],
    record_property: Callable[[str, object], None],
) -> None:
    """In step 1 s after the first POLL, then within 2 µs of the head; the sample number wraps."""
    line = clocked(library, head, nodes)
    start = line.time
    cycles = measure(line, 300)
    first = next(n for n, cycle in enumerate(cycles) if worst(cycle) is not None)
    errors = [worst(cycle) for cycle in cycles if cycle[0].start > start + SECOND]
    assert None not in errors
    record_property("first block in step, cycle", first)
    record_property("largest error, us", max(errors))
    assert max(errors) < 2
    for address in range(2, 2 + len(nodes)):
        status = line.ask(frame(QUERY, address))
        assert status.body[0] & 1
        assert abs(struct.unpack_from("<i", status.body, 4)[0]) < 2000


def test_lost_timing_sections_are_borne(
    library: CDLL, record_property: Callable[[str, object], None]
) -> None:
    """25 in a row: within 5 µs; the node stays in step and needs no setting afterwards."""

    def damage(data: bytes) -> bytes:
        return data[:15] + bytes([data[15] ^ 4]) + data[16:] if data[2] == 1 else data

    line = clocked(library, 100, (-100, 100))
    measure(line, 100)
    lost = measure(line, 25, damage=damage)
    after = measure(line, 25)
    errors = [worst(cycle) for cycle in (*lost, *after)]
    assert None not in errors
    record_property("largest error, us", max(errors))
    assert max(errors) < 5


@pytest.mark.parametrize("head, nodes", [(100, (-100, 100)), (-100, (100, 0))])
@pytest.mark.parametrize("cycles", [100, 130, 300])
def test_a_pause_of_3_seconds_is_borne(
    library: CDLL,
    head: float,
    nodes: Sequence[float],
    cycles: int,
    record_property: Callable[[str, object], None],
) -> None:
    """Nobody speaks: within 5 µs, and every block that is held can be had."""
    line = clocked(library, head, nodes)
    measure(line, cycles)
    line.listen(line.time + 2.96 * SECOND)
    newest = block_now(line)
    errors = []
    for block in range(newest - 126, newest - 80):
        line.listen(line.time + 2 * MS)
        line.say(frame(POLL, 255, 3, block))
        errors.append(worst(line.listen(line.time + 15 * MS)))
    errors += [worst(cycle) for cycle in measure(line, 50)]
    assert None not in errors
    record_property("largest error, us", max(errors))
    assert max(errors) < 5


@pytest.mark.parametrize(("ppm", "given"), [(0, True), (2, False)])
def test_what_a_clock_took_in_a_longer_pause(library: CDLL, ppm: float, given: bool) -> None:
    """Given when the next difference shows that it has kept step: 2 ppm are 8 µs after 4 s."""
    line = clocked(library, 0, (60,))
    measure(line, 150)
    member = line.members[1]
    at = member.local(line.time)
    member.ppm += ppm
    member.offset += at - member.local(line.time)
    line.listen(line.time + 4 * SECOND)
    assert not line.ask(frame(QUERY, 2)).body[0] & 1
    block = block_now(line) - 60
    line.say(frame(POLL, 255, 3, block))
    answer = line.listen(line.time + 15 * MS)[1]
    assert (answer.kind == DATA) == given
    assert given or answer.argument == NOT_IN_STEP
    measure(line, 12)
    assert (line.ask(frame(REPEAT, 2, 1, block)).kind == DATA) == given
    assert line.ask(frame(REPEAT, 2, 1, block_now(line))).kind == DATA


def test_without_timing_a_node_falls_out_of_step(library: CDLL) -> None:
    line = installed(library)
    measure(line, 20)
    assert line.ask(frame(QUERY, 2)).body[0] & 1
    end = line.time
    head = line.members.pop(0)
    line.listen(end + 2.9 * SECOND)
    assert line.ask(frame(QUERY, 2)).body[0] & 1
    line.listen(end + 3.1 * SECOND)
    assert not line.ask(frame(QUERY, 2)).body[0] & 1
    line.members.insert(0, head)
    head.sample_until(line.time)
    measure(line, 20)
    assert line.ask(frame(QUERY, 2)).body[0] & 1


def test_a_head_that_counts_anew_is_followed(library: CDLL) -> None:
    """The clock is set, the blocks held are thrown away, and the node comes into step again."""
    line = installed(library)
    measure(line, 20)
    now = line.members[0].local(line.time)
    line.members[0].node = Node(library, HEAD, 190, sample=5_000_000, now=now)
    line.ask(assign(HEAD, 190, 1, 3, 50))
    cycle = poll(line, line.time + 60 * MS)
    assert cycle[1].kind == NODATA
    assert line.ask(frame(REPEAT, 2, 1, cycle[0].block)).argument == NOT_IN_STEP
    measure(line, 12)
    cycle = poll(line, line.time + 20 * MS)
    assert [each.kind for each in cycle] == [DATA, DATA]


def followed(library: CDLL) -> tuple[Line, Callable[..., int]]:
    """A node in step with a head whose clock reads 0 at time 0; and that clock, by time."""
    line = alone(library, HUB)
    line.ask(assign(HUB, 190, 2, 3, 1470))
    line.listen(MS)

    def head(time: float, late: float = 0) -> int:
        return (round(time - late) << 32) // PERIOD

    step(line, head(line.time), 12)
    assert state(line) & 1
    return line, head


def state(line: Line) -> int:
    """The state that node 2 reports."""
    return line.ask(frame(QUERY, 2)).body[0]


def difference(line: Line) -> int:
    """The last difference that node 2 reports, ns."""
    return struct.unpack_from("<i", line.ask(frame(QUERY, 2)).body, 4)[0]


@pytest.mark.parametrize(("late", "kept"), [(8_000, True), (12_000, False), (-12_000, False)])
def test_in_step_ends_above_10_us(library: CDLL, late: float, kept: bool) -> None:
    line, head = followed(library)
    edge = line.time
    follow(line, edge, head(edge, late), 1)
    assert abs(difference(line) + late) < 300
    assert state(line) & 1 == kept
    for n in range(40):
        at = edge + (n + 1) * 20 * MS
        follow(line, at, head(at), n + 2)
    assert state(line) & 1


@pytest.mark.parametrize(("late", "is_set"), [(0.45, False), (0.55, True), (-0.55, True)])
def test_half_a_sample_sets_the_clock(library: CDLL, late: float, is_set: bool) -> None:
    line, head = followed(library)
    late *= PERIOD
    edge = line.time
    held = (head(edge) >> 38) - 1
    assert line.ask(frame(REPEAT, 2, 1, held)).kind == DATA
    edge = line.time
    for n in range(6):
        at = edge + n * 20 * MS
        follow(line, at, head(at, late), 50 + n)
        if n == 1:
            assert (abs(difference(line)) < 1000) == is_set
    if is_set:
        assert state(line) & 1
        answer = line.ask(frame(REPEAT, 2, 1, held))
        assert (answer.kind, answer.argument) == (NODATA, NOT_HELD)


@pytest.mark.parametrize(
    ("address", "block", "wait", "first"),
    [(2, 100, 1, False), (1, 101, 1, False), (1, 100, 20, False), (1, 100, 1, True)],
    ids=["another node's", "of another POLL", "late", "again"],
)
def test_only_the_heads_answer_steers(
    library: CDLL, address: int, block: int, wait: int, first: bool
) -> None:
    line, head = followed(library)
    edge = line.time
    line.say(frame(POLL, 255, 0, 100))
    line.listen(line.time + wait * MS)
    if first:
        line.say(frame(NODATA, 1, 0x12, 100, timing(head(edge))))
    before = difference(line)
    line.say(frame(NODATA, address, 0x12, block, timing(head(edge) + (64 << 32))))
    assert state(line) & 1
    assert difference(line) == before


def test_clocks_that_change_are_followed(
    library: CDLL, record_property: Callable[[str, object], None]
) -> None:
    """A step of 40 ppm: the node stays in step and is within 2 µs again after 1 s."""
    line = clocked(library, 0, (60,))
    measure(line, 60)
    member = line.members[1]
    at = member.local(line.time)
    member.ppm = 100
    member.offset += at - member.local(line.time)
    errors = [worst(cycle) for cycle in measure(line, 150)]
    assert None not in errors
    record_property("largest error, us", max(errors))
    assert 1 < max(errors) < 5 and max(errors[50:]) < 2


# LEDs (product: one blink per 3 s, 1 per s, 2 per s; 3 per s on an input that is identified)


def flashes(node: Node, start: int, channel: int = 0) -> int:
    """How often the LED lights up in 3 s that begin between flashes."""
    lit = [node.led_lit(start + 500_000 + n * MS, channel) for n in range(3001)]
    return sum(later and not earlier for earlier, later in zip(lit, lit[1:], strict=False))


@pytest.mark.parametrize("type", [HUB, CORE])
def test_leds(library: CDLL, type: int) -> None:
    line = alone(library, type)
    member = line.members[0]
    line.listen(2.9 * SECOND)
    node = member.node
    assert node.led(member.local(line.time)) == binding.LED_WELL
    line.listen(3.1 * SECOND)
    assert node.led(member.local(line.time)) == binding.LED_COMMUNICATION
    assert flashes(node, member.local(line.time)) == 3

    def run(seconds: float, schedule: int) -> tuple[int, int]:
        end = line.time + seconds * SECOND
        rises, lit = 0, True
        while line.time < end:
            line.listen(line.time + 10 * MS)
            line.say(frame(POLL, 255, schedule, 0))
            now = node.led_lit(member.local(line.time))
            rises, lit = rises + (now and not lit), now
        return node.led(member.local(line.time)), rises

    assert run(2.9, 3)[0] == binding.LED_WELL
    assert run(0.2, 3)[0] == binding.LED_CONFIGURATION
    assert run(6, 3) == (binding.LED_CONFIGURATION, 12)
    line.ask(assign(type, 190, 2, 3, 1000))
    assert run(0.1, 3)[0] == binding.LED_WELL
    assert run(9, 3) == (binding.LED_WELL, 3)
    assert line.ask(frame(QUERY, 2)).body[1] == 0
    assert run(3.2, 4)[0] == binding.LED_CONFIGURATION
    assert run(0.1, 3)[0] == binding.LED_WELL
    line.ask(frame(IDENTIFY, 2, 2, 600))
    assert line.ask(frame(QUERY, 2)).body[:2] == b"\x06\x03"
    assert [flashes(node, member.local(line.time), channel) for channel in range(3)] == [0, 9, 0]
    line.ask(frame(IDENTIFY, 2, 0, 600))
    assert line.ask(frame(QUERY, 2)).body[1] == 0


# Section 10


def find_all(line: Line, session: int, address: int = 2) -> tuple[list[bytes], int, int]:
    """What a gateway does: SEARCH and ASSIGN until nothing answers.

    Serials with nonces that were found, the number of SEARCHes and of garbled answers.
    """
    found, searches, garbled = [], 0, 0
    while searches < 40:
        line.say(search(16, 150, session, SALTS.randrange(65536)))
        end = line.time
        heard = line.listen(end + (50 + 16 * 150) * 1000)
        searches += 1
        if not heard:
            break
        for each in heard:
            if not each.good:
                garbled += 1
                continue
            assert each.kind == FOUND and each.address == 0
            assert 0 <= each.start - end - (50 + each.argument * 150) * 1000 <= 5000
            payload = each.body[:20]
            assert section(payload) == each.body
            found.append(payload[:2] + payload[4:8] + payload[16:])
            type, number = struct.unpack_from("<H2xI", payload)
            [nonce] = struct.unpack_from("<I", payload, 16)
            data = assign(type, number, address, 0, 0, session, nonce)
            answer = line.ask(data)
            assert answer.kind == INFO and answer.address == address
            address += 1
    return found, searches, garbled


def test_search_finds_all(library: CDLL) -> None:
    """9 nodes, two of them with one serial number; those that collide are found by and by."""
    line = Line(
        [
            Member(Node(library, HUB if n < 5 else CORE, 100 + min(n, 7), nonce=0xABC0 + n))
            for n in range(9)
        ]
    )
    found, searches, garbled = find_all(line, 10775)
    assert len(found) == len(set(found)) == 9
    assert garbled > 0 and searches < 15
    assert sorted(member.node.address for member in line.members) == list(range(2, 11))
    found, searches, _ = find_all(line, 10775)
    assert (found, searches) == ([], 1)


def test_another_session_finds_all_anew(library: CDLL) -> None:
    line = installed(library)
    measure(line, 12)
    line.members[1].node.set_plugged(1)
    line.say(search(16, 150, 0, 1))  # the session of installed(): nobody forgets
    assert line.listen(line.time + 5 * MS) == []
    line.say(search(16, 150, 77, 1))
    heard = line.listen(line.time + 5 * MS)
    assert sorted(struct.unpack_from("<H", each.body)[0] for each in heard) == [HEAD, HUB]
    assert [each.body[9] for each in heard] == [1, 1]  # in step still, without an address
    assert line.ask(frame(QUERY, 2)) is None
    line.say(search(16, 150, 77, 2))
    line.say(frame(POLL, 255, 3, 0))
    assert line.listen(line.time + 20 * MS) == []  # a POLL cancels; there is no schedule now
    line.ask(assign(HUB, 191, 2, 3, 1470, 77))
    line.say(search(16, 150, 77, 3))
    assert [each.body[:2] for each in line.listen(line.time + 5 * MS)] == [struct.pack("<H", HEAD)]


# The program itself


def test_core_needs_no_libc(library: CDLL) -> None:
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("no `nm`: install binutils")
    done = subprocess.run(
        [nm, "-D", "--undefined-only", library._name], capture_output=True, text=True, check=True
    )
    names = {
        line.split()[-1].split("@")[0]
        for line in done.stdout.splitlines()
        if line.split()[-2] == "U"
    }
    assert names <= {"memcpy", "memmove", "memset", "memcmp", "__stack_chk_fail"}


def test_memory(library: CDLL) -> None:
    """Section 8: 129 blocks take 66 kB; the rest is to be small."""
    assert 129 * 4 * 128 <= library.node_size() < 129 * (4 * 128 + 4) + 700


def test_fuzz(tmp_path: Path, library: CDLL) -> None:
    """100,000 sequences of bad bytes: no fault, and each time the next good POLL is answered."""
    flags = ["-O1", "-g"]
    sources = (*binding.CORE, "fuzz.c")
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    try:
        program = binding.compile_with(flags + sanitizers, sources, tmp_path / "fuzz")
    except UserError:
        print("without sanitizers: the compiler has none (Debian: `apt install gcc`)")
        program = binding.compile_with(flags, sources, tmp_path / "fuzz")
    done = subprocess.run([program, "100000", "1"], capture_output=True, text=True, timeout=300)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.startswith("100000 sequences")
