"""The collector of a soak: the real one, in a process that is killed now and then."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gateway_host import processes
from gateway_host.broker import HOST

_ASK_AFTER_S = 10


class Collector:
    """`file`: its history; use it as a context manager."""

    def __init__(self, port: int, directory: Path):
        self.file = directory / "history.db"
        self._port = port
        self._log = directory / "collector.log"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Must be called in a thread that lives as long as the soak."""
        words = ["collect", f"--file={self.file}", f"--broker={HOST}:{self._port}"]
        with self._log.open("ab") as log:
            self._process = processes.start(
                [sys.executable, "-m", "gateway_host", *words, f"--ask-after={_ASK_AFTER_S}"],
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            )

    def kill(self) -> None:
        """In the middle of whatever it does."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Collector:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        processes.stop(self._process)
