"""The gateways of a soak, whose minutes are made up: the firmware's journal, delivery and uplink
in the interpreter (device/soak_journal.py), as fast as it can.

Owns their processes, which may be killed at any time, and what their records must be.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway_host import interpreter, processes
from gateway_host.errors import UserError
from gateway_host.session import MODULE_PATH

PROGRAM = Path(__file__).parents[1] / "device" / "soak_journal.py"
_HEAP = "2M"


def _turn(file: Path) -> int:
    """The number of what was written whole into a file of those that take turns, or 0."""
    content = file.read_bytes()
    if len(content) < 16 or zlib.crc32(content[:-4]) != int.from_bytes(content[-4:], "little"):
        return 0
    return int.from_bytes(content[4:8], "little")


@dataclass(frozen=True)
class Kind:
    """points: how many; capacity: bytes of the journal; ahead: records that may wait."""

    points: int
    capacity: int = 4_000_000
    ahead: int = 3000


EPOCH = 1764000000  # when minute 1 begins; also in device/soak_journal.py


def energy(device: int, minute: int, point: int) -> int:
    """J; also in device/soak_journal.py."""
    return (device * 7919 + minute * 104729 + point * 1299709) % 90000


def serial(device: int) -> str:
    """The serial number."""
    return f"50100{device:05d}"


class Driven:
    """One gateway. `state`: what it said last, with `made` and `kept` (minutes; those that a cut
    takes are made again), `last` and `acknowledged` (sequences), `heard` (commands), `rests`
    (whether no more minutes come); `starts`: how often it was started."""

    def __init__(self, device: int, kind: Kind, port: int, directory: Path, bits: int = 32):
        self.device = device
        self.kind = kind
        self.state: dict[str, Any] = {"made": 0, "kept": 0, "last": 0, "acknowledged": 0}
        self.starts = 0
        self._stopped = self._full = False
        self._given = 0  # commands, since it was started
        self._port = port
        self._directory = directory / f"gateway-{device}"
        self._directory.mkdir(parents=True)
        self._bits = bits
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Power is there. Must be called in a thread that lives as long as the soak."""
        with (self._directory / "console.log").open("ab") as log:
            self._process = interpreter.start(
                [PROGRAM],
                bits=self._bits,
                heap=_HEAP,
                path=MODULE_PATH,
                cwd=self._directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                bufsize=1,
            )
        self.starts += 1
        self._given = -1  # the task is none
        self.state = self.state | {"heard": -1}
        task = {"serial": serial(self.device), "device": self.device, "port": self._port}
        self._command(task | vars(self.kind))
        if self._full or self._stopped:
            self._command({"full": self._full, "stop": self._stopped})
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()

    def kill(self) -> None:
        """Power is gone, in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """A new start."""
        self.kill()
        self.start()

    def tear(self, share: float) -> None:
        """As a power cut leaves it in the middle of the next write: that much of the older of the
        files that take turns is there (docs/journal.md). Power must be gone."""
        files = sorted(self._directory.glob("registers.[01]"), key=_turn)
        if len(files) == 2:
            whole = files[1].read_bytes()
            files[0].write_bytes(whole[: int(len(whole) * share)])

    def set_full(self, full: bool) -> None:
        """Whether its flash is full."""
        self._full = full
        self._command({"full": full})

    def stop_measuring(self) -> None:
        """No more minutes."""
        self._stopped = True
        self._command({"stop": True})

    def is_at_rest(self) -> bool:
        """Whether `state` is what stays: it has heard all, and makes no more minutes."""
        return self.state.get("heard") == self._given and self.state["rests"]

    def measure_more(self) -> None:
        """One minute, after all: what the broker has lost is seen by what comes behind it."""
        self._command({"more": 1})

    def end(self) -> None:
        """Ends it in order; safe to call twice."""
        if self._process:
            self._command({"end": True})
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(3)
            processes.stop(self._process)

    def check(self) -> None:
        """UserError when it has ended by itself."""
        if self._process.poll() is not None:
            lines = (self._directory / "console.log").read_text(errors="replace").splitlines()
            last = lines[-1] if lines else "nothing"
            raise UserError(f"gateway {self.device} has ended by itself; it last said: {last}")

    def _command(self, command: dict[str, Any]) -> None:
        self._given += 1
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()

    def _read(self, process: subprocess.Popen) -> None:
        with (self._directory / "console.log").open("a") as log:
            for line in process.stdout:
                with contextlib.suppress(ValueError):
                    state = json.loads(line)
                    if process is self._process:
                        self.state = state
                    continue
                log.write(line)
                log.flush()
