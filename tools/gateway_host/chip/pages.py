"""The emulated chip's pages as a phone reads them: the hotspot's, and the values of the
commissioning page."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from gateway_host.chip import emulator

_TIMEOUT_S = 10.0
_HEADERS = {"Host": emulator.ADDRESS}  # as who is in the hotspot calls the page


@dataclass
class Pages:
    """`looks`: seconds that each look at the hotspot's page took, None where it failed; `stale`:
    how old each report of the commissioning page was when the next one took its place, s, None
    where it did not come; `error`: why, the last time."""

    looks: list[float | None] = field(default_factory=list)
    stale: list[float | None] = field(default_factory=list)
    error: str | None = None

    def look(self, port: int) -> None:
        """Read the hotspot's page once."""
        began = time.monotonic()
        self.looks.append(time.monotonic() - began if self._get(port, "/") is not None else None)

    def follow(self, port: int, until: float) -> None:
        """Ask for one report after the other, as the commissioning page does, until then
        (time.monotonic)."""
        number, ended = -1, 0.0  # of the report that is shown
        while time.monotonic() < until:
            text = self._get(port, f"/wiring/now?after={number}")
            arrived = time.monotonic()
            if text is None:
                self.stale.append(None)
                continue
            said: dict[str, Any] = json.loads(text)
            if said["age"] is None:
                continue  # the gateway has no time yet
            if number >= 0 and said["n"] != number:
                self.stale.append(arrived - ended)
            if said["n"] != number:
                number, ended = said["n"], arrived - said["age"] / 1000

    def _get(self, port: int, path: str) -> bytes | None:
        wanted = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=_HEADERS)
        try:
            with urllib.request.urlopen(wanted, timeout=_TIMEOUT_S) as answer:
                return answer.read()
        except OSError as error:
            self.error = str(error)
            return None
