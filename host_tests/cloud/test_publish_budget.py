"""What a month on LTE costs (docs/cloud.md, Rates), from the messages of 28 points as the firmware
writes them, and that writing them takes next to no heap."""

from __future__ import annotations

import json
import re

import pytest
from gateway_host import interpreter
from gateway_host.session import MODULE_PATH, ROOT
from in_interpreter import program

MESSAGES = ROOT / "tools" / "gateway_host" / "device" / "messages.py"
MONTH_S = 30 * 86400
TOPIC = len("servicelocation/00000000-0000-0000-0000-000000000000/")
RECORD = 29  # TLS 1.2, AES-GCM: head, nonce, tag
SEGMENT = 80  # IPv4 and TCP without options, and an acknowledgement
CHUNK = 1024  # what the uplink gives to the socket at once
CONNECT = 6000  # a handshake with two certificates, and CONNECT
MAX_B_BUS = 1500
LAYOUT = 3200
HOME_ASSISTANT = 34300  # not sent on LTE by default, but the installer may want it
QOS1 = 2 + 4 + RECORD + SEGMENT  # a packet number, and the PUBACK


def on_the_air(payload: int, topic: str) -> int:
    """Bytes of one message."""
    message = 1 + (1 if payload + TOPIC < 120 else 2) + 2 + TOPIC + len(topic)
    chunks = 1 + -(-payload // CHUNK)  # the head goes by itself
    return message + payload + chunks * (RECORD + SEGMENT)


def run(*arguments: str, bits: int = 32) -> list[str]:
    done = interpreter.run(arguments, bits=bits, heap="1M", path=MODULE_PATH)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def sizes() -> dict[str, int]:
    (line,) = run(str(MESSAGES))
    return {"harmonics": 200, "bBus": MAX_B_BUS, **json.loads(line)["sizes"]}


def documented() -> dict[str, list[float]]:
    """The table of docs/cloud.md: topic -> seconds, seconds on LTE, bytes, MB."""
    text = (ROOT / "docs" / "cloud.md").read_text()
    text = text[text.index("## Rates") : text.index("## realtime")]
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", text, re.M
    )
    return {name: [float(value) for value in values] for name, *values in rows}


def test_a_month_on_lte_is_under_100_megabytes(sizes):
    rates, last = run(str(program("print_rates")))
    *usual, lte = json.loads(rates)
    change_ms, keepalive_s = map(int, last.split())
    table = documented()
    for rate in usual:
        assert {topic: row[0] for topic, row in table.items()} == rate
    assert {topic: row[1] for topic, row in table.items()} == lte
    total = 0.0
    for topic, every in lte.items():
        if topic in ("gateway", "bBus"):  # a change all the time
            every = min(every, change_ms / 1000)
        once = on_the_air(sizes[topic], topic) + (QOS1 if topic == "minutes" else 0)
        taken = MONTH_S / every * once if every else 0
        assert sizes[topic] == pytest.approx(table[topic][2], rel=0.02), topic
        assert taken / 1e6 == pytest.approx(table[topic][3], abs=0.1), topic
        total += taken
    total += MONTH_S / (keepalive_s / 2) * (2 * (2 + RECORD) + 3 * SEGMENT / 2)
    total += (
        4
        * 30
        * (
            CONNECT
            + on_the_air(13000, "channelConfigV2")
            + on_the_air(5600, "channelConfig")
            + 4 * on_the_air(200, "config")
            + on_the_air(LAYOUT, "layout")
        )
    )
    assert total < 90e6
    total += 4 * 30 * on_the_air(HOME_ASSISTANT, "")
    assert total < 95e6


def test_writing_allocates_next_to_nothing(bits):
    (line,) = run(str(MESSAGES), bits=bits)
    reported = json.loads(line)
    assert reported["allocated_realtime"] <= 600
    assert reported["allocated"] <= 4000
    assert reported["steps"] >= 15
