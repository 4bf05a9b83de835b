"""Faults of the line by text: what is understood, what is refused, what then is on the wire."""

import math
import struct

import numpy as np
import pytest
from gateway_host.__main__ import main
from gateway_host.errors import UserError
from gateway_host.faults.script import Faults
from gateway_host.sim.installation import Installation
from sim_bus import (
    BYTE,
    CYCLE,
    DATA,
    FOUND,
    HEAD,
    HUB,
    INFO,
    NODATA,
    POLL,
    QUERY,
    SEARCH,
    SOLID,
    Gateway,
    assign,
    frame,
    good_frames,
    house,
    payload_of,
    samples,
    search,
)

S = 1e6


def with_faults(text: str, metres: float = 0.0, **options) -> Gateway:
    """A gateway at an installation (head, hub at `metres`, Solid Core) with these faults."""
    return Gateway(Installation(house(metres=metres), faults=Faults.parse(text), **options))


def measuring(text: str, metres: float = 0.0) -> Gateway:
    """The same, 1.3 s after the beginning, with all nodes in step."""
    gateway = with_faults(text, metres)
    gateway.assign_all()
    gateway.settle()
    return gateway


def cycle(gateway: Gateway) -> bytes:
    """All that is heard in one cycle; the block asked for is the newest that is complete."""
    newest = int(gateway.installation.sample_number(gateway.now)) // 64 - 1
    return gateway.ask(frame(POLL, 255, 3, newest), CYCLE)


def seen(gateway: Gateway, cycles: int) -> list[set[int]]:
    """The addresses of the good frames of each cycle."""
    return [{answer[2] for answer in good_frames(cycle(gateway))} for _ in range(cycles)]


def sent_and_heard(gateway: Gateway, cycles: int) -> tuple[bytes, bytes]:
    """What the nodes sent, and what of it the gateway received."""
    sent = []

    def note(_, who, data):
        if who != "gateway":
            sent.append(data)
        return data

    gateway.installation.line.corrupt = note
    heard = [cycle(gateway) for _ in range(cycles)]
    gateway.installation.line.corrupt = None
    return b"".join(sent), b"".join(heard)


def wrong_bits(sent: bytes, heard: bytes) -> np.ndarray:
    """Number of wrong bits in each byte."""
    return np.bitwise_count(np.frombuffer(sent, np.uint8) ^ np.frombuffer(heard, np.uint8))


# The text


def test_the_examples_of_the_document_are_understood():
    faults = Faults.parse(
        "ber=1e-5 seed=3; unplug 5500000191 at 10 for 5; babble 5500000192 rate=2"
    )
    assert faults.seed == 3
    ber, unplug, babble = faults.faults
    assert (ber.verb, ber.values, ber.start, ber.end) == ("ber", {"ber": 1e-5}, 0.0, math.inf)
    assert (unplug.target, unplug.start, unplug.end) == ("5500000191", 10 * S, 15 * S)
    assert babble.values == {"rate": 2.0, "bytes": 20.0}


def test_settings_may_stand_in_one_clause():
    faults = Faults.parse("ber=1e-5 cut=1e-6 at=2 double=1e-7\n seed=9 ; ; no-ct 5500000190:C")
    assert [(f.verb, f.start) for f in faults.faults] == [
        ("ber", 0.0), ("cut", 2 * S), ("double", 0.0), ("no-ct", 0.0)
    ]  # fmt: skip
    assert faults.faults[3].input == "C"
    assert faults.seed == 9
    assert Faults.parse("").faults == ()


BAD = [
    ("noise", "'noise' is not a fault; known are ber,"),
    ("ber 1e-5", "write ber=NUMBER"),
    ("unplug=5500000190", "write unplug without '='"),
    ("ber=much", "'ber' must be a number from 0 to 0.5"),
    ("ber=2", "'ber' must be a number from 0 to 0.5"),
    ("seed=1.5", "'seed' must be a whole number"),
    ("unplug", "name a node: its serial number, or head"),
    ("unplug 55", "'55' is not a node: its serial number, or head"),
    ("unplug 5500000190 at", "'at' must be a number"),
    ("unplug 5500000190 on 5", "'on' is not known here; known are at, for"),
    ("unplug 5500000190 at 1 at 2", "'at' is there twice"),
    ("late 5500000190", "'by' is missing; add by=NUMBER"),
    ("no-ct 5500000190", "'5500000190' is not a node and its input"),
    ("no-ct 5500000190:E", "'5500000190:E' is not a node and its input"),
    ("add nothing", "'nothing' is not a new serial number"),
    # What only the installation knows
    ("unplug 5500000777", "there is no node 5500000777; there are 5020000001, 5500000190"),
    ("no-ct 5500000190:D", "no point is on input D"),
    ("no-ct 5600000007:A", "are built in"),
    ("add 5500000190", "is there already; write twin"),
    ("twin head", "the head has no twin"),
    ("segment beyond 3", "no node is behind metre 3; the last is at 0 m"),
    ("restart 5500000190 for 3", "a restart takes no time"),
]


@pytest.mark.parametrize(("text", "problem"), BAD, ids=[text for text, _ in BAD])
def test_what_cannot_be_understood_is_refused_in_one_line(text, problem):
    with pytest.raises(UserError) as refused:
        with_faults(f"echo; {text}")
    message = str(refused.value)
    assert message.startswith(f'faults: "{text}": ')
    assert problem in message
    assert "\n" not in message


def test_run_refuses_them_too(capsys):
    assert main(["run", "--faults", "echo; noise"]) == 2
    assert capsys.readouterr().err.startswith("error: faults: \"noise\": 'noise' is not a fault")


# Reproducible


ALL = (
    "ber=1e-4 cut=1e-4 double=1e-4; bursts rate=20; babble 5500000190 rate=20; "
    "unterminated rate=1e-6; no-ct 5500000190:A; add gateway"
)


def test_the_same_text_gives_the_same_bytes():
    def heard(text):
        gateway = with_faults(text, metres=20.0)
        for serial, address in ((HEAD, 1), (HUB, 2), (SOLID, 3)):
            gateway.assign(serial, address, 50 + 1500 * address)
        return [cycle(gateway) for _ in range(50)]

    assert heard(ALL) == heard(ALL)
    assert heard(ALL) != heard(f"{ALL}; seed=2")


# The line


def test_bit_errors_come_at_their_rate_in_both_directions():
    gateway = measuring("ber=1e-4 at 2")
    sent, heard = sent_and_heard(gateway, 20)
    assert sent == heard
    gateway.now = int(2.1 * S)
    before = {node.serial: node.bad_checks for node in gateway.installation.nodes}
    sent, heard = sent_and_heard(gateway, 400)
    wrong = wrong_bits(sent, heard)
    hit = np.count_nonzero(wrong)
    # Of 10 bits 8 turn their own bit, and the start bit makes the byte any of 256; the stop bit
    # does nothing.
    assert hit / len(sent) == pytest.approx(1e-4 * (8 + 255 / 256), rel=0.15)
    assert np.count_nonzero(wrong == 1) / hit == pytest.approx(8 / 9, abs=0.08)
    # 400 POLLs of 120 bits each: some were damaged for all nodes.
    silent = 400 * (420 + 540 + 408) - len(sent)
    assert 0 < silent < 15 * 1368
    assert all(node.bad_checks > before[node.serial] for node in gateway.installation.nodes)


def test_bytes_are_cut_and_doubled():
    for text, sign in (("cut=1e-3", -1), ("double=1e-3", 1)):
        gateway = measuring(f"{text} at 2")
        gateway.now = int(2.1 * S)
        sent, heard = sent_and_heard(gateway, 200)
        assert sign * (len(heard) - len(sent)) / len(sent) == pytest.approx(1e-3, rel=0.2)


def test_a_cut_byte_takes_no_other():
    gateway = measuring("cut=0.01")
    gateway.installation.line.disturbances[0]._next = 100  # the hundredth byte from here
    gateway.installation.line.disturbances[0]._rate = 0.0
    sent, heard = sent_and_heard(gateway, 1)
    assert heard == sent[:88] + sent[89:]  # the POLL has 12


def test_bursts_come_at_their_rate_and_length():
    gateway = measuring("bursts rate=25 mean=400 at 2")
    gateway.now = int(2.1 * S)
    sent, heard = sent_and_heard(gateway, 1000)
    wrong = wrong_bits(sent, heard) > 0
    assert wrong.mean() == pytest.approx(25 * 400e-6, rel=0.25)
    places = np.flatnonzero(wrong)
    bursts = 1 + np.count_nonzero(np.diff(places) > 8)
    line_s = len(sent) * BYTE / S
    assert bursts / line_s == pytest.approx(25, rel=0.25)
    assert 3.0 < wrong_bits(sent, heard)[wrong].mean() < 5.0  # any byte


def test_echo_of_the_gateways_own_bytes():
    gateway = with_faults("echo for 2")
    request = assign(HUB, 2, 1470)
    data = gateway.ask(request)
    assert data[: len(request)] == request
    assert data[len(request) :][1] == INFO
    gateway.now = int(2.1 * S)
    assert gateway.ask(request)[1] == INFO


# Nodes


def test_a_babbling_node_speaks_at_random_times():
    gateway = with_faults("babble 5500000190 rate=20 bytes=30 at 1 for 4")
    starts: list[tuple[float, int]] = []
    gateway.installation.line.corrupt = lambda at, _, data: starts.append((at, len(data))) or data
    gateway.installation.read(int(8 * S), 65000)
    times = np.array([at for at, _ in starts])
    assert S < times.min() and times.max() < 5 * S
    assert len(times) == pytest.approx(80, rel=0.3)
    assert np.diff(times).std() == pytest.approx(np.diff(times).mean(), rel=0.3)  # Poisson
    assert np.mean([size for _, size in starts]) == pytest.approx(30, rel=0.3)


def test_babble_garbles_what_it_hits():
    gateway = measuring("babble 5600000007 rate=100 bytes=100 at 2")
    gateway.now = int(2 * S)
    counts = [len(found) for found in seen(gateway, 100)]
    assert gateway.installation.counters.collisions > 30
    assert counts.count(3) < 80 and counts.count(3) > 10


def test_a_node_that_babbles_into_its_own_answer_garbles_it():
    gateway = measuring("")
    line, node = gateway.installation.line, gateway.installation.node(HUB)
    at = gateway.now + 12 * BYTE + gateway.slots[HUB] + 100 * BYTE
    line.at(at, lambda time: line.speak(time, node, bytes(range(50))))
    data = cycle(gateway)
    assert len(data) == 420 + 540 + 408  # one stream of bytes
    assert [answer[2] for answer in good_frames(data)] == [1, 3]


def test_a_late_node_answers_late():
    gateway = measuring("late 5500000190 by 300 at 2 for 1")
    starts: dict[str, float] = {}
    gateway.installation.line.corrupt = lambda at, who, data: starts.update({who: at}) or data
    for now, late in ((1.9, 0), (2.5, 300), (3.1, 0)):
        gateway.now = int(now * S)
        cycle(gateway)
        slot = starts["gateway"] + 12 * BYTE + gateway.slots[HUB]
        assert 0 <= starts[HUB] - slot - late <= 5


def test_unplug_for_a_time():
    gateway = measuring(f"unplug {HUB} at 1.5 for 0.5")
    gateway.now = int(1.45 * S)
    assert seen(gateway, 2) == [{1, 2, 3}] * 2
    gateway.now = int(1.5 * S)
    assert seen(gateway, 24) == [{1, 3}] * 24
    assert gateway.installation.leds()[HUB] is None
    gateway.now = int(2.1 * S)
    assert seen(gateway, 2) == [{1, 3}] * 2  # it has started afresh, without an address
    found = [a for a in good_frames(gateway.ask(search(session=0), 3000)) if a[1] == FOUND]
    assert [struct.unpack_from("<I", a, 16)[0] for a in found] == [190]


def test_a_node_unplugged_in_the_middle_of_its_answer_is_cut_off():
    gateway = measuring("")
    line = gateway.installation.line
    at = gateway.now + 12 * BYTE + gateway.slots[HUB] + 100 * BYTE
    line.at(at, lambda _: gateway.installation.unplug(HUB))
    assert 420 + 95 <= len(cycle(gateway)) - 408 <= 420 + 100


def test_a_segment_is_what_lies_behind_a_metre():
    gateway = measuring("segment beyond 3.2 at 1.5 for 0.5", metres=18.5)
    gateway.now = int(1.6 * S)
    assert seen(gateway, 2) == [{1, 3}] * 2
    gateway.now = int(2.1 * S)
    gateway.ask(assign(HUB, 2, gateway.slots[HUB]))
    answers = good_frames(cycle(gateway))
    assert [(answer[1], answer[2]) for answer in answers[1:2]] == [(NODATA, 2)]


def test_a_restart_takes_address_and_nonce():
    gateway = measuring(f"restart {HUB} at 2")
    before = gateway.installation.node(HUB).nonce
    gateway.now = int(2 * S)
    assert seen(gateway, 1) == [{1, 3}]
    assert gateway.installation.node(HUB).nonce != before


def test_no_head():
    gateway = with_faults("unplug head")
    assert gateway.assign(HEAD, 1, 50) == b""
    gateway.assign(HUB, 2, 500)
    for _ in range(60):
        (answer,) = good_frames(cycle(gateway))
        assert (answer[1], answer[2], answer[3]) == (NODATA, 2, 3)


# What does not belong


def test_a_twin_has_the_same_serial_and_another_nonce():
    gateway = with_faults(f"twin {HUB} metres=5")
    nonces = set()
    for salt in range(10):
        for answer in good_frames(gateway.ask(search(16, salt=salt), 3000)):
            if answer[12:14] + answer[16:20] == struct.pack("<HI", 5500, 190):
                nonces.add(struct.unpack_from("<I", answer, 28)[0])
    assert len(nonces) == 2
    collisions = gateway.installation.counters.collisions
    gateway.ask(assign(HUB, 2, 500))
    assert gateway.installation.counters.collisions == collisions + 1
    first, second = nonces
    assert gateway.ask(assign(HUB, 2, 500, nonce=first))[2] == 2
    assert gateway.ask(assign(HUB, 3, 3000, nonce=second))[2] == 3
    assert {answer[2] for answer in good_frames(cycle(gateway))} == {2, 3}


def test_an_unknown_type_is_a_node_like_the_others():
    gateway = with_faults("add 5700000003 channels=2 at 1")
    assert gateway.assign("5700000003", 4, 3000) == b""
    gateway.assign(HEAD, 1, 50)
    gateway.now = int(1.1 * S)
    info = payload_of(gateway.assign("5700000003", 5, 4800))
    assert struct.unpack_from("<HHIB", info)[::2] == (5700, 3)
    assert info[8] == 2
    gateway.settle()
    answer = gateway.poll()[5]
    assert (answer[1], answer[3]) == (DATA, 0b11)
    assert np.abs(samples(answer)).max() <= 4


def test_a_second_gateway_polls_at_its_own_times():
    gateway = with_faults("add gateway at 1 for 2 schedule=3")
    gateway.assign_all()
    starts: list[float] = []
    sent = {"second gateway": b""}

    def note(at, who, data):
        if who == "second gateway":
            starts.append(at)
            sent[who] = data
        return data

    gateway.installation.line.corrupt = note
    data = gateway.ask(b"", int(0.99 * S))
    assert data == b""
    data = gateway.ask(b"", int(5 * S))
    assert starts == pytest.approx([S + 20_100 * n for n in range(100)])
    poll = sent["second gateway"]
    assert poll == frame(POLL, 255, 3, struct.unpack_from("<H", poll, 4)[0])
    assert data.startswith(frame(POLL, 255, 3, 1))
    assert data[12:16] == bytes((0xA5, NODATA, 1, data[15]))  # nodes that it finds answer it


def test_a_second_gateway_that_searches_makes_nodes_forget():
    gateway = with_faults("add gateway at 1.5 searches=2 every=1000000 for 1")
    gateway.assign_all()
    gateway.settle(20)
    installation = gateway.installation
    assert [node.address for node in installation.nodes] == [1, 2, 3]
    data = gateway.ask(b"", int(2.2 * S) - gateway.now)
    assert [node.address for node in installation.nodes] == [0, 0, 0]
    foreign = [answer for answer in good_frames(data) if answer[1] == SEARCH]
    assert len(foreign) == 1
    assert payload_of(foreign[0])[:2] != search()[12:14]  # another session


def test_a_module_of_the_b_bus_hears_and_answers_at_its_own_speed_only():
    clean, strange = measuring(""), measuring("add b-module number=77")
    assert [cycle(strange) for _ in range(20)] == [cycle(clean) for _ in range(20)]
    installation = strange.installation
    widest = "00107e1000060c000000000000270f423f000f4df9"  # docs/b-bus.md section 3
    for wait, request in ((2000, widest), (10_500, "f7030000000311 5d")):
        strange.now += wait
        installation.write_slowly(strange.now, bytes.fromhex(request), 38_400)
    assert installation.read(strange.now + 3000, 100) == b""
    answer = installation.read(strange.now + 12_000, 100)
    assert answer[:9].hex() == "f70306" + f"{5700:04x}{77:04x}{0:04x}"
    assert seen(strange, 5) == [{1, 2, 3}] * 5


def test_without_a_terminator_the_far_node_suffers_most():
    gateway = measuring("unterminated rate=2e-6 at 2", metres=50.0)
    gateway.now = int(2.1 * S)
    found = seen(gateway, 300)
    counts = {address: sum(address in cycle for cycle in found) for address in (1, 2, 3)}
    # The hub's 5400 bits at 1e-4 an error, of which 9 of 10 do harm; the others are at 0 m.
    assert counts[1] == counts[3] == 300
    # Of its POLLs 1.2 % do not reach it.
    assert counts[2] / 300 == pytest.approx((1 - 1e-4) ** (4860 + 120), abs=0.1)
    assert gateway.installation.node(HUB).bad_checks > 0
    assert gateway.installation.node(SOLID).polls > gateway.installation.node(HUB).polls


# Inputs


def input_a(gateway: Gateway) -> tuple[int, np.ndarray]:
    """STATUS's plugged bits of the hub, and its samples of input A."""
    plugged = payload_of(gateway.ask(frame(QUERY, 2)))[2]
    gateway.settle(3)
    asked = gateway.block
    answer = gateway.poll(asked)[2]
    number = struct.unpack_from("<H", answer, 4)[0]
    first = next(n for n in range(15_000, 90_000) if n % 65536 == number) * 64
    wire = samples(answer)[0]
    assert np.array_equal(wire, gateway.installation.truth(first, 64)[3])
    return plugged, wire


@pytest.mark.parametrize(
    ("verb", "bits", "low", "high"), [("no-ct", 0b0110, 1, 4), ("open-ct", 0b0111, 0, 100)]
)
def test_a_ct_that_is_missing_or_open(verb, bits, low, high):
    gateway = measuring(f"{verb} {HUB}:A at 2 for 1")
    plugged, before = input_a(gateway)
    assert plugged == 0b0111
    assert np.abs(before).max() > 2000
    gateway.now = int(2.2 * S)
    plugged, wire = input_a(gateway)
    assert plugged == bits
    assert low <= np.abs(wire).max() <= high
    assert len(np.unique(wire)) > 2  # there is a little noise
    gateway.now = int(3.4 * S)
    plugged, after = input_a(gateway)
    assert plugged == 0b0111
    assert np.abs(after).max() > 2000


def test_a_clean_line_has_no_disturbance():
    line = with_faults("").installation.line
    assert (line.disturbances, line.mishears, line.corrupt, line.echo) == ([], [], None, False)
