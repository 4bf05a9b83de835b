"""The fleet's members do what docs/cloud.md and docs/history.md say, and a run counts right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gateway_host import cluster
from gateway_host.broker import mosquitto
from gateway_host.collector.ledger import Ledger
from gateway_host.fleet import rates, records, wire
from gateway_host.fleet.run import Options, play

DOCS = Path(__file__).parents[2] / "docs"


def test_rates_and_lengths_are_the_documented_ones() -> None:
    text = (DOCS / "cloud.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \| [\d.]+ \|$", text, re.M)
    table = {name: tuple(map(int, figures)) for name, *figures in rows}
    for name, size in rates.BYTES.items():
        ethernet, lte = (rates.PROFILES[one].every_s.get(name, 0) for one in ("ethernet", "lte"))
        assert table[name] == (ethernet, lte, size), name
    assert f"keep-alive | {rates.PROFILES['ethernet'].keep_alive_s} s on Ethernet" in text
    assert f"{rates.PROFILES['lte'].keep_alive_s} s on LTE" in text
    assert f"| | {rates.RETAINED_BYTES} | 3.9 |" in text
    for pauses in (rates.PAUSES_S, rates.NOT_KEPT_PAUSES_S):
        *most, last = map(str, pauses)
        assert f"within {', '.join(most)} and {last} s" in text


def test_orders_and_last_will_are_of_qos_0() -> None:
    """As of the firmware. NATS keeps a consumer with a log of its own of each that is higher."""
    text = (DOCS / "gateway-commands.md").read_text()
    assert "The gateway subscribes at QoS 0 in a session" in text
    assert wire.subscribe(7, "a") == b"\x82\x06\x00\x07\x00\x01a\x00"
    will_retain, will, clean = 0x20, 0x04, 0x02
    assert wire.connect("name", 30, "will")[9] == will_retain | will | clean


def test_what_is_lost_or_doubled_is_counted(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "history.db")
    topic = f"servicelocation/{records.uuid(3)}/history"
    for first in range(1, 31, 10):
        payload = records.message(3, list(range(first, first + 10)), True)
        assert ledger.take([(topic, payload)]).aside == 0
    layout = f"servicelocation/{records.uuid(3)}/layout", records.layout(3)
    assert ledger.take([layout]).aside == 0
    assert records.check(ledger.db, 3, 30) == (0, 0)
    assert records.held(ledger.db) == 30
    ledger.db.execute("DELETE FROM records WHERE sequence = 7")
    assert records.check(ledger.db, 3, 30) == (1, 0)
    ledger.db.execute("UPDATE records SET import = '[1]' WHERE sequence = 8")
    assert records.check(ledger.db, 3, 30) == (2, 0)
    assert records.check(ledger.db, 3, 29) == (2, 1)
    ledger.close()


@pytest.mark.skipif(mosquitto() is None, reason="no mosquitto: `make doctor` has the remedy")
@pytest.mark.parametrize(
    "profile, tls, outage_s", [("ethernet", False, 3), ("lte", False, 0), ("history", True, 0)]
)
def test_a_small_fleet(profile: str, tls: bool, outage_s: float, tmp_path: Path) -> None:
    """Twenty gateways whose minutes last a second: dark at once, and their broker is killed."""
    options = Options(20, 5, profile, 30, tls, outage_s, hurry=60)
    found = play(options, tmp_path, lambda line: None)
    assert (found["lost"], found["doubled"], found["put_aside"]) == (0, 0, 0)
    assert found["records"] > 20 * 31
    assert found["blackout"]["attempts"] >= 20
    assert ("outage" in found) == bool(outage_s)
    assert found["broker_kb_per_gateway"] > 0


@pytest.mark.skipif(not cluster.available(), reason="no nats-server: `make setup` downloads it")
def test_a_cluster_loses_a_node(tmp_path: Path) -> None:
    """Three nodes, gateways on all of them, the collector on the one that is killed: the others
    go on, and each record is there once."""
    options = Options(18, 5, "history", 30, outage_s=3, hurry=60, engine="nats")
    found = play(options, tmp_path, lambda line: None)
    assert (found["lost"], found["doubled"], found["put_aside"]) == (0, 0, 0)
    assert found["records"] > 18 * 31
    assert found["outage"]["attempts"] >= 6  # those of the third node
    log = (tmp_path / "collector.log").read_text()
    assert "well again" in log
