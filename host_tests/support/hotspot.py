"""The gateway's hotspot seen from outside: the firmware's portal runs in the interpreter, from the
application image, on a stand-in for the radio (device/portal_site.py)."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway_host import interpreter, processes
from gateway_host.image import host_image
from gateway_host.session import BOOT, HEAP
from running_gateway import Waiting, free_port

SCRIPT = Path(__file__).parents[1] / "device" / "portal_site.py"
HOST = "127.0.0.1"
NETWORKS = [
    ["Woning_5", -48, "wpa2"],
    ["Vakantie Huis", -52, "wpa2"],
    ["Buren", -71, "wpa2"],
    ["Camping", -74, "open"],
    ["", -66, "wpa2"],
    ["Oud", -77, "wep"],
    ["R&B<i>'s", -58, "wpa2"],
]
PASSWORDS = {"Woning_5": "Geheim!123", "Buren": "Buren1234"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Answer:
    """`fields` with names in lower case; `body` as it came."""

    status: int
    fields: dict[str, str]
    body: bytes


class Hotspot:
    """A running portal. `reported`: the events it printed; `output`: all that it printed, errors
    included."""

    def __init__(self, directory: Path, bits: int = 32, **plan: Any):
        table = {"networks": NETWORKS, "passwords": PASSWORDS, "seconds": 0.3} | plan
        text = json.dumps(table, ensure_ascii=False)  # MicroPython leaves escaped names in halves
        (directory / "plan.json").write_text(text, encoding="utf-8")
        self._directory = directory
        self.port, self.dns_port = free_port(), free_port()
        self.origin = f"{HOST}:{self.port}"
        self.reported = Waiting()
        self.output = ""
        words = interpreter.bits_of(interpreter.find(bits))
        self._process = interpreter.start(
            [BOOT, host_image(words), SCRIPT, str(self.port), str(self.dns_port)],
            bits=bits,
            heap=HEAP[words],
            cwd=directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self.output += line
            if line.startswith("{"):
                self.reported.add(json.loads(line))

    def wait(self, key: str) -> dict[str, Any]:
        """The first event that has this key."""
        return self.reported.until(
            lambda events: next((event for event in events if key in event), None), key
        )

    def ask(self, method: str, path: str, body: bytes | None = None, **fields: str) -> Answer:
        """One request; `fields` replace or add to Host, with `_` for `-`."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if body is not None:
                fields = FORM | {"Content-Length": str(len(body))} | fields
            for name, value in ({"Host": self.origin} | fields).items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders(body)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def let_join(self) -> None:
        """Of a plan with `held`: the joining that goes on, or the next one, ends."""
        (self._directory / "end").touch()

    def end(self) -> int:
        """The exit code, once it has ended by itself."""
        code = self._process.wait(120)
        self._reader.join()
        return code

    def __enter__(self) -> Hotspot:
        self.wait("listening")
        return self

    def __exit__(self, *_: object) -> None:
        processes.stop(self._process)
        self._process.stdout.close()


def token(page: str) -> str:
    """The form's token."""
    return re.search(r'name="token" value="([0-9a-f]{16})"', page)[1]
