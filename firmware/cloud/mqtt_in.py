"""What the broker sends us: takes MQTT packets apart (MQTT 3.1.1 section 2) and hands them on.

Owns the bytes of a packet that is not whole yet. Of messages longer than MAX_PACKET only the topic
is handed on.
"""

from micropython import const

MAX_PACKET = const(512)
SUBACK = const(0x90)
PINGRESP = const(0xD0)
_PUBLISH = const(0x30)
_RETAINED = const(0x01)


class Incoming:
    """message: a function of (topic, payload, size) for each message that is not a retained one (a
    command that was given long ago is none); topic and payload are bytes, payload is None where
    the packet's `size` is more than MAX_PACKET. answered: a function of (kind, contents) of every
    other packet; kind: its first four bits, as SUBACK."""

    def __init__(
        self,
        message: Callable[[bytes, bytes | None, int], None],
        answered: Callable[[int, bytes], None],
    ):
        self._message = message
        self._answered = answered
        self.clear()

    def clear(self) -> None:
        """Begin anew, with a new connection."""
        self._held = bytearray()
        self._skip = 0  # bytes of a packet that is too long

    def feed(self, data: bytes) -> None:
        """Take bytes as they come. ValueError when they are no MQTT."""
        held = self._held
        held.extend(data)
        while True:
            if self._skip:
                gone = min(self._skip, len(held))
                self._held = held = held[gone:]
                self._skip -= gone
            start, size = self._length()
            if not start:
                return
            kind = held[0]
            wanted = size
            if size > MAX_PACKET:
                wanted = 2 + (held[start] << 8 | held[start + 1]) if len(held) > start + 1 else 2
                if wanted > MAX_PACKET:
                    raise ValueError("a topic of %d bytes" % (wanted - 2))
            if len(held) < start + wanted:
                return
            packet = bytes(held[start : start + wanted])
            self._held = held = held[start + wanted :]
            self._skip = size - wanted
            if kind & 0xF0 != _PUBLISH:
                self._answered(kind & 0xF0, packet)
            elif not kind & _RETAINED:
                self._take(packet, kind, size)

    def _length(self):
        """(bytes before the packet's contents, bytes of contents); (0, 0) while they are not
        here."""
        held = self._held
        size = 0
        for i in range(4):
            if len(held) < i + 2:
                return 0, 0
            size |= (held[i + 1] & 127) << 7 * i
            if not held[i + 1] & 128:
                return i + 2, size
        raise ValueError("a packet's length has more than four bytes")

    def _take(self, packet, kind, size):
        end = 2 + (packet[0] << 8 | packet[1]) if len(packet) > 1 else 0
        start = end + (2 if kind & 6 else 0)  # a packet number follows the topic above QoS 0
        if not 2 < end <= len(packet) or start > size:
            raise ValueError("a message without a topic")
        whole = len(packet) == size
        self._message(packet[2:end], packet[start:] if whole else None, size)
