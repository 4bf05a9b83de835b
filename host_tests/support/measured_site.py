"""A measuring gateway with a phone on its hotspot, and what it answers on the commissioning page's
paths."""

from __future__ import annotations

import contextlib
import http.client
import json
from pathlib import Path
from typing import Any

import steady_house
from installer_scenario import Installer
from phone import until
from running_gateway import free_port, mqtt_at

from hotspot import HOST


class Site:
    """A measuring gateway of a house, the steady one where there is none, and what it answers to a
    phone on its hotspot."""

    def __init__(self, directory: Path, house: Any = None, **options: Any):
        self.house = house or steady_house.house(directory)
        self.plan = options.pop("plan", None) or self.house.site_json()
        options = {"mqtt": mqtt_at(free_port())} | options  # nobody is there
        self.installer = Installer(directory / "gateway", self.plan, house=self.house, **options)

    def __enter__(self) -> Site:
        self.installer.__enter__()
        return self

    def __exit__(self, *why: Any) -> None:
        self.installer.__exit__(*why)

    def ask(self, method: str, path: str, body: bytes | None = None, **fields: str) -> Any:
        """(status, fields, body) of one request."""
        connection = http.client.HTTPConnection(HOST, self.installer.port, timeout=60)
        try:
            given = {"Host": self.installer.origin()}
            given |= {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def json(self, path: str, **fields: str) -> Any:
        status, _, body = self.ask("GET", "/wiring/" + path, **fields)
        assert status == 200
        return json.loads(body)

    def again(self, path: str) -> Any:
        """As `json`; asked again where no answer comes, as the page does: many ask at once, and a
        request has 8 s, which pass also while this machine is at something else."""

        def answered() -> Any:
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.json(path)

        return until(answered, path)

    def now(self, after: int | str = "") -> dict[str, Any]:
        """Values that are whole: every input is measured."""
        found = {}

        def whole() -> bool:
            nonlocal found
            found = self.json(f"now?after={found.get('n', after)}")
            return None not in [value for point in found["p"] for value in point]

        until(whole, "values of every input", lambda: found)
        return found
