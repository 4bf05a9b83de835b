"""A UDP socket of the home's network that is never waited for."""

import select
import socket

from feed.datagram import LONGEST


class Port:
    """address: where it listens, or None where any port does."""

    def __init__(self, address: tuple[str, int] | None = None):
        self._line = line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.setblocking(False)
        if address:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            line.bind(socket.getaddrinfo(*address)[0][-1])
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)

    def allow_broadcast(self) -> None:
        """To be called where one is sent."""
        option = getattr(socket, "SO_BROADCAST", None)  # lwIP may allow it always
        if option is not None:
            self._line.setsockopt(socket.SOL_SOCKET, option, 1)

    def hear(self) -> tuple[bytes, Any] | None:
        """(a datagram that has come, who sent it), or None. OSError, MemoryError: it is lost."""
        for _ in self._poll.ipoll(0):
            return self._line.recvfrom(LONGEST + 1)
        return None

    def send(self, data: Bytes, to: Any) -> None:
        """Send a datagram; OSError where there is no way. to: as hear() or place() give it."""
        self._line.sendto(data, to)

    def close(self) -> None:
        self._line.close()


def place(address: str, port: int) -> Any:
    """Where send() can send to."""
    return socket.getaddrinfo(address, port)[0][-1]
