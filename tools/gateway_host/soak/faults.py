"""The faults of a soak, by name: each begins, lasts, and is over.

Owns what each does to broker, network, collector and gateways.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from gateway_host.broker import Broker
from gateway_host.errors import UserError
from gateway_host.soak.collector import Collector
from gateway_host.soak.gateways import Driven
from gateway_host.soak.proxy import Proxy

_MAX_FAULT_S = 8.0


class Faults:
    """`play` plays one by chance. directory: where the broker keeps its state; only: names of
    those that may be, none: all; UserError where there is no such fault."""

    def __init__(
        self,
        broker: Broker,
        proxy: Proxy,
        collector: Collector,
        gateways: Sequence[Driven],
        directory: Path,
        chance: random.Random,
        only: Collection[str] = (),
    ):
        self._broker = broker
        self._proxy = proxy
        self._collector = collector
        self._gateways = gateways
        self._directory = directory
        self._chance = chance
        faults: dict[str, Callable[[], None]] = {
            "power cut": self._power_cut,
            "power cut in a write": self._power_cut_in_a_write,
            "power cut of all": self._power_cut_of_all,
            "connections cut": self._proxy.cut,
            "broker killed": self._broker_killed,
            "broker without its state": self._broker_without_state,
            "broker gone": lambda: self._network("refuse"),
            "network slow": lambda: self._network("slow"),
            "network a black hole": lambda: self._network("black hole"),
            "network half open": lambda: self._network("half open"),
            "flash full": self._flash_full,
            "collector killed": self._collector_killed,
        }
        if unknown := sorted(set(only) - set(faults)):
            raise UserError(f"no fault {unknown[0]!r}; there are: {', '.join(faults)}")
        self._all = {name: faults[name] for name in only or faults}

    def play(self) -> str:
        """One fault, until it is over; returns its name."""
        name = self._chance.choice(list(self._all))
        self._all[name]()
        return name

    def _last(self) -> None:
        time.sleep(self._chance.uniform(0.2, _MAX_FAULT_S))

    def _power_cut(self) -> None:
        self._chance.choice(self._gateways).restart()

    def _power_cut_in_a_write(self) -> None:
        gateway = self._chance.choice(self._gateways)
        gateway.kill()
        gateway.tear(self._chance.random())
        gateway.start()

    def _power_cut_of_all(self) -> None:
        for gateway in self._gateways:
            gateway.kill()
        for gateway in self._gateways:
            gateway.start()

    def _network(self, mode: str) -> None:
        self._proxy.mode = mode
        if mode == "refuse":
            self._proxy.cut()
        self._last()
        self._proxy.mode = "pass"

    def _broker_killed(self) -> None:
        self._broker.kill()
        self._last()
        self._broker.revive()

    def _broker_without_state(self) -> None:
        self._broker.kill()
        for file in self._directory.glob("mosquitto.db*"):
            file.unlink()
        self._broker.revive()

    def _flash_full(self) -> None:
        gateway = self._chance.choice(self._gateways)
        gateway.set_full(True)
        self._last()
        gateway.set_full(False)

    def _collector_killed(self) -> None:
        self._collector.kill()
        self._last()
        self._collector.start()
