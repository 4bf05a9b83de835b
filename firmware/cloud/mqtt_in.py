"""What the broker sends us: takes MQTT packets apart (MQTT 3.1.1 section 2) and hands them on.

Owns the bytes of a packet that is not whole yet. Packets longer than LONGEST are skipped.
"""

from micropython import const

LONGEST = const(512)
SUBACK = const(0x90)
PINGRESP = const(0xD0)
_PUBLISH = const(0x30)
_RETAINED = const(0x01)


class Incoming:
    """take: a function of (topic, payload), both bytes, for each message that is not a retained
    one (a command that was given long ago is none). skip: a function of the size of a packet that
    is longer than LONGEST. answered: a function of (kind, contents) of every other packet; kind:
    its first four bits, as SUBACK."""

    def __init__(self, take, skip, answered):
        self._take = take
        self._skipped = skip
        self._answered = answered
        self.clear()

    def clear(self):
        """Begin anew, with a new connection."""
        self._held = bytearray()
        self._skip = 0  # bytes of a packet that is too long

    def feed(self, data):
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
            if size > LONGEST:
                self._skipped(size)
                self._skip = start + size
                continue
            if len(held) < start + size:
                return
            packet = bytes(held[start : start + size])
            kind = held[0]
            self._held = held = held[start + size :]
            if kind & 0xF0 != _PUBLISH:
                self._answered(kind & 0xF0, packet)
            elif not kind & _RETAINED:
                self._message(packet, kind)

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

    def _message(self, packet, kind):
        end = 2 + (packet[0] << 8 | packet[1]) if len(packet) > 1 else 0
        start = end + (2 if kind & 6 else 0)  # a packet number follows the topic above QoS 0
        if not 2 < end <= start <= len(packet):
            raise ValueError("a message without a topic")
        self._take(packet[2:end], packet[start:])
