"""Which ports a process has open, as Linux lists them: who may send to it without being asked."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

_TABLES = ("tcp", "tcp6", "udp", "udp6")
_LISTENS = "0A"
_NOBODY = {"00000000:0000", "0" * 32 + ":0000"}
_LOOK_S = 0.01


def open_ports(process: int) -> set[tuple[str, int]]:
    """("tcp" or "udp", port): of TCP what listens, of UDP what no other side was chosen for."""
    folder = Path("/proc", str(process))
    held = set()
    for file in (folder / "fd").iterdir():
        try:
            held.add(os.readlink(file))
        except OSError:
            pass  # it was closed just now
    found = set()
    for table in _TABLES:
        for line in (folder / "net" / table).read_text().splitlines()[1:]:
            words = line.split()
            own, other, state, node = words[1], words[2], words[3], words[9]
            is_open = state == _LISTENS if table.startswith("tcp") else other in _NOBODY
            if is_open and f"socket:[{node}]" in held:
                found.add((table[:3], int(own.partition(":")[2], 16)))
    return found


class Ports:
    """Looks a hundred times a second. `named`: what ports of the simulation stand for."""

    def __init__(self, process: int, named: dict[int, int]):
        self._process = process
        self._named = named
        self._seen: set[tuple[str, int]] = set()
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._end.wait(_LOOK_S):
            with self._lock:
                try:
                    self._seen |= open_ports(self._process)
                except OSError:
                    return  # it has ended

    def of(self, seconds: float) -> list[str]:
        """What is open at any time from now on for so long, as docs/security.md says it."""
        with self._lock:
            self._seen = set()
        time.sleep(seconds)
        return self.until_now()

    def until_now(self) -> list[str]:
        """What was open since of() was asked, or since the beginning."""
        return sorted(self._word(*one) for one in self._seen)

    def _word(self, kind: str, port: int) -> str:
        if port in self._named:
            return f"{kind} {self._named[port]}"
        return "udp, one that the chip chooses" if kind == "udp" else f"{kind} {port}"

    def __enter__(self) -> Ports:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
