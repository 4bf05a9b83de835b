"""Past hours into Home Assistant: against a small one, which takes messages as the real one does
(its documentation, "WebSocket API", and the recorder's own commands)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from gateway_host import __main__ as program
from gateway_host.collector import schema
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from home_assistant import components
from in_interpreter import succeed
from jsonschema import Draft7Validator
from websockets.sync.server import ServerConnection, serve

UUID = "3f7a9c1e-52d4-4b8e-9c60-7d1e5a2b4f08"
DEVICE = "5020000042"
HOUR = 3600
BEGIN = 1764000000 // HOUR * HOUR
POINTS = [("Grid", "grid", "L1"), ("Grid", "grid", "L2"), ("Sun", "solar", "L1")]
TOKEN = "a-token"


def crc32(text: str) -> int:
    """ISO 3309, bit by bit."""
    value = 0xFFFFFFFF
    for byte in text.encode():
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def unique_id(letter: str, text: str, way: str, uuid: str = UUID) -> str:
    return f"{uuid}{letter}{crc32(text):08x}{way}"


def energy(hour: int, point: int) -> int:
    """J that a point takes in an hour."""
    return 3600 * (1 + hour * 10 + point)


def history(file: Path, hours: int) -> None:
    """So many hours of two records each; in hour 3 a point is not known for half an hour."""
    db = schema.connect(file, create=True)
    points = [
        {"name": name, "role": role, "node": "5500000190", "input": "ABC"[i], "phase": phase}
        for i, (name, role, phase) in enumerate(POINTS)
    ]
    db.execute("INSERT INTO sites VALUES(1, ?)", (UUID,))
    db.execute("INSERT INTO devices VALUES(?, 1, 1, 0, 0, 0)", (DEVICE,))
    layout = (DEVICE, "00000001", 1, "Home", "Europe/Brussels", json.dumps(points))
    db.execute("INSERT INTO layouts VALUES(?, ?, ?, ?, ?, ?)", layout)
    for k in range(2 * hours):
        end = BEGIN + (k + 1) * HOUR // 2
        imported = [energy(k // 2, i) // 2 for i in range(3)]
        values = [imported[0], None if k == 6 else imported[1], 0]
        export = [0, 0, imported[2]]
        db.execute(
            "INSERT INTO records VALUES(?, 1, ?, ?, ?, 0, 1800, 1, '00000001', 0, ?, ?, NULL,"
            " '{}', 0, NULL)",
            (DEVICE, k + 1, k + 1, end, json.dumps(values), json.dumps(export)),
        )
    db.close()


def grid_of(hour: int) -> float:
    """kWh of the grid's two points in an hour."""
    known = energy(hour, 0) + energy(hour, 1) // (2 if hour == 3 else 1)
    return known / 3.6e6


# The recorder's message, before Home Assistant 2025.11 and since.
_METADATA = {"has_sum": {"type": "boolean"}, "name": {"type": ["string", "null"]},
             "source": {"const": "recorder"}, "unit_of_measurement": {"type": ["string", "null"]},
             "statistic_id": {"type": "string", "pattern": r"^[a-z_]+\.[a-z0-9_]+$"}}  # fmt: skip
_OLD = {**_METADATA, "has_mean": {"type": "boolean"}}
_NEW = {**_METADATA, "mean_type": {"enum": [0, 1, 2]}, "unit_class": {"type": ["string", "null"]}}


def imports(metadata: dict[str, Any]) -> Draft7Validator:
    number = {"type": "number"}
    row = {"start": {"type": "string"}, "state": number, "sum": number, "mean": number}
    stats = {"type": "object", "properties": row, "required": ["start"],
             "additionalProperties": False}  # fmt: skip
    table = {"type": "object", "properties": metadata, "required": list(metadata),
             "additionalProperties": False}  # fmt: skip
    properties = {"id": {"type": "integer"}, "type": {"type": "string"}, "metadata": table,
                  "stats": {"type": "array", "items": stats}}  # fmt: skip
    return Draft7Validator(
        {"properties": properties, "required": list(properties), "additionalProperties": False}
    )


class Home:
    """Home Assistant. `sums`: {entity: {start of an hour, epoch s: sum}}; `unit`: of its
    statistics; `breaks_after`: messages that it takes before it goes away."""

    def __init__(self, version: str = "2026.2.3", unit: str = "kWh"):
        self.version = version
        self.unit = unit
        self.factor = {"kWh": 1, "Wh": 1000}[unit]
        half = 0.001 * self.factor  # of hour 5, in whose middle it has learned of the gateway
        self.own = {BEGIN + 5 * HOUR: half, BEGIN + 6 * HOUR: half + self.factor * grid_of(6)}
        self.sums: dict[str, dict[int, float]] = {"sensor.home_grid_import": dict(self.own)}
        self.breaks_after = 1000
        self.imported: list[int] = []  # rows of each message
        self.entities = {
            unique_id("l", "Grid", "import"): ("sensor.home_grid_import", None),
            unique_id("l", "Sun", "export"): ("sensor.home_sun_production", None),
            unique_id("l", "Grid", "export"): ("sensor.home_grid_export", "integration"),
        }

    def talk(self, socket: ServerConnection) -> None:
        assert socket.request and socket.request.path == "/api/websocket"
        socket.send(json.dumps({"type": "auth_required", "ha_version": self.version}))
        answer = json.loads(socket.recv())
        assert answer["type"] == "auth"
        if answer["access_token"] != TOKEN:
            socket.send(json.dumps({"type": "auth_invalid", "message": "Invalid access token"}))
            return
        socket.send(json.dumps({"type": "auth_ok", "ha_version": self.version}))
        last = 0
        for text in socket:
            message = json.loads(text)
            assert message["id"] > last, "identifier values have to increase"
            last = message["id"]
            self.breaks_after -= 1
            if self.breaks_after < 0:
                return
            result = {"id": last, "type": "result", "success": True}
            try:
                result["result"] = self.answer(message)
            except ValueError as error:
                result |= {"success": False, "error": {"code": "x", "message": str(error)}}
            socket.send(json.dumps({"id": 9999, "type": "event"}))
            socket.send(json.dumps(result))

    def answer(self, message: dict[str, Any]) -> Any:
        if message["type"] == "config/entity_registry/list":
            return [
                {"unique_id": key, "entity_id": entity, "platform": "mqtt", "disabled_by": off}
                for key, (entity, off) in self.entities.items()
            ] + [{"unique_id": "1", "entity_id": "sun.sun", "platform": "sun"}]
        if message["type"] == "recorder/list_statistic_ids":
            return [
                {"statistic_id": entity, "statistics_unit_of_measurement": self.unit}
                for entity, rows in self.sums.items()
                if rows
            ]
        if message["type"] == "recorder/statistics_during_period":
            assert message["period"] == "hour" and message["units"] == {"energy": self.unit}
            return {
                entity: [
                    {"start": 1000 * start, "end": 1000 * (start + HOUR), "sum": rows[start]}
                    for start in sorted(rows)
                ]
                for entity, rows in self.sums.items()
                if entity in message["statistic_ids"] and rows
            }
        if message["type"] == "recorder/adjust_sum_statistics":
            assert message["adjustment_unit_of_measurement"] == self.unit
            begun = datetime.fromisoformat(message["start_time"]).timestamp()
            rows = self.sums[message["statistic_id"]]
            rows |= {at: rows[at] + message["adjustment"] for at in rows if at >= begun}
            return None
        if message["type"] == "recorder/import_statistics":
            newer = [int(part) for part in self.version.split(".")[:2]] >= [2025, 11]
            for error in imports(_NEW if newer else _OLD).iter_errors(message):
                raise ValueError(error.message)
            rows = self.sums.setdefault(message["metadata"]["statistic_id"], {})
            assert message["metadata"]["unit_of_measurement"] == self.unit
            self.imported.append(len(message["stats"]))
            for row in message["stats"]:
                start = datetime.fromisoformat(row["start"])
                assert start.tzinfo and start.minute == start.second == 0
                rows[int(start.timestamp())] = row["sum"]
            return None
        raise ValueError("Unknown command.")

    def shown(self, entity: str) -> dict[int, float]:
        """What the energy board shows: {hour since BEGIN: kWh}."""
        rows = sorted(self.sums[entity].items())
        before, found = 0.0, {}
        for start, total in rows:
            found[(start - BEGIN) // HOUR] = (total - before) / self.factor
            before = total
        return found


@contextmanager
def running(home: Home) -> Iterator[str]:
    with serve(home.talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def bring(home: Home, place: Path, *options: str, hours: int = 8, token: str = TOKEN) -> int:
    file = place / "history.db"
    if not file.exists():
        history(file, hours)
    (place / "token").write_text(token + "\n")
    with running(home) as url:
        words = ["--file", str(file), "--url", url, "--token-file", str(place / "token")]
        return program.main(["ha-import", *words, *options])


def test_the_keys_are_those_of_the_gateway(tmp_path):
    """Every energy that the firmware announces is one of the history's."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    task = {"site": plan, "home_assistant": True, "home_broker": True, "lte": False, "born": []}
    (line,) = succeed("announce_home", given=task, heap="2M", cwd=tmp_path).splitlines()
    announced = {
        one["unique_id"]
        for one in components(json.loads(line)[1]).values()
        if one.get("device_class") == "energy"
    }
    expected = {
        unique_id("l", load["name"], way, plan["uuid"])
        for load in plan["loads"]
        for way in ("import", "export")
    }
    assert announced and announced <= expected


@pytest.mark.parametrize("version", ["2024.12.5", "2025.6.3", "2025.11.0", "2026.2.3"])
@pytest.mark.parametrize("unit", ["kWh", "Wh"])
def test_hours_lead_up_to_what_is_there(tmp_path, version, unit, capsys):
    home = Home(version, unit)
    home.entities.pop(unique_id("l", "Sun", "export"))
    assert bring(home, tmp_path) == 0
    shown = home.shown("sensor.home_grid_import")
    assert shown == pytest.approx({hour: grid_of(hour) for hour in range(7)}, abs=1e-6)
    assert "sensor.home_grid_import: 5 hours" in capsys.readouterr().out


def test_without_a_full_hour_it_waits(tmp_path, capsys):
    """What Home Assistant counts of itself begins at 0, which would be a fall by all of it."""
    home = Home()
    home.sums.clear()
    assert bring(home, tmp_path) == 0
    assert not home.imported
    assert "no full hour of it yet: come again in an hour" in capsys.readouterr().out


def test_again_it_brings_nothing(tmp_path, capsys):
    home = Home()
    bring(home, tmp_path)
    before = json.dumps(home.sums)
    capsys.readouterr()
    assert bring(home, tmp_path) == 0
    assert json.dumps(home.sums) == before
    assert "0 hours were brought" in capsys.readouterr().out


def test_a_try_run_changes_nothing(tmp_path, capsys):
    home = Home()
    assert bring(home, tmp_path, "--dry-run") == 0
    assert not home.imported
    assert "5 hours would be brought" in capsys.readouterr().out


@pytest.mark.parametrize("messages", [4, 5, 6])
def test_what_breaks_off_is_gone_on_with(tmp_path, capsys, messages):
    """2500 hours go in pieces, the newest first: entities, units, first, sums, pieces."""
    home = Home()
    home.entities.pop(unique_id("l", "Sun", "export"))
    last = BEGIN + 2500 * HOUR
    home.sums["sensor.home_grid_import"] = {last: 0.001, last + HOUR: 0.001 + grid_of(2501)}
    home.breaks_after = messages
    assert bring(home, tmp_path, hours=2502) == 2
    assert "Home Assistant has gone" in capsys.readouterr().err
    assert home.imported == [1000] * (messages - 4)
    home.breaks_after = 1000
    assert bring(home, tmp_path) == 0
    shown = home.shown("sensor.home_grid_import")
    assert shown == pytest.approx({hour: grid_of(hour) for hour in range(2502)}, abs=2e-6)


def test_a_gateway_that_was_replaced(tmp_path):
    """Both that the site has had are its hours, the one in whose midst it was too; what the second
    one measured elsewhere is another site's."""
    home = Home()
    file = tmp_path / "history.db"
    history(file, 8)
    db = schema.connect(file, create=False)
    for site, device in ((1, "5020000007"), (2, "5020000007")):
        db.execute("INSERT OR IGNORE INTO sites VALUES(?, ?)", (site, f"{site}"))
        db.execute("INSERT INTO devices VALUES(?, ?, 1, 0, 0, 0)", (device, site))
    copied = "SELECT layout, since, name, timezone, points FROM layouts"
    db.execute("INSERT INTO layouts SELECT '5020000007', * FROM (" + copied + ")")
    rest = "sequence, first, time, worked_out, seconds, boot, layout, historical, import, export"
    rest += ", missing, rest, sent, sent_before"
    db.execute(f"INSERT INTO records SELECT '5020000007', 2, {rest} FROM records")
    db.execute("UPDATE records SET device = '5020000007' WHERE site = 1 AND sequence > 5")
    db.close()
    assert bring(home, tmp_path, "--site", UUID) == 0
    shown = home.shown("sensor.home_grid_import")
    assert shown == pytest.approx({hour: grid_of(hour) for hour in range(7)}, abs=1e-6)


def test_a_wrong_token(tmp_path, capsys):
    assert bring(Home(), tmp_path, token="other") == 2
    assert "refuses the token" in capsys.readouterr().err


def test_what_home_assistant_refuses_is_said(tmp_path, capsys):
    home = Home()
    home.answer = lambda message: (_ for _ in ()).throw(ValueError("Unauthorized"))
    assert bring(home, tmp_path) == 2
    line = "refuses config/entity_registry/list: Unauthorized"
    assert line in capsys.readouterr().err


def test_nobody_there_and_no_history(tmp_path, capsys):
    (tmp_path / "token").write_text(TOKEN)
    words = ["ha-import", "--token-file", str(tmp_path / "token"), "--url", "http://127.0.0.1:1"]
    assert program.main([*words, "--file", str(tmp_path / "none.db")]) == 2
    assert "there is no such history" in capsys.readouterr().err
    history(tmp_path / "history.db", 2)
    assert program.main([*words, "--file", str(tmp_path / "history.db")]) == 2
    assert "Home Assistant at ws://127.0.0.1:1/" in capsys.readouterr().err
    words += ["--file", str(tmp_path / "history.db"), "--device", "5020000001"]
    assert program.main(words) == 2
    assert f"there are: {DEVICE} at {UUID}" in capsys.readouterr().err
