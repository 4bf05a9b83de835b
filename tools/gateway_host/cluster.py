"""Three NATS servers on this machine as one clustered MQTT broker: JetStream keeps each message
on all three, and acknowledges when two have it.

Owns the processes and their configuration. Ports and figures are used as a Broker's.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path

from gateway_host import processes
from gateway_host.broker import HOST, answers, free_port, processor_s, resident_kb
from gateway_host.errors import UserError
from gateway_host.interpreter import BIN

NODES = 3
PROGRAM = BIN / "nats-server"
_START_S = 60.0
_CONFIGURATION = """
server_name: node{number}
listen: "{host}:{client}"
jetstream {{ store_dir: "{place}", max_memory_store: 256MB, max_file_store: 4GB }}
cluster {{ name: gateways, listen: "{host}:{route}", routes: [{routes}] }}
mqtt {{ listen: "{host}:{mqtt}", stream_replicas: {nodes}, max_ack_pending: 500 }}
"""


def available() -> bool:
    """Whether the server is here."""
    return PROGRAM.exists()


class Cluster:
    """The three nodes; use it as a context manager. `ports`: of MQTT, one of each node; `port`
    that of the first. `kill` and `revive` are about the last node."""

    tls_port = 0

    def __init__(self, directory: Path):
        if not available():
            raise UserError("the broker nats is not here: run `make setup`")
        self._directory = directory
        self._processes: list[subprocess.Popen | None] = [None] * NODES
        self.ports: tuple[int, ...] = ()

    @property
    def port(self) -> int:
        """Of the first node."""
        return self.ports[0]

    def __enter__(self) -> Cluster:
        self.ports, clients, routes = (tuple(free_port(0) for _ in range(NODES)) for _ in range(3))
        for number in range(NODES):
            place = self._directory / f"node{number}"
            place.mkdir(parents=True)
            (place / "nats.conf").write_text(
                _CONFIGURATION.format(
                    number=number,
                    host=HOST,
                    client=clients[number],
                    route=routes[number],
                    mqtt=self.ports[number],
                    nodes=NODES,
                    place=place,
                    routes=", ".join(f'"nats://{HOST}:{port}"' for port in routes),
                ),
                encoding="utf-8",
            )
        try:
            for number in range(NODES):
                self._launch(number)
            for number in range(NODES):
                self._wait(number)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends all nodes; safe to call twice."""
        for process in self._processes:
            if process:
                processes.stop(process)

    def kill(self) -> None:
        """Ends the last node as a power cut does."""
        self._processes[-1].kill()
        self._processes[-1].wait()

    def revive(self) -> None:
        """It is back, with what its disk has."""
        self._launch(NODES - 1)
        self._wait(NODES - 1)

    def check(self) -> None:
        """UserError when a node has ended by itself."""
        for number, process in enumerate(self._processes[:-1]):
            if process.poll() is not None:
                raise UserError(f"node {number} of the cluster has ended: {self._words(number)}")

    def resident_kb(self) -> int:
        """Memory that all hold together."""
        return sum(resident_kb(process.pid) for process in self._processes)

    def processor_s(self) -> float:
        """Processor time that those who run have taken together."""
        return sum(processor_s(process.pid) for process in self._processes)

    def _launch(self, number: int) -> None:
        place = self._directory / f"node{number}"
        with (place / "nats.log").open("ab") as log:
            self._processes[number] = processes.start(
                [PROGRAM, "-c", place / "nats.conf"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait(self, number: int) -> None:
        until = time.monotonic() + _START_S
        while time.monotonic() < until and self._processes[number].poll() is None:
            with contextlib.suppress(OSError):
                if answers(self.ports[number]):
                    return
            time.sleep(0.1)
        raise UserError(f"node {number} of the cluster does not start: {self._words(number)}")

    def _words(self, number: int) -> str:
        log = (self._directory / f"node{number}" / "nats.log").read_text(errors="replace")
        return next((line for line in reversed(log.splitlines()) if line.strip()), "nothing")
