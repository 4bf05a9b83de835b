"""Updates of the program in the emulated chip: one that does not start and goes back, and one that
is kept. Owns the web server that they come from."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gateway_host import image
from gateway_host.chip.bridge_process import BridgeProcess
from gateway_host.chip.commander import Commander
from gateway_host.chip.emulator import HOST
from gateway_host.errors import UserError
from gateway_host.update import keys, publish

_FETCHED_S = 600.0
_BACK_S = _FETCHED_S + 180.0
_KEPT_S = 180.0
_NEW, _BROKEN = "9.0.0", "9.0.1"
_CHANGES = {_NEW: {}, _BROKEN: {"start.py": "raise ValueError('an update that does not start')\n"}}

Wait = Callable[[Callable[[], Any], float, str], None]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class Updates:
    """Makes them for the board, and serves them on 127.0.0.1. `modulus`: of the key that the
    image must know; place: an empty folder. Use it as a context manager."""

    def __init__(self, board: str, place: Path):
        self._board = board
        self._place = place
        self._key = place / "key.pem"
        keys.make(self._key)
        self.modulus = keys.modulus(self._key)
        handler = functools.partial(_Quiet, directory=str(place))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def publish(self) -> None:
        """Build both. It takes the place of the board's image in build/images."""
        for version, changes in _CHANGES.items():
            text = f'VERSION = "{version}"\nSECURITY = 1\n'
            built = image.build(
                self._board, key=self.modulus, changes=changes | {"system/version.py": text}
            )
            publish.publish(built, self._key, self._place / version)

    def run(self, commander: Commander, bridge: BridgeProcess, wait: Wait) -> dict[str, Any]:
        """Order the one that goes back, then the other: on a module with 4 MB there is no room for
        both. `back_dead_ms`, `dead_ms`: the longest time between two POLLs, with the starts in
        vain and the one behind them, and with one new start; `fetch_s`: from the order to the new
        start; `kept_s`: from there until it is kept. Lost are samples of a channel, `lost` in the
        old program before the new start, `lost_on_trial` in the new one."""
        flashed = commander.state["firmwareVersion"]
        self._order(commander, bridge, _BROKEN)
        wait(
            lambda: (commander.state["update"] or {}).get("back") == _BROKEN, _BACK_S, "a way back"
        )
        if commander.state["firmwareVersion"] != flashed:
            raise UserError(f"{commander.state['firmwareVersion']} runs behind the way back")
        found = {"back_dead_ms": round(bridge.seen.poll_gap_ms)}
        lost = before = _lost(commander.state)
        began = self._order(commander, bridge, _NEW)

        def has_begun() -> bool:
            nonlocal lost
            if commander.state["firmwareVersion"] == _NEW:
                return True
            lost = _lost(commander.state)
            return False

        wait(has_begun, _FETCHED_S, f"the update to {_NEW}")
        begun = time.monotonic()
        wait(lambda: not commander.state["update"]["trial"], _KEPT_S, "the end of the trial")
        return found | {
            "fetch_s": round(begun - began, 1),
            "kept_s": round(time.monotonic() - begun, 1),
            "dead_ms": round(bridge.seen.poll_gap_ms),
            "lost": lost - before,
            "lost_on_trial": _lost(commander.state),
        }

    def _order(self, commander: Commander, bridge: BridgeProcess, version: str) -> float:
        port = self._server.server_address[1]
        url = f"http://{HOST}:{port}/{version}/{self._board}"
        bridge.restart()
        one = commander.ask("update", {"url": url})
        until = time.monotonic() + 60
        while one not in commander.answers and time.monotonic() < until:
            time.sleep(0.1)
        answer = commander.answers.get(one) or {"text": "no answer"}
        if not answer.get("ok"):
            raise UserError(f"the update to {version} was refused: {answer.get('text')}")
        return time.monotonic()

    def __enter__(self) -> Updates:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        with contextlib.suppress(OSError):
            self._key.unlink()


def _lost(state: dict[str, Any]) -> int:
    """Samples of a channel that were lost so far: blocks, and gaps of single nodes."""
    bus = state["aBus"]
    return bus["skipped"] + sum(node.get("gaps", 0) for node in bus["nodes"])
