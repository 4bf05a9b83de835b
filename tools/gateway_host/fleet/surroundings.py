"""What a run of the fleet has beside its members: the broker, the collector, what a connection
over TLS needs, and room for all connections."""

from __future__ import annotations

import os
import resource
import socket
import ssl
import sys
import tempfile
from pathlib import Path
from typing import Any

from gateway_host import processes
from gateway_host.broker import HOST, Broker
from gateway_host.certificates import Certificates
from gateway_host.cluster import Cluster
from gateway_host.errors import UserError
from gateway_host.fleet import wire

_FILES = 200  # of this program beside the connections
BROKER_LINES = (
    "persistence true",
    "autosave_interval 5",
    "max_queued_messages 0",
    "max_inflight_messages 500",
    "sys_interval 1",
)


def engine(name: str, directory: Path, tls: Certificates | None) -> Broker | Cluster:
    """The broker that is played against, not started; directory: of its files."""
    if name == "nats":
        return Cluster(directory)
    lines = [*BROKER_LINES, f"persistence_location {directory}/"]
    return Broker(0, directory, "mosquitto", tls, lines=lines)


def allow_files(gateways: int) -> None:
    """Let this program and its children have so many connections; UserError where the machine does
    not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = gateways + _FILES
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise UserError(f"N={gateways}: this machine allows {hard} open files: `ulimit -n`")
    if soft != resource.RLIM_INFINITY and wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def collector(broker: Broker | Cluster, history: Path, directory: Path) -> Any:
    """The collector's process; history: its file."""
    ports = broker.ports if isinstance(broker, Cluster) else [broker.port]
    where = ",".join(f"{HOST}:{port}" for port in reversed(ports))  # it loses its node as well
    words = ["collect", f"--file={history}", f"--broker={where}", "--ask-after=5"]
    with (directory / "collector.log").open("wb") as log:
        return processes.start(
            [sys.executable, "-m", "gateway_host", *words],
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )


def context(tls: Certificates) -> ssl.SSLContext:
    """What a gateway of the fleet connects with."""
    made = ssl.create_default_context(cadata=tls.ca)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(tls.client_certificate + tls.client_key)
        file.flush()
        made.load_cert_chain(file.name)
    return made


def heard(broker: Broker | Cluster) -> int:
    """How many PUBLISH the broker has received, by its own account; 0 of a cluster."""
    if isinstance(broker, Cluster):
        return 0
    topic, buffer = "$SYS/broker/publish/messages/received", bytearray()
    with socket.create_connection((HOST, broker.port), 10) as line:
        line.sendall(wire.connect("heard", 10, "heard/gone") + wire.subscribe(1, topic))
        while data := line.recv(4096):
            buffer += data
            for kind, flags, body in wire.packets(buffer):
                if kind == wire.PUBLISH:
                    line.sendall(wire.DISCONNECT)
                    return int(wire.published(flags, body)[1])
    raise UserError("the broker does not say how much it has received")
