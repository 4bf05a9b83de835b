"""The one gateway of a soak that is whole: the firmware as a device has it, over TLS, at the pace
of a device, in a simulated house whose loads never change (house.toml).

Owns its session, its own network with faults, and what its records must be.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from gateway_host import certificates
from gateway_host.broker import HOST, Broker
from gateway_host.session import SERIAL, Session
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from gateway_host.soak import verdict
from gateway_host.soak.proxy import MODES, Proxy

HOUSE = Path(__file__).with_name("house.toml")
_WATTS = {"Grid": 1500, "Panels": -1500, "Heating": 3000}
_TOLERANCE = 0.01  # of a minute's energy
_SHORTEST_S = 30  # of a record that is compared: a start has edges
_FAULT_S = (5.0, 30.0)
_AHEAD_S = 3 * 86400  # of a wrong clock


class Real:
    """Must be started in a thread that lives as long as the soak. broker: with TLS; `faults`
    counts them by name, `worst_live_s` is how late a minute has arrived that was sent at once,
    None where none was."""

    def __init__(self, broker: Broker, directory: Path, chance: random.Random):
        self.faults: Counter[str] = Counter()
        self.worst_live_s: float | None = None
        self.starts = 0
        self._broker = broker
        self._directory = directory / "real"
        self._chance = chance
        self._house = load_house(HOUSE)
        self._stranger = Broker(0, directory / "stranger", "mosquitto", certificates.make())
        self._proxy = Proxy(broker.tls_port)
        self._session: Session | None = None
        self._skewed = False
        self._until = 0.0  # then the next fault begins, or the present one ends
        self._listener = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)

    def __enter__(self) -> Real:
        self._stranger.start()
        self._proxy.__enter__()
        topic = f"servicelocation/{self._house.site_json()['uuid']}/minutes"
        self._listener.on_connect = lambda client, *_: client.subscribe(topic, 1)
        self._listener.on_message = self._hear
        self._listener.reconnect_delay_set(1, 1)
        self._listener.connect(HOST, self._broker.port)
        self._listener.loop_start()
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._session.stop()
        self._listener.disconnect()
        self._listener.loop_stop()
        self._proxy.__exit__()
        self._stranger.stop()

    def _start(self, ahead_s: int = 0) -> None:
        self._skewed = ahead_s != 0
        self._session = Session(
            Installation(self._house),
            self._house.site_json(),
            mqtt=self._broker.mqtt() | {"port": self._proxy.port},
            directory=self._directory,
            epoch=int(time.time()) + ahead_s,
        )
        self.starts += 1

    def _restart(self, ahead_s: int = 0) -> None:
        """Power is gone, and there again."""
        self._session.kill()
        self._session.stop()
        self._start(ahead_s)

    def play(self) -> None:
        """Begins a fault by chance, or ends the one that is; to be called now and then."""
        now = time.monotonic()
        if now < self._until:
            return
        self._until = now + self._chance.uniform(*_FAULT_S)
        if self._proxy.mode != "pass" or self._proxy.target != self._broker.tls_port:
            self.calm()
            self._until += 2 * _FAULT_S[1]  # it has to come to itself in between
            return
        name = self._chance.choice([*MODES[1:], "power cut", "wrong certificate", "wrong clock"])
        self.faults[name] += 1
        if name == "wrong certificate":
            self._proxy.target = self._stranger.tls_port
            self._proxy.cut()
        elif name == "power cut":
            self._restart()
        elif name == "wrong clock":
            self._restart(_AHEAD_S)
        else:
            self._proxy.mode = name
            if name == "refuse":
                self._proxy.cut()

    def calm(self) -> None:
        """No fault any more."""
        self._proxy.mode = "pass"
        self._proxy.target = self._broker.tls_port

    def check(self) -> None:
        """UserError when it has ended by itself."""
        self._session.check()

    def _hear(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        now = time.time()
        for record in json.loads(message.payload)["records"]:
            if record["time"] and not self._skewed:
                late = now - record["time"]
                self.worst_live_s = max(self.worst_live_s or late, late)

    @staticmethod
    def samples_lost(db: sqlite3.Connection) -> int:
        """Of all points together, as the gateway's own records have them in `missing`. What a
        power cut has kept it from measuring is in none."""
        rows = db.execute("SELECT missing FROM records WHERE device = ?", (SERIAL,))
        return sum(sum(json.loads(missing)) for (missing,) in rows if missing)

    def judge(self, db: sqlite3.Connection) -> dict[str, int]:
        """`records`; `lost`: sequences that are not there, see verdict.missing; `wrong`: whole
        records without missing samples whose energy is not the house's."""
        points = self._house.site_json()["points"]
        watts = [_WATTS[point["load"]] for point in points]
        rows = db.execute(
            "SELECT sequence, first, seconds, import, export, missing FROM records "
            "WHERE device = ? ORDER BY sequence",
            (SERIAL,),
        ).fetchall()
        there = sum(sequence - first + 1 for sequence, first, *_ in rows)
        wrong = 0
        for _sequence, _first, seconds, taken, given, missing in rows:
            if seconds < _SHORTEST_S or missing:
                continue
            net = [a - b for a, b in zip(json.loads(taken), json.loads(given), strict=True)]
            wrong += any(
                abs(joules - power * seconds) > _TOLERANCE * abs(power) * seconds
                for joules, power in zip(net, watts, strict=True)
            )
        return {"records": there, "lost": verdict.missing(db, SERIAL), "wrong": wrong}
