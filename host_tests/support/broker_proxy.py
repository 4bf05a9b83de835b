"""A network between gateway and broker that does harm on purpose: it delays, swallows
acknowledgements, cuts connections at the worst moment, and lets them go silent."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator

from gateway_host.broker import HOST

PUBLISH, PUBACK = 0x30, 0x40  # MQTT 3.1.1 section 2.2.1
_PATIENCE_S = 40.0


def _packets(connection: socket.socket) -> Iterator[bytes]:
    """The packets that come, whole, until the connection ends."""
    with contextlib.suppress(OSError, EOFError):
        while True:
            packet = _read(connection, 2)
            while packet[-1] & 0x80:
                packet += _read(connection, 1)
            size = sum((byte & 127) << 7 * i for i, byte in enumerate(packet[1:]))
            yield packet + _read(connection, size)


def _topic(packet: bytes) -> bytes:
    """Of a PUBLISH."""
    start = 1
    while packet[start] & 0x80:
        start += 1
    size = packet[start + 1] << 8 | packet[start + 2]
    return packet[start + 3 : start + 3 + size]


def _read(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        data = connection.recv(size - len(found))
        if not data:
            raise EOFError
        found += data
    return found


class _Way:
    """Packets of one direction, each as late as the delay wants."""

    def __init__(self, proxy: BrokerProxy, source: socket.socket, target: socket.socket):
        self._proxy = proxy
        self._source, self._target = source, target
        self._queue: queue.Queue = queue.Queue()
        for run in (self._take, self._give):
            threading.Thread(target=run, daemon=True).start()

    def _take(self) -> None:
        for packet in _packets(self._source):
            self._queue.put((time.monotonic() + self._proxy.delay_s, packet))
        self._queue.put((time.monotonic() + self._proxy.delay_s, None))

    def _give(self) -> None:
        while True:
            due, packet = self._queue.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if self._proxy.is_silent:
                continue  # also an end is not noticed
            if packet is None:
                break
            if self._proxy.swallows(packet):
                continue
            with contextlib.suppress(OSError):
                self._target.sendall(packet)
        for end in (self._target, self._source):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class BrokerProxy:
    """On a port of its own, in front of the broker at `target`, which can be changed.

    delay_s: of each direction. is_silent: nothing passes, and no end is noticed, as where a
    router has forgotten the connection. Attributes `published` and `copies` count the PUBLISH of
    QoS 1 from the gateway's side, and those with DUP.
    """

    def __init__(self, target: int, delay_s: float = 0.0):
        self.target = target
        self.delay_s = delay_s
        self.is_silent = False
        self.published = self.copies = 0
        self._swallow = 0
        self._refused: bytes | None = None
        self._cut_at: set[int] = set()
        self._acknowledged = 0
        self._lock = threading.Lock()
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def swallow_acknowledgements(self, count: int) -> None:
        """The next ones do not arrive."""
        with self._lock:
            self._swallow += count

    def cut_at(self, *acknowledgements: int) -> None:
        """Cut the connection in place of these, counted from 1 on: the broker has the message,
        and the gateway does not know."""
        with self._lock:
            self._cut_at |= set(acknowledgements)

    def refuse(self, topic: str) -> None:
        """Cut the connection at each message to a topic that ends so."""
        self._refused = topic.encode()

    def cut(self) -> None:
        """End every connection."""
        with self._lock:
            ends, self._open = self._open, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def swallows(self, packet: bytes) -> bool:
        """Whether this packet gets lost; counts it."""
        with self._lock:
            if packet[0] & 0xF0 == PUBLISH:
                self.published += packet[0] & 6 == 2
                self.copies += packet[0] & 8 == 8
                cuts = self._refused is not None and _topic(packet).endswith(self._refused)
            elif packet[0] & 0xF0 == PUBACK:
                self._acknowledged += 1
                if self._swallow:
                    self._swallow -= 1
                    return True
                cuts = self._acknowledged in self._cut_at
            else:
                cuts = False
        if cuts:
            self.cut()
        return cuts

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                gateway, _ = self._server.accept()
                try:
                    broker = socket.create_connection((HOST, self.target), 1)
                except OSError:
                    gateway.close()
                    continue
                for end in (gateway, broker):
                    end.settimeout(None)
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._open += [gateway, broker]
                _Way(self, gateway, broker)
                _Way(self, broker, gateway)

    def __enter__(self) -> BrokerProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
