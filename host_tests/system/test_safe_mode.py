"""Safe mode, of gateways that run as delivered: no engineer has their console, and each start is
of the files that the one before has left."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commanded_gateway import Running
from contract import wrong
from gateway_host.broker import Broker
from gateway_host.security.rows import states
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.radio import World
from open_ports import Ports
from running_gateway import PATIENCE_S, Listener, mqtt_at

PLAN = load_house(DEFAULT_HOUSE).site_json()


class Lives:
    """One gateway's starts."""

    def __init__(self, directory: Path, port: int, listener: Listener):
        self.directory = directory
        self.listener = listener
        self._port = port
        self._plan: dict[str, Any] | None = PLAN

    @contextlib.contextmanager
    def start(self, reset: str = "watchdog") -> Iterator[Running]:
        installation = Installation(load_house(DEFAULT_HOUSE))
        running = Running(installation, PLAN, self.listener, self._port)
        given, self._plan = self._plan, None
        world = World()
        with Session(
            installation,
            given,
            directory=self.directory,
            world=world,
            board={"debug": False, "reset": reset},
            **({"mqtt": mqtt_at(self._port)} if given else {}),
        ) as session:
            running.session, running.world = session, world
            yield running

    def state(self, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The first message `gateway` from now on of which that is true."""
        before = len(self.listener.of("gateway"))

        def found(items: list[Any]) -> Any:
            states = [m.value for m in items if m.topic == "gateway"][before:]
            return next((one for one in states if wanted(one)), None)

        return self.listener.messages.until(found, "a state of the gateway")

    def fail(self, starts: int) -> None:
        """So many starts, each ended by the watchdog, as the next one hears; after three of them
        it is safe mode."""
        for number in range(starts):
            with self.start("watchdog" if number else "power-up") as running:
                one = self.state(lambda one: True)
                assert one["lastEnd"]["failed"] == number
                assert ("safeMode" in one) == (number == 3)
                running.session.kill()


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Lives]:
    with Broker() as broker, Listener(PLAN, broker.port) as listener:
        yield Lives(tmp_path, broker.port, listener)


def end(running: Running) -> None:
    running.session.wait(PATIENCE_S)
    running.session.check(may_end=True)


def test_three_failed_starts_lead_to_safe_mode_and_the_cloud_out_of_it(lives):
    lives.fail(4)
    (lives.directory / "end_kept").unlink()  # a power cut, in which the RTC's memory is lost
    with lives.start("power-up") as running, Ports(running.session.pid, {}) as ports:
        one = lives.state(lambda one: "safeMode" in one)
        assert not wrong(f"servicelocation/{PLAN['uuid']}/gateway", json.dumps(one))
        assert 0 < one["safeMode"]["left"] <= 120 and "aBus" not in one
        assert one["led"]["state"] == "safe mode" and one["errors"]["start.safe"] == 1
        assert one["lastEnd"]["failed"] == 3
        assert one["advice"][0]["name"] == "safe"
        said = one["advice"][0]["text"]
        assert "failed at 3 starts in a row (watchdog: the program stood still)" in said
        assert running.ask("1", get={"what": "site"})["result"]["uuid"] == PLAN["uuid"]
        refused = running.ask("2", free={"site": PLAN["uuid"], "gateway": one["serial"]})
        assert refused["error"] == "refused" and "safe mode" in refused["text"]
        assert running.ask("3", restart=True)["result"] == {"restarts": True}
        end(running)
        assert ports.until_now() == list(states()["is in safe mode"].opens)
    assert running.installation.counters.gateway_bytes == 0  # no bus was touched
    with lives.start("software") as running:
        one = lives.state(lambda one: one.get("windows"))
        assert one["lastEnd"]["failed"] == 0
        assert one["lastEnd"]["reason"].startswith("watchdog")  # of the start before safe mode
        lines = running.ask("4", log={})["result"]["before"]
        assert "safe mode" in [text for _, text in lines]


def test_the_button_ends_safe_mode(lives):
    lives.fail(3)
    with lives.start() as running:
        lives.state(lambda one: "safeMode" in one)
        running.world.hold_button(2)
        end(running)
    with lives.start("software"):
        assert lives.state(lambda one: one.get("windows"))["lastEnd"]["failed"] == 0
