"""What lies behind the gateway's links: the way to the broker, and the web server that knows the
internet from a hotel's portal. Both look at the World for whether anything gets through."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from .radio import World

_HOST = "127.0.0.1"
_LOOK_S = 0.05
_CHUNK = 4096
_PROBE = {
    "on": b"HTTP/1.0 204 No Content\r\n\r\n",
    "captive": b"HTTP/1.0 302 Found\r\nLocation: http://203.0.113.7/\r\n\r\n",
}


class Internet:
    """`port` leads to the broker's while the world lets it; `probe_port` answers as the world's
    internet does. Use it as a context manager."""

    def __init__(self, world: World, broker_port: int):
        self._world = world
        self._broker_port = broker_port
        self._sockets: list[socket.socket] = []
        self.port = self._listen(self._forward)
        self.probe_port = self._listen(self._answer)

    def __enter__(self) -> Internet:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _open(self) -> bool:
        return self._world.cloud and self._world.passes()

    def _listen(self, serve) -> int:
        line = socket.create_server((_HOST, 0))
        self._sockets.append(line)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = line.accept()
                    self._sockets.append(client)
                    threading.Thread(target=serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return line.getsockname()[1]

    def _forward(self, client: socket.socket) -> None:
        if not self._open():
            client.close()
            return
        with contextlib.suppress(OSError):
            broker = socket.create_connection((_HOST, self._broker_port))
            self._sockets.append(broker)
            threading.Thread(target=self._pump, args=(broker, client), daemon=True).start()
            self._pump(client, broker)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        """Carries bytes; while nothing gets through they wait, as on a line that is dead."""
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                while not self._open():
                    time.sleep(_LOOK_S)
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _answer(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.recv(_CHUNK)
            if any(self._world.up(link) for link in ("ethernet", "wifi", "lte")):
                client.sendall(_PROBE.get(self._world.internet, b""))
