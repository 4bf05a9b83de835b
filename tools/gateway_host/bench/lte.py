"""What a month on LTE costs at the default rates (docs/cloud.md, Rates), from the messages of 28
points as the firmware writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gateway_host import interpreter
from gateway_host.errors import UserError
from gateway_host.session import MODULE_PATH, ROOT

MESSAGES = ROOT / "tools" / "gateway_host" / "device" / "messages.py"
RATES = MESSAGES.with_name("print_rates.py")
LIMIT_MB = 100
_MONTH_S = 30 * 86400
_TOPIC = len("servicelocation/00000000-0000-0000-0000-000000000000/")
_RECORD = 29  # TLS 1.2, AES-GCM: head, nonce, tag
_SEGMENT = 80  # IPv4 and TCP without options, and an acknowledgement
_CHUNK = 1024  # what the uplink gives to the socket at once
_CONNECTIONS = 4 * 30
_CONNECT = 6000  # a handshake with two certificates, and CONNECT
_HARMONICS, _MAX_B_BUS, _LAYOUT = 200, 1500, 3200
_HOME_ASSISTANT = 34300  # not sent on LTE by default, but the installer may want it
_QOS1 = 2 + 4 + _RECORD + _SEGMENT  # a packet number, and the PUBACK


@dataclass(frozen=True)
class Month:
    """`rates`: s of each topic on Ethernet, Wi-Fi, LTE; `sizes`: bytes of a message; `topics`: MB
    of each; `total`: MB of all, `with_home_assistant` too."""

    rates: list[dict[str, int]]
    sizes: dict[str, int]
    topics: dict[str, float]
    total: float
    with_home_assistant: float


@cache
def month() -> Month:
    """UserError where the firmware's programs do not run."""
    (line,) = _run(MESSAGES)
    sizes = {"harmonics": _HARMONICS, "bBus": _MAX_B_BUS, **json.loads(line)["sizes"]}
    table, last = _run(RATES)
    rates = json.loads(table)
    change_ms, keepalive_s = map(int, last.split())
    topics = {}
    for topic, seconds in rates[-1].items():
        every = min(seconds, change_ms / 1000) if topic in ("gateway", "bBus") else seconds
        once = _on_the_air(sizes[topic], topic) + (_QOS1 if topic == "minutes" else 0)
        topics[topic] = _MONTH_S / every * once / 1e6 if every else 0.0
    pings = _MONTH_S / (keepalive_s / 2) * (2 * (2 + _RECORD) + 3 * _SEGMENT / 2)
    connecting = _CONNECTIONS * (
        _CONNECT
        + _on_the_air(13000, "channelConfigV2")
        + _on_the_air(5600, "channelConfig")
        + 4 * _on_the_air(200, "config")
        + _on_the_air(_LAYOUT, "layout")
    )
    total = sum(topics.values()) + (pings + connecting) / 1e6
    more = _CONNECTIONS * _on_the_air(_HOME_ASSISTANT, "") / 1e6
    return Month(rates, sizes, topics, total, total + more)


def _on_the_air(payload: int, topic: str) -> int:
    """Bytes of one message."""
    message = 1 + (1 if payload + _TOPIC < 120 else 2) + 2 + _TOPIC + len(topic)
    chunks = 1 + -(-payload // _CHUNK)  # the head goes by itself
    return message + payload + chunks * (_RECORD + _SEGMENT)


def _run(program: Path) -> list[str]:
    done = interpreter.run([program], bits=32, heap="1M", path=MODULE_PATH)
    if done.returncode:
        raise UserError(f"{program.name}: {done.stderr or done.stdout}")
    return done.stdout.splitlines()
