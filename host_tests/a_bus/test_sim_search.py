"""How the simulated nodes let themselves be found: docs/a-bus.md, section 10, on the wire."""

import struct
from collections import Counter

import pytest
from a_bus_check import check_of
from gateway_host.sim.house import NodeSettings
from gateway_host.sim.installation import Installation
from sim_bus import (
    BYTE,
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
    STATUS,
    Gateway,
    assign,
    frame,
    good_frames,
    house,
    payload_of,
    search,
)
from test_a_bus_vectors_sim import vectors


def slot_of(serial: str, nonce: int, salt: int, slots: int) -> int:
    """The slot of a node, by the document."""
    key = check_of(struct.pack("<HxxII", int(serial[:4]), int(serial[4:]), nonce))
    return (key * (2 * salt + 1)) % 2**32 // 65536 % slots


def found_by(data: bytes) -> dict[str, tuple[int, int]]:
    """(slot, nonce) by serial number of every good FOUND."""
    nodes = {}
    for answer in good_frames(data):
        if answer[1] == FOUND:
            assert answer[2] == 0
            kind, _, number = struct.unpack_from("<HHI", answer, 12)
            nodes[f"{kind:04d}{number:06d}"] = (answer[3], struct.unpack_from("<I", answer, 28)[0])
    return nodes


def alone(serial: str) -> Installation:
    """An installation in which only this node is plugged in."""
    installation = Installation(house())
    for node in installation.nodes:
        node.connected = node.serial == serial
    return installation


def test_the_documents_search_is_answered_with_the_documents_found():
    installation = alone(HUB)
    node = installation.node(HUB)
    node.nonce = 0x1BADCAFE
    gateway = Gateway(installation, start=12_500_000)
    assert gateway.ask(vectors()["search"], 3000) == vectors()["found"]
    info = gateway.ask(vectors()["assign_found"])
    assert info[:4] == bytes((0xA5, INFO, 2, 0))
    assert sorted(gateway.poll(0, schedule=3)) == [2]


@pytest.mark.parametrize("metres", [0.0, 100.0])
def test_found_begins_in_its_slot(metres):
    installation = Installation(house((0.0, 100.0, -100.0), metres))
    gateway = Gateway(installation)
    starts: dict[str, float] = {}
    installation.line.corrupt = lambda at, who, data: starts.update({who: at}) or data
    for salt in range(30):
        ended = gateway.now + 24 * BYTE
        starts.clear()
        gateway.ask(search(32, 150, salt=salt), 6000)
        for node in installation.nodes:
            slot = slot_of(node.serial, node.nonce, salt, 32)
            there_and_back = 2 * metres * 0.005 if node.serial == HUB else 0
            late = starts[node.serial] - ended - there_and_back - 50 - slot * 150
            assert -0.5 <= late <= 5.5  # 100 ppm of 4.85 ms


def test_a_node_with_an_address_is_silent_until_the_session_changes():
    installation = Installation(house())
    gateway = Gateway(installation)
    nonce = installation.node(HUB).nonce
    for serial, address in ((HEAD, 1), (SOLID, 3)):
        gateway.ask(assign(serial, address, 50 * address**4, session=7))
    gateway.ask(assign(HUB, 2, 1470, session=7, nonce=nonce))
    for salt in range(5):
        assert gateway.ask(search(session=7, salt=salt), 3000) == b""
    gateway.settle()
    assert gateway.ask(frame(QUERY, 2))[1] == STATUS
    seen = {}
    for salt in range(5):
        seen |= found_by(gateway.ask(search(session=8, salt=salt), 3000))
    assert sorted(seen) == sorted((HEAD, HUB, SOLID))
    assert seen[HUB][1] == nonce
    assert gateway.ask(frame(QUERY, 2)) == b""
    assert gateway.poll(0) == {}
    gateway.ask(assign(HUB, 2, 1470, session=8, nonce=nonce))
    assert payload_of(gateway.ask(frame(QUERY, 2)))[0] == 0b11  # it has stayed in step


def test_assign_with_another_nonce_is_not_taken():
    gateway = Gateway(Installation(house()))
    nonce = gateway.installation.node(HUB).nonce
    assert gateway.ask(assign(HUB, 2, 50, nonce=nonce ^ 1)) == b""
    assert gateway.ask(assign(SOLID, 2, 50, nonce=nonce)) == b""
    assert gateway.ask(assign(HUB, 31, 50)) == b""  # no such address
    assert gateway.ask(assign(HUB, 2, 50, nonce=nonce))[1] == INFO
    assert gateway.ask(assign(HUB, 3, 50))[:3] == bytes((0xA5, INFO, 3))


def test_schedule_0_is_an_address_without_a_slot():
    gateway = Gateway(Installation(house()))
    assert gateway.ask(assign(HUB, 2, 0, schedule=0))[1] == INFO
    assert gateway.poll(0, schedule=0) == {}
    assert gateway.poll(0, schedule=3) == {}
    assert gateway.ask(frame(QUERY, 2))[1] == STATUS
    assert gateway.ask(search(session=0), 3000) != b""  # the others


def test_malformed_searches_are_not_answered():
    gateway = Gateway(alone(HUB))
    damaged = bytearray(search())
    damaged[14] ^= 1
    what = struct.pack("<HHI", 7, 1, 0)
    for bad in (
        search(slots=0),
        search(slots=33),
        bytes(damaged),
        frame(SEARCH, 2, 16, 150, what),
        frame(SEARCH, 255, 16, 150, what + bytes(4)),
    ):
        assert gateway.ask(bad, 6000) == b""
    assert gateway.ask(search(slots=1))[1] == FOUND
    assert gateway.ask(search(slots=32), 6000)[1] == FOUND


def test_a_poll_or_another_search_cancels_found():
    installation = alone(HUB)
    gateway = Gateway(installation)
    node = installation.node(HUB)
    late = next(salt for salt in range(100) if slot_of(HUB, node.nonce, salt, 16) == 15)
    early = next(salt for salt in range(100) if slot_of(HUB, node.nonce, salt, 16) == 0)
    assert gateway.ask(search(salt=late), 4000)[1] == FOUND
    gateway.ask(search(salt=late), 500)
    assert gateway.ask(frame(POLL, 255, 9, 0), 4000) == b""
    gateway.ask(search(salt=late), 500)
    data = gateway.ask(search(salt=early), 4000)
    assert [answer[3] for answer in good_frames(data)] == [0]
    assert len(data) == 36


def test_nodes_in_one_slot_garble_each_other_and_none_wins():
    installation = Installation(house())
    gateway = Gateway(installation)
    heard = Counter()
    heads = set()
    for salt in range(200):
        data = gateway.ask(search(slots=1, salt=salt))
        heard[len(found_by(data))] += 1
        assert 36 <= len(data) <= 40  # one stream of bytes
        heads.add(data[12:28])
    assert heard == {0: 200}
    assert len(heads) == 200  # never the same rubbish
    assert installation.counters.collisions >= 400


def test_bits_on_which_all_senders_agree_survive_a_collision():
    """Of two nodes in one slot: what comes is either's bit; both speak with equal force."""
    installation = Installation(house())
    installation.unplug(HEAD)
    sent: dict[str, bytes] = {}
    gateway = Gateway(installation)
    agree = Counter()
    starts: dict[str, float] = {}

    def note(at, who, data):
        sent[who], starts[who] = data, at
        return data

    installation.line.corrupt = note
    for salt in range(400):
        data = gateway.ask(search(slots=1, salt=salt))
        if abs(starts[HUB] - starts[SOLID]) > 0.15:
            continue  # else less than half a bit apart
        assert data[:12] == sent[HUB][:12] == sent[SOLID][:12]  # the headers are the same
        for at in range(12, 36):
            hub, solid = sent[HUB][at], sent[SOLID][at]
            same = ~(hub ^ solid)
            assert (data[at] ^ hub) & same == 0
            agree[HUB] += (~(data[at] ^ hub) & ~same & 0xFF).bit_count()
            agree[SOLID] += (~(data[at] ^ solid) & ~same & 0xFF).bit_count()
    assert sum(agree.values()) > 300
    assert 0.8 < agree[HUB] / agree[SOLID] < 1.25


def many(count: int, seed: int) -> Installation:
    """A head and `count` hubs that nobody has configured."""
    source = house()
    source.seed = seed
    source.nodes = [NodeSettings(f"5500{900 + n:06d}") for n in range(count)]
    source.points = []
    source.__post_init__()
    return Installation(source)


@pytest.mark.parametrize("seed", range(10))
def test_ten_nodes_are_found_by_the_documents_procedure(seed):
    """10 nodes in 16 slots take about 5 searches."""
    installation = many(9, seed)
    gateway = Gateway(installation)
    known: dict[str, int] = {}
    searches = 0
    while True:
        searches += 1
        assert searches <= 15
        data = gateway.ask(search(16, 150, salt=seed * 100 + searches), 2600)
        if not data:
            break
        for serial, (slot, nonce) in found_by(data).items():
            assert serial not in known
            assert slot == slot_of(serial, nonce, seed * 100 + searches, 16)
            known[serial] = len(known) + 2
            address = 1 if serial == HEAD else known[serial]
            answer = gateway.ask(assign(serial, address, 0, 0, 7, nonce), 400)
            assert answer[:3] == bytes((0xA5, INFO, address))
    assert sorted(known) == sorted(node.serial for node in installation.nodes)
    assert 2 <= searches <= 10


def test_a_node_that_restarts_is_found_and_taken_back():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle()
    before = installation.node(HUB).nonce
    installation.restart(HUB)
    ((serial, (_, nonce)),) = found_by(gateway.ask(search(session=0), 3000)).items()
    assert serial == HUB
    assert nonce != before
    assert gateway.ask(assign(HUB, 2, gateway.slots[HUB], nonce=before)) == b""
    assert gateway.ask(assign(HUB, 2, gateway.slots[HUB], nonce=nonce))[1] == INFO
    assert gateway.poll()[2][1] == NODATA
    assert gateway.settle()[2][1] == DATA


def test_nonces_come_from_the_houses_seed():
    def nonces(seed):
        installation = many(9, seed)
        installation.restart(HEAD)
        return [node.nonce for node in installation.nodes]

    assert nonces(5) == nonces(5)
    assert len(set(nonces(5) + nonces(6))) == 20
    assert 0 not in nonces(5)


def test_status_says_which_inputs_have_a_ct():
    gateway = Gateway(Installation(house()))
    gateway.assign_all()
    plugged = [payload_of(gateway.ask(frame(QUERY, address)))[2] for address in (1, 2, 3)]
    assert plugged == [0b111, 0b0111, 0b111]  # the hub's D has no CT
