"""A phone: a real Chromium with a phone's screen, driven through its DevTools protocol.

Every name leads to the gateway, as the hotspot's name server makes it. Touches and keys are given
as input events, so forms behave as in a hand.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_host import processes
from gateway_host.interpreter import BIN, ROOT
from websockets.sync.client import connect

SHOTS = ROOT / "build" / "screenshots"
PATIENCE_S = 60.0
_KEYS = {"Tab": 9, "Enter": 13, " ": 32, "End": 35, "Home": 36, "ArrowUp": 38, "ArrowDown": 40}
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-dev-shm-usage --remote-debugging-port=0"
).split()


def chromium() -> Path:
    """The browser's start script; a skip says how to get one."""
    script = BIN / "chromium"
    if not script.exists():
        pytest.skip(
            "no Chromium: as root `apt-get install chromium`, then `make setup`; "
            "`make doctor` says why the set-up has none"
        )
    return script


class Phone:
    """One browser with one page of `size` points. `scripts`: whether JavaScript is on."""

    def __init__(
        self,
        directory: Path,
        port: int,
        *,
        language: str = "en",
        scripts: bool = True,
        size: tuple[int, int] = (390, 844),
    ) -> None:
        self._stack = contextlib.ExitStack()
        self._number = 0
        self._requests: list[dict[str, Any]] = []
        command = [str(chromium()), *_FLAGS, f"--user-data-dir={directory}"]
        command += [f"--host-resolver-rules=MAP * 127.0.0.1:{port}", "about:blank"]
        process = processes.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._stack.callback(processes.stop, process)
        try:
            self._attach(directory / "DevToolsActivePort")
        except BaseException:
            self.close()
            raise
        self._call("Page.enable")
        self._call("Network.enable")
        self._call("Log.enable")
        self._call("Runtime.enable")
        self._size = dict(zip(("width", "height"), size, strict=True))
        self._show(self._size["height"])
        self._call("Emulation.setTouchEmulationEnabled", enabled=True)
        self.speak(language)
        if not scripts:
            self._call("Emulation.setScriptExecutionDisabled", value=True)

    def _attach(self, file: Path) -> None:
        until(lambda: file.exists() and file.read_text().count("\n") == 1, "the browser's start")
        port = file.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [page for page in json.load(answer) if page["type"] == "page"]
        self._socket = self._stack.enter_context(
            connect(pages[0]["webSocketDebuggerUrl"], max_size=None)
        )

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        call = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(call))
        while True:
            message = json.loads(self._socket.recv(PATIENCE_S))
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self._requests.append(message)

    def speak(self, language: str) -> None:
        """The phone's language, as in Accept-Language."""
        self._call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})

    def shade(self, *, dark: bool) -> None:
        """Dark or light colours."""
        colours = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._call("Emulation.setEmulatedMedia", features=colours)

    def _show(self, height: int) -> None:
        screen = {"deviceScaleFactor": 2, "mobile": True} | self._size | {"height": height}
        self._call("Emulation.setDeviceMetricsOverride", **screen)

    def leave(self, gone: bool) -> None:
        """Out of the hotspot's reach, or back."""
        nothing = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self._call("Network.emulateNetworkConditions", offline=gone, **nothing)

    def hurry(self, times: int) -> None:
        """In pages that are opened from now on, timers run so many times faster."""
        self.before_each_page(f"""
            const slow = setTimeout;
            window.setTimeout = (act, ms) => slow(act, ms / {times});
        """)

    def before_each_page(self, script: str) -> None:
        """What runs before the scripts of each page that is opened from now on."""
        source = f"{{{script}}}"
        self._call("Page.addScriptToEvaluateOnNewDocument", source=source)

    def events(self, method: str) -> list[dict[str, Any]]:
        """What the browser has reported of this kind since its start."""
        self.look("1")
        return [event["params"] for event in self._requests if event.get("method") == method]

    def problems(self, *repeated: str) -> list[dict[str, Any]]:
        """What the browser complains of: a policy that is broken, an exception. repeated: paths
        that the page asks for again where no answer comes, which is no problem then."""

        def is_one(event: dict[str, Any]) -> bool:
            entry = event["entry"]
            lost = entry["source"] == "network" and "net::ERR_" in entry["text"]
            return not (lost and urllib.parse.urlsplit(entry.get("url", "")).path in repeated)

        said = [event for event in self.events("Log.entryAdded") if is_one(event)]
        return said + self.events("Runtime.exceptionThrown")

    def look(self, expression: str) -> Any:
        """The value of an expression in the page, of a promise what it becomes; by DevTools: also
        with JavaScript off."""
        call = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._call("Runtime.evaluate", **call)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self, url: str) -> None:
        self._call("Page.navigate", url=url)

    def wait(self, text: str) -> None:
        """Until the page shows the text."""
        self.wait_for(f"document.body && document.body.innerText.includes({json.dumps(text)})")

    def wait_for(self, expression: str) -> None:
        """Until the expression is true in the page, as a whole: nothing moves any more that is
        aimed at."""
        until(
            lambda: self._try(f"document.readyState == 'complete' && ({expression})"),
            expression,
            lambda: self._try("document.body.innerText"),
        )

    def _try(self, expression: str) -> Any:
        with contextlib.suppress(RuntimeError):  # between two pages
            return self.look(expression)

    def tap(self, selector: str) -> None:
        """A finger in the middle of the element, once it is there."""
        with self.held(selector):
            pass

    @contextlib.contextmanager
    def held(self, selector: str, touch: bool = False) -> Iterator[None]:
        """As tap(), and the finger is lifted in the end. touch: with the events of a touch screen,
        not those of a mouse."""
        x, y = self._middle(selector)
        kinds = ("touchStart", "touchEnd") if touch else ("mousePressed", "mouseReleased")
        for kind in kinds:
            if kind == kinds[1]:
                yield
            if touch:
                points = [{"x": x, "y": y}] if kind == kinds[0] else []
                self._call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
            else:
                place: dict[str, Any] = {"x": x, "y": y, "button": "left", "clickCount": 1}
                self._call("Input.dispatchMouseEvent", type=kind, **place)

    def _middle(self, selector: str) -> tuple[float, float]:
        self.wait_for(f"!!document.querySelector({json.dumps(selector)})")
        middle = f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            element.scrollIntoView({{block: 'center', behavior: 'instant'}});
            const box = element.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()"""
        x, y = self.look(middle)
        return x, y

    def type(self, selector: str, text: str) -> None:
        """Tap a field and type into it."""
        self.tap(selector)
        self.insert(text)

    def insert(self, text: str) -> None:
        """Type into what has the focus."""
        self._call("Input.insertText", text=text)

    def press(self, key: str, modifiers: int = 0) -> None:
        """A key of a keyboard, by its name in the DOM: "ArrowDown", "Enter", "Tab", " "."""
        code = _KEYS[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        event = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self._call("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
        self._call("Input.dispatchKeyEvent", type="keyUp", **event)

    def shot(self, name: str) -> Path:
        """The whole page as PNG, in build/screenshots, as on a phone of that length: what keeps to
        the screen's end is at the page's."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        height = max(self._size["height"], self.look("document.documentElement.scrollHeight"))
        self._show(height)
        answer = self._call("Page.captureScreenshot")
        self._show(self._size["height"])
        path = SHOTS / f"{name}.png"
        path.write_bytes(base64.b64decode(answer["data"]))
        return path

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Phone:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def until(
    condition: Any, what: str, last: Any = lambda: None, patience_s: float = PATIENCE_S
) -> Any:
    """What `condition` gives as soon as it is true; fails where it does not become so."""
    end = time.monotonic() + patience_s
    while not (found := condition()):
        if time.monotonic() > end:
            pytest.fail(f"waited in vain for {what}; last seen: {last()}")
        time.sleep(0.05)
    return found
