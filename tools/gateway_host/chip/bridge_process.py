"""The bridge between the simulated installation and the emulated chip's UARTs as a process of its
own: starts it, knows what it saw last, ends it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from gateway_host import processes
from gateway_host.chip.line_bridge import Seen
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT


class BridgeProcess:
    """`seen`: what it has seen since it was started or `restart` was called. house: its file; a,
    b: connected sockets of the chip's UARTs, which belong to it from now on."""

    def __init__(self, house: Path, a: socket.socket, b: socket.socket):
        self.seen = Seen()
        path = os.pathsep.join([str(ROOT / "tools"), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", "gateway_host.chip.line_bridge", str(house.resolve())]
        self._process = processes.start(
            [*command, str(a.fileno()), str(b.fileno())],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(a.fileno(), b.fileno()),
            start_new_session=True,
        )
        with contextlib.suppress(OSError):
            # It takes a tenth of a processor, and what it does late the chip would be blamed for.
            os.sched_setscheduler(self._process.pid, os.SCHED_FIFO, os.sched_param(1))
        a.close()
        b.close()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        for line in self._process.stdout:
            self.seen = Seen(**json.loads(line))

    def restart(self) -> None:
        """Begin to count anew."""
        self._process.stdin.write(b"x")
        self._process.stdin.flush()

    def check(self) -> None:
        """UserError when it has failed."""
        if self._process.poll():
            raise UserError("the simulated installation failed: see what it printed above")

    def stop(self) -> Seen:
        """Ends it; what it has seen. May be called twice."""
        if not self._process.stdin.closed:
            self._process.stdin.close()
        self._thread.join(3)
        processes.stop(self._process)
        self._process.stdout.close()
        return self.seen

    def __enter__(self) -> BridgeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
