"""Reads the emulated chip's console: what probe/chip_probe.py prints becomes windows of about
ten seconds, the rest goes to a log file. Owns the console's descriptor and a thread."""

from __future__ import annotations

import json
import os
import select
import threading
import tty
from pathlib import Path
from typing import Any

_PREFIX = "@chip "
_REBOOT = "Rebooting..."
_WAIT_S = 0.2
_CHUNK = 4096


class ProbeReader:
    """`windows`: what was measured, one table after the other; `facts`: what was printed once.
    Both only grow.

    pty: UART 0; log: gets all lines.
    """

    def __init__(self, pty: str, log: Path):
        self.windows: list[dict[str, Any]] = []
        self.facts: dict[str, Any] = {}
        self.heard = False  # any byte at all
        self.last = ""  # line that is not the probe's
        self.crash = ""  # why the chip began anew, in its own words
        self._window: dict[str, Any] = {"slow": {}, "calls": {}}
        self._rest = b""
        self._log = log.open("w", encoding="utf-8")
        self._console = os.open(pty, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._console)
        os.set_blocking(self._console, False)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, name="console", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Say something to the chip."""
        os.write(self._console, data)

    def stop(self) -> None:
        """End. May be called twice."""
        if not self._ended.is_set():
            self._ended.set()
            self._thread.join()
            os.close(self._console)
            self._log.close()

    def _read(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._console], [], [], _WAIT_S)[0]:
                continue
            try:
                data = os.read(self._console, _CHUNK)
            except BlockingIOError:
                continue
            except OSError:  # the emulator is gone
                return
            self.heard = self.heard or bool(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self.take(line.rstrip(b"\r"))

    def take(self, line: bytes) -> None:
        """One line of the console."""
        text = line.decode(errors="replace")
        self._log.write(text + "\n")
        self._log.flush()
        if text.startswith("Guru Meditation") or (text == _REBOOT and not self.crash):
            self.crash = text
        before, prefix, printed = text.partition(_PREFIX)
        if prefix:
            try:
                self._learn(json.loads(printed))
            except (ValueError, AttributeError):
                pass  # cut off
        self.last = before or self.last

    def _learn(self, printed: dict[str, Any]) -> None:
        if "end" in printed:
            self.windows.append(self._window)
            self._window = {"slow": {}, "calls": {}}
        elif "facts" in printed:
            self.facts |= printed["facts"]
        else:
            for name, value in printed.items():
                if name in ("slow", "calls"):
                    self._window[name] |= value
                else:
                    self._window[name] = value
