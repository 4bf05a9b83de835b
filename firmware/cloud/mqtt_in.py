"""What the broker sends us: takes MQTT packets apart (MQTT 3.1.1 section 2) and hands them on.

Owns the bytes of a packet that is not whole yet. Of messages longer than MAX_PACKET only the topic
is handed on, but for those topics that may have more.
"""

from micropython import const

MAX_PACKET = const(512)
PUBACK = const(0x40)
SUBACK = const(0x90)
UNSUBACK = const(0xB0)
PINGRESP = const(0xD0)
_PUBLISH = const(0x30)
_RETAINED = const(0x01)


class Incoming:
    """message: a function of (topic, payload, size) for each message that is not a retained one (a
    command that was given long ago is none); topic and payload are bytes, payload is None where
    the packet's `size` is too much. answered: a function of (kind, contents) of every other
    packet; kind: its first four bits, as SUBACK. most: a function of a topic, how long a packet
    may be there; asked where there are more bytes than MAX_PACKET."""

    def __init__(
        self,
        message: Callable[[bytes, bytes | None, int], None],
        answered: Callable[[int, bytes], None],
        most: Callable[[bytes], int] = lambda topic: MAX_PACKET,
    ):
        self._message = message
        self._answered = answered
        self._most = most
        self.clear()

    def clear(self) -> None:
        """Begin anew, with a new connection."""
        self._held = bytearray()
        self._skip = 0  # bytes of a packet that is too long
        self._long = bytearray()  # a long packet's contents, of which _filled bytes are here
        self._filled = self._kind = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they come. ValueError when they are no MQTT."""
        held = self._held
        held.extend(data)
        while True:
            if self._skip:
                gone = min(self._skip, len(held))
                self._held = held = held[gone:]
                self._skip -= gone
            if self._long and not self._fill():
                return
            held = self._held
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
            if size > MAX_PACKET and self._may_be_long(kind, start, wanted, size):
                self._held = held[start:]
                continue
            packet = bytes(held[start : start + wanted])
            self._held = held = held[start + wanted :]
            self._skip = size - wanted
            if kind & 0xF0 != _PUBLISH:
                self._answered(kind & 0xF0, packet)
            elif not kind & _RETAINED:
                self._take(packet, kind, size)

    def _may_be_long(self, kind, start, end, size):
        """Whether a packet of so many bytes is taken: then there is room for it."""
        retained = kind & 0xF0 != _PUBLISH or kind & _RETAINED
        if retained or size > self._most(bytes(self._held[start + 2 : start + end])):
            return False
        try:
            self._long = bytearray(size)
        except MemoryError:
            return False
        self._filled, self._kind = 0, kind
        return True

    def _fill(self):
        """Take what there is of a long packet; whether it is whole, and was handed on."""
        packet, held = self._long, self._held
        count = min(len(packet) - self._filled, len(held))
        packet[self._filled : self._filled + count] = held[:count]
        self._filled += count
        self._held = held[count:]
        if self._filled < len(packet):
            return False
        self._long = bytearray()
        self._take(packet, self._kind, len(packet))
        return True

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
        self._message(bytes(packet[2:end]), packet[start:] if whole else None, size)
