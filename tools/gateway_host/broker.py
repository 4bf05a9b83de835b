"""An MQTT broker of one's own on this machine: mosquitto, or amqtt where there is no mosquitto."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway_host import processes
from gateway_host.errors import UserError
from gateway_host.interpreter import BIN

if TYPE_CHECKING:  # which wants the environment's packages; `make doctor` works without
    from gateway_host.certificates import Certificates

HOST = "127.0.0.1"
KINDS = ("mosquitto", "amqtt")

_START_S = 15.0
_ATTEMPTS = 5
# MQTT 3.1.1 CONNECT: clean session, keep-alive 10 s, client id "probe"; and DISCONNECT.
_CONNECT = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x0a\x00\x05probe"
_ACCEPTED = b"\x20\x02\x00\x00"
_DISCONNECT = b"\xe0\x00"


def mosquitto() -> Path | None:
    """The mosquitto of the set-up or of the machine, if there is one."""
    own = BIN / "mosquitto"
    if own.exists():
        return own
    found = shutil.which("mosquitto") or shutil.which(
        "mosquitto", path="/usr/sbin:/usr/local/sbin"
    )
    return Path(found) if found else None


def available() -> list[str]:
    """The kinds of broker that can be started here, the preferred one first."""
    kinds = ["mosquitto"] if mosquitto() else []
    return kinds + (["amqtt"] if importlib.util.find_spec("amqtt") else [])


class Broker:
    """A broker for anonymous clients on 127.0.0.1, as a child process that ends with this one.

    port: 0 takes a free one. directory: where broker.conf and broker.log go, a temporary one if
    None. kind: "mosquitto", "amqtt" or None for the best there is. tls: a second port, over TLS,
    has these certificates; require_certificate: and wants one of the client. lines: more for
    mosquitto's configuration. Raises UserError when the port is in use or no broker can be had.
    Attributes after `start`: `port`, `tls_port`, `kind`, and `ports`, which is where clients go.
    """

    def __init__(
        self,
        port: int = 0,
        directory: str | Path | None = None,
        kind: str | None = None,
        tls: Certificates | None = None,
        require_certificate: bool = True,
        lines: Sequence[str] = (),
    ) -> None:
        self.port = port
        self.tls_port = 0
        self.kind = kind or ("mosquitto" if tls else "")
        self._tls = tls
        self._require_certificate = require_certificate
        self._lines = list(lines)
        self._directory = Path(directory) if directory else None
        self._temporary: tempfile.TemporaryDirectory | None = None
        self._process: subprocess.Popen | None = None

    def start(self) -> Broker:
        """Start and return when the broker has accepted an MQTT connection."""
        kinds = available()
        if self.kind and self.kind not in kinds:
            raise UserError(f"the broker {self.kind} is not here: run `make setup`")
        if not kinds:
            raise UserError("no MQTT broker: run `make setup`, or install mosquitto")
        self.kind = self.kind or kinds[0]
        if self._tls and self.kind != "mosquitto":
            raise UserError(f"TLS wants mosquitto, not {self.kind}")
        if self._directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="broker-")
            self._directory = Path(self._temporary.name)
        self._directory.mkdir(parents=True, exist_ok=True)
        wanted = self.port
        for _ in range(1 if wanted else _ATTEMPTS):
            self.port = free_port(wanted)
            self.tls_port = free_port(0) if self._tls else 0
            self._launch(self._directory)
            if self._wait():
                return self
            self._end()  # another program can have taken the port in between
        reason = self._last_words()
        self.stop()
        raise UserError(f"the broker {self.kind} does not start on port {self.port}: {reason}")

    @property
    def ports(self) -> tuple[int, ...]:
        """Where clients go, as of a cluster: one port."""
        return (self.tls_port or self.port,)

    def mqtt(self, host: str = HOST) -> dict[str, Any]:
        """`mqtt` of settings.json for a gateway that reaches this broker as `host`."""
        if self._tls is None:
            return {"host": host, "port": self.port, "home_broker": True}
        tls = self._tls.settings(with_certificate=self._require_certificate)
        return {"host": host, "port": self.tls_port, "tls": tls}

    def check(self) -> None:
        """UserError when the broker has ended by itself."""
        if self._process and self._process.poll() is not None:
            code = self._process.returncode
            words = f"the broker {self.kind} has ended (exit code {code}); it last said"
            raise UserError(f"{words}: {self._last_words()}")

    def restart(self) -> None:
        """Break every connection, and be there again on the same ports."""
        self._end()
        self._launch(self._directory)
        if not self._wait():
            raise UserError(f"the broker does not start again: {self._last_words()}")

    def kill(self) -> None:
        """End it as a power cut does; what its disk has stays."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def revive(self) -> None:
        """After `kill`: be there again on the same ports."""
        self.restart()

    def resident_kb(self) -> int:
        """Memory that the process holds, 0 while there is none."""
        return resident_kb(self._process.pid) if self._process else 0

    def processor_s(self) -> float:
        """Processor time that the process has taken, in s (to 10 ms)."""
        return processor_s(self._process.pid)

    def set_certificates(self, tls: Certificates) -> None:
        """From the next restart on it has these."""
        self._tls = tls

    def stop(self) -> None:
        """End the broker; safe to call twice."""
        self._end()
        if self._temporary:
            self._temporary.cleanup()
            self._temporary = self._directory = None

    def __enter__(self) -> Broker:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, directory: Path) -> None:
        if self.kind == "mosquitto":
            lines = [f"listener {self.port} {HOST}", "allow_anonymous true", "persistence false"]
            lines += ["set_tcp_nodelay true", "log_dest stderr"]
            if os.getuid() == 0:
                lines += ["user root"]  # else it becomes a user who may not exist
            lines += self._tls_lines(directory) + self._lines
            conf = directory / "broker.conf"
            conf.write_text("\n".join(lines) + "\n", encoding="utf-8")
            command = [str(mosquitto()), "-c", str(conf)]
        else:
            command = [sys.executable, "-m", "gateway_host.embedded_broker", str(self.port)]
        with (directory / "broker.log").open("wb") as log:
            self._process = processes.start(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the program that started it
            )

    def _tls_lines(self, directory: Path) -> list[str]:
        if self._tls is None:
            return []
        own = self._tls
        texts = {"cafile": own.ca, "certfile": own.certificate, "keyfile": own.key}
        lines = [f"listener {self.tls_port} {HOST}"]
        for name, text in texts.items():
            file = directory / f"{name}.pem"
            file.write_text(text, encoding="ascii")
            lines.append(f"{name} {file}")
        return [*lines, f"require_certificate {str(self._require_certificate).lower()}"]

    def _wait(self) -> bool:
        """Whether the child accepts connections before it ends or time is up."""
        until = time.monotonic() + _START_S
        while self._process and self._process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError):
                if answers(self.port):
                    return True
            time.sleep(0.02)
        return False

    def _end(self) -> None:
        if self._process:
            processes.stop(self._process)
            self._process = None

    def _last_words(self) -> str:
        log = self._directory / "broker.log" if self._directory else None
        text = log.read_text(encoding="utf-8", errors="replace") if log and log.exists() else ""
        return next(
            (line for line in reversed(text.splitlines()) if line.strip()), "no reason given"
        )


def answers(port: int) -> bool:
    """Whether a broker accepts a connection there; OSError where nobody does."""
    with socket.create_connection((HOST, port), timeout=1) as probe:
        probe.sendall(_CONNECT)
        if probe.recv(4) != _ACCEPTED:
            return False
        probe.sendall(_DISCONNECT)
        return True


def resident_kb(process: int) -> int:
    """Memory that a process holds, 0 where there is none."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return 0


def processor_s(process: int) -> float:
    """Processor time that a process has taken, in s (to 10 ms); 0 where there is none."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def free_port(port: int) -> int:
    """`port`, or a free one if 0. Raises UserError when it cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                raise UserError(
                    f"port {port} is in use on {HOST}: end the program that holds it "
                    "or take another port"
                ) from None
            reason = getattr(error, "strerror", None) or error
            raise UserError(f"port {port} cannot be listened on: {reason}") from None
        return probe.getsockname()[1]
