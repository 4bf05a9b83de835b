"""Past hours into Home Assistant, by its websocket commands: an entity that it has learned of by
MQTT gets the hours before its own first one.

Owns how the sums join. The energy board shows differences of sums, of the very first one to 0: so
the imported ones begin at 0, and those that are there are raised. Each step done twice is as once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from gateway_host.collector.hours import Register
from gateway_host.errors import UserError

_ROWS = 1000  # in a message
_WAIT_S = 60.0
_NEWER = (2025, 11)  # it wants mean_type and unit_class; before, it refuses them
_NOTHING = 1e-4  # of any unit: what rounding leaves
_MAX_BYTES = 64 << 20  # of an answer: years of hours
# How many of Home Assistant's unit a joule is.
_UNITS = {"kWh": 1 / 3.6e6, "Wh": 1 / 3600, "MWh": 1 / 3.6e9, "J": 1.0, "kJ": 1e-3, "MJ": 1e-6,
          "GJ": 1e-9}  # fmt: skip


class HomeAssistant:
    """A connection. url: as a browser has it, e.g. http://homeassistant.local:8123; token: a
    long-lived access token of an administrator. UserError where it is not to be had."""

    def __init__(self, url: str, token: str):
        parts = urlsplit(url if "//" in url else f"http://{url}")
        scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
        if not scheme or not parts.netloc:
            raise UserError(f"{url}: must be as http://homeassistant.local:8123")
        self._where = f"{scheme}://{parts.netloc}/api/websocket"
        self._ids = count(1)
        try:
            self._socket = connect(self._where, max_size=_MAX_BYTES, open_timeout=_WAIT_S)
        except (OSError, WebSocketException) as error:
            raise UserError(f"Home Assistant at {self._where}: {error}") from None
        version = self._receive()["ha_version"]
        self._newer = tuple(int(part) for part in version.split(".")[:2]) >= _NEWER
        self._send({"type": "auth", "access_token": token})
        if self._receive()["type"] != "auth_ok":
            raise UserError("Home Assistant refuses the token: make one in your profile, Security")

    def close(self) -> None:
        """Say good-bye."""
        self._socket.close()

    def entities(self) -> dict[str, str]:
        """{unique id: entity id} of all that came by MQTT and is not switched off."""
        found = self.ask("config/entity_registry/list")
        return {
            one["unique_id"]: one["entity_id"]
            for one in found
            if one["platform"] == "mqtt" and not one.get("disabled_by")
        }

    def units(self) -> dict[str, str]:
        """{entity id: unit of its statistics}, of those that have some."""
        found = self.ask("recorder/list_statistic_ids", statistic_type="sum")
        return {one["statistic_id"]: one["statistics_unit_of_measurement"] for one in found}

    def first(self, entity: str, unit: str) -> tuple[int, float] | None:
        """(start of the first hour that it has, epoch s; the sum at its end), or None."""
        found = self.ask(
            "recorder/statistics_during_period",
            start_time="1970-01-01T00:00:00+00:00",
            statistic_ids=[entity],
            period="hour",
            types=["sum"],
            units={"energy": unit},
        )
        rows = [row for row in found.get(entity, []) if row.get("sum") is not None]
        return (int(rows[0]["start"] // 1000), rows[0]["sum"]) if rows else None

    def raise_sums(self, entity: str, unit: str, start: int, by: float) -> None:
        """Every sum from this hour on becomes larger by so much."""
        self.ask(
            "recorder/adjust_sum_statistics",
            statistic_id=entity,
            start_time=_iso(start),
            adjustment=by,
            adjustment_unit_of_measurement=unit,
        )

    def add(self, entity: str, unit: str, sums: list[tuple[int, float]]) -> None:
        """Import [(start of an hour, sum at its end)], the newest first: where this breaks off,
        the rest can be added later."""
        table: dict[str, Any] = {"has_sum": True, "name": None, "source": "recorder"}
        table |= {"statistic_id": entity, "unit_of_measurement": unit}
        more = {"mean_type": 0, "unit_class": "energy"} if self._newer else {"has_mean": False}
        for end in range(len(sums), 0, -_ROWS):
            stats = [
                {"start": _iso(start), "sum": round(total, 6)}
                for start, total in sums[max(0, end - _ROWS) : end]
            ]
            self.ask("recorder/import_statistics", metadata=table | more, stats=stats)

    def ask(self, command: str, **fields: Any) -> Any:
        """What a command gives. UserError with Home Assistant's words where it refuses."""
        number = next(self._ids)
        self._send({"id": number, "type": command, **fields})
        while (answer := self._receive()).get("id") != number:
            pass  # of something else
        if not answer.get("success"):
            text = (answer.get("error") or {}).get("message", answer)
            raise UserError(f"Home Assistant refuses {command}: {text}")
        return answer["result"]

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._socket.send(json.dumps(message))
        except (OSError, WebSocketException) as error:
            raise UserError(f"Home Assistant has gone: {error}") from None

    def _receive(self) -> dict[str, Any]:
        try:
            return json.loads(self._socket.recv(_WAIT_S))
        except (OSError, WebSocketException) as error:
            raise UserError(f"Home Assistant has gone: {error or 'no answer'}") from None
        except ValueError:
            raise UserError(f"{self._where} is no Home Assistant") from None


def bring(
    there: HomeAssistant, registers: list[Register], say: Callable[[str], object], dry: bool
) -> int:
    """Bring what Home Assistant has no hours of; returns how many. dry: only say what would be."""
    entities, units, total = there.entities(), there.units(), 0
    for register in registers:
        entity = entities.get(register.unique_id)
        if entity is None:
            continue
        unit = units.get(entity, "kWh")
        if unit not in _UNITS:
            say(f"{entity}: its unit {unit} is no energy: left out")
            continue
        first = there.first(entity, unit)
        if first is None:
            say(f"{entity}: Home Assistant has no full hour of it yet: come again in an hour")
            continue
        sums, by = joined(register.joules, first, _UNITS[unit])
        if sums and not dry:
            if abs(by) > _NOTHING:
                there.raise_sums(entity, unit, first[0], by)
            there.add(entity, unit, sums)
        total += len(sums)
        say(f"{entity}: {len(sums)} hours" + (f" from {_iso(sums[0][0])} on" if sums else ""))
    return total


def joined(
    joules: dict[int, int], first: tuple[int, float], factor: float
) -> tuple[list[tuple[int, float]], float]:
    """([(start of an hour, sum at its end)] of the hours before the first that is there, by how
    much all sums from that one on must become larger, so that it shows what was measured in it).
    first: its start and its sum."""
    sums, total = [], 0.0
    for hour in sorted(joules):
        if hour < first[0]:
            total += factor * joules[hour]
            sums.append((hour, total))
    return sums, total + factor * joules.get(first[0], 0) - first[1]


def _iso(start: int) -> str:
    return datetime.fromtimestamp(start, UTC).isoformat()
