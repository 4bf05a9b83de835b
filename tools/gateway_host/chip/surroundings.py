"""What the emulated chip finds on its network, all on the host's 127.0.0.1: the time, a web server
that knows the internet from a portal, and a way to the broker that can be cut."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

_HOST = "127.0.0.1"
_TO_UNIX = 2208988800
_CHUNK = 65536


class Surroundings:
    """`time_port`, `probe_port`, and `port`, which leads to the broker's. Use it as a context
    manager. `connects`: host times (monotonic, s) at which the way to the broker was taken."""

    def __init__(self, broker_port: int):
        self.connects: list[float] = []
        self._broker_port = broker_port
        self._open: list[socket.socket] = []
        self._on_way: list[socket.socket] = []
        self._time = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._time.bind((_HOST, 0))
        self._open.append(self._time)
        self.time_port = self._time.getsockname()[1]
        threading.Thread(target=self._serve_time, daemon=True).start()
        self.port = self._listen(self._forward)
        self.probe_port = self._listen(self._answer)

    def cut(self) -> None:
        """Cut what is connected to the broker; it may be connected anew at once."""
        for one in self._on_way:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._on_way.clear()

    def __enter__(self) -> Surroundings:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._open + self._on_way:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _listen(self, serve) -> int:
        line = socket.create_server((_HOST, 0))
        self._open.append(line)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = line.accept()
                    threading.Thread(target=serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return line.getsockname()[1]

    def _forward(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            broker = socket.create_connection((_HOST, self._broker_port))
            for one in (client, broker):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._on_way += [client, broker]
            self.connects.append(time.monotonic())
            threading.Thread(target=self._pump, args=(broker, client), daemon=True).start()
            self._pump(client, broker)

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _answer(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.recv(_CHUNK)
            client.sendall(b"HTTP/1.0 204 No Content\r\n\r\n")

    def _serve_time(self) -> None:
        """SNTP (RFC 4330)."""
        with contextlib.suppress(OSError):
            while True:
                request, whom = self._time.recvfrom(256)
                if len(request) >= 48:
                    now = _stamp()
                    answer = struct.pack(">BBbbIII", 0x24, 1, 4, -20, 0, 0, 0) + bytes(8)
                    self._time.sendto(answer + request[40:48] + now + _stamp(), whom)


def _stamp() -> bytes:
    now = time.time()
    return struct.pack(">II", int(now) + _TO_UNIX & 0xFFFFFFFF, int(now % 1 * (1 << 32)))
