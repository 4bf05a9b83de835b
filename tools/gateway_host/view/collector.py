"""Listens to one gateway on the broker and keeps what the terminal view and the summary need.

Owns the MQTT client, the last message of each topic, a short history per load and per point, and
the check that the `realtime` messages follow each other second by second. Reads only what
docs/cloud.md describes. Knows nothing of the simulation: it watches a gateway on a bench as well.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import Any

import paho.mqtt.client as mqtt

from gateway_host.errors import UserError
from gateway_host.sim.catalogue import SAMPLE_RATE

HISTORY_S = 120
_MAX_REPORTS = 600
_CONNECT_TIMEOUT_S = 10
_LATE_MS = 1700  # from one message to the next: a report is five windows, near a second

Series = tuple[float | None, ...]


@dataclass(frozen=True)
class Snapshot:
    """What is known at one moment; never changes afterwards.

    `site`, `totals`, `gateway`, `realtime` are the last messages (docs/cloud.md) or None;
    `point_power` and `load_power` hold up to 120 s of power in W, oldest first, None for seconds
    without data. `led` (red, green, blue, 0 to 255) and `line` come from the simulation and are
    None on hardware.
    `reports` holds samples and grid power in W of the first 600 reports. `before`: samples that
    points had not before their first value, of those that are not on the A-bus: their device has
    to be found first.
    """

    plan: dict[str, Any]
    site: dict[str, Any] | None = None
    totals: dict[str, Any] | None = None
    gateway: dict[str, Any] | None = None
    realtime: dict[str, Any] | None = None
    b_bus: dict[str, Any] | None = None
    present: bool | None = None
    received: dict[str, int] = field(default_factory=dict)
    malformed: int = 0
    missed: int = 0
    disordered: int = 0
    expected: int = 0
    measured_s: float = 0.0
    age_s: float | None = None
    reports: tuple[tuple[int, float | None], ...] = ()
    before: int = 0
    load_power: tuple[Series, ...] = ()
    point_power: tuple[Series, ...] = ()
    led: tuple[int, int, int] | None = None
    line: dict[str, int] | None = None
    note: str = ""

    def with_simulation(
        self, led: tuple[int, int, int] | None, line: dict[str, int] | None, note: str
    ) -> Snapshot:
        """The same snapshot with what only the simulation knows."""
        return replace(self, led=led, line=line, note=note)


class Collector:
    """Collects the messages of one gateway; every method may be called from any thread.

    `plan` is the gateway's site.json (docs/site.md): names and the number of points and loads come
    from it.
    """

    def __init__(self, plan: dict[str, Any], history_s: int = HISTORY_S):
        self._plan = plan
        self._prefix = f"servicelocation/{plan['uuid']}/"
        self._lock = threading.Lock()
        self._last: dict[str, Any] = {}
        self._received: Counter[str] = Counter()
        self._malformed = 0
        self._missed = 0
        self._disordered = 0
        self._last_ms: int | None = None
        self._measured_s = 0.0
        self._reports: list[tuple[int, float | None]] = []
        self._site_at: float | None = None
        self._points = [deque[float | None](maxlen=history_s) for _ in plan["points"]]
        self._loads = [deque[float | None](maxlen=history_s) for _ in plan["loads"]]
        # Of each point, missing before its first value; None: it has none yet. On the A-bus
        # nothing is counted before the first block.
        box = plan.get("b_bus", {}).get("power_box")
        self._before = [
            None if box or one.keys() & {"meter", "gateway"} else 0 for one in plan["points"]
        ]
        self._client: mqtt.Client | None = None
        self._subscribed = threading.Event()

    def connect(self, host: str, port: int) -> None:
        """Connects and subscribes; returns when the broker has confirmed it. UserError when there
        is none.
        """
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.on_connect = lambda c, *_: c.subscribe(self._prefix + "#", qos=1)
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = lambda _c, _u, m: self.handle(m.topic, m.payload)
        try:
            client.connect(host, port, keepalive=30)
        except OSError as error:
            raise UserError(
                f"no MQTT broker answers at {host}:{port} ({error}); start it or name another"
            ) from None
        client.loop_start()
        self._client = client
        if not self._subscribed.wait(_CONNECT_TIMEOUT_S):
            self.stop()
            raise UserError(f"the MQTT broker at {host}:{port} does not confirm a subscription")

    def stop(self) -> None:
        """Disconnects; what was collected stays."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def __enter__(self) -> Collector:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def handle(self, topic: str, payload: bytes) -> None:
        """Takes one message; what is not of the expected shape is counted and dropped."""
        if not topic.startswith(self._prefix):
            return
        name = topic[len(self._prefix) :]
        with self._lock:
            self._received[name] += 1
            try:
                message = json.loads(payload)
                if not isinstance(message, dict):
                    raise TypeError
                if name == "realtime":
                    self._follow(int(message["utcTimeStamp"]))
                elif name == "site":
                    self._remember(message)
                self._last[name] = message
            except (ValueError, KeyError, TypeError):
                self._malformed += 1

    def _follow(self, now_ms: int) -> None:
        if self._last_ms is not None:
            step = now_ms - self._last_ms
            if step <= 0:
                self._disordered += 1
                return
            self._missed += round(step / 1000) - 1 if step > _LATE_MS else 0
        self._last_ms = now_ms

    def _remember(self, message: dict[str, Any]) -> None:
        points = [point["power"] for point in message["points"]]
        loads = [load["power"] for load in message["loads"]]
        if len(points) != len(self._points) or len(loads) != len(self._loads):
            raise ValueError
        for series, power in zip(self._points + self._loads, points + loads, strict=True):
            series.append(power)
        for k, point in enumerate(message["points"]):
            if self._before[k] is None and point["power"] is not None:
                self._before[k] = point["missing"]
        self._measured_s += message["seconds"]
        if len(self._reports) < _MAX_REPORTS:
            samples = round(message["seconds"] * SAMPLE_RATE)
            self._reports.append((samples, message["totals"]["grid"]))
        self._site_at = time.monotonic()

    def snapshot(self) -> Snapshot:
        """What is known now."""
        with self._lock:
            expected = self._received["realtime"] - self._disordered + self._missed
            presence = self._last.get("presence")
            return Snapshot(
                plan=self._plan,
                site=self._last.get("site"),
                totals=self._last.get("totals"),
                gateway=self._last.get("gateway"),
                realtime=self._last.get("realtime"),
                b_bus=self._last.get("bBus"),
                present=None if presence is None else bool(presence.get("value")),
                received=dict(self._received),
                malformed=self._malformed,
                missed=self._missed,
                disordered=self._disordered,
                expected=expected,
                measured_s=self._measured_s,
                age_s=None if self._site_at is None else time.monotonic() - self._site_at,
                reports=tuple(self._reports),
                before=sum(one or 0 for one in self._before),
                load_power=tuple(tuple(series) for series in self._loads),
                point_power=tuple(tuple(series) for series in self._points),
            )
