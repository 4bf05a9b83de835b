"""On the device: packets from the broker, whole, in pieces, too long, and what is no MQTT. The
bytes are written by the rules of MQTT 3.1.1 sections 2.2 and 3.3."""

import unittest

from cloud.mqtt_in import MAX_PACKET, Incoming

ORDER = b"\x30\x0a\x00\x03a/bhello"  # QoS 0: length 10, topic a/b
NUMBERED = b"\x32\x0c\x00\x03a/b\x00\x07hello"  # QoS 1 with packet number 7
RETAINED = b"\x31\x0a\x00\x03a/bhello"
PONG, SUBACK = b"\xd0\x00", b"\x90\x03\x00\x01\x00"


def long_message(size):
    """A message of `size` bytes after its length."""
    body = b"\x00\x03a/b" + bytes(size - 5)
    return b"\x30" + bytes([size & 127 | 128, size >> 7]) + body


class Packets(unittest.TestCase):
    def setUp(self):
        self.taken = []
        self.skipped = []
        self.answers = []
        self.incoming = Incoming(
            self.message, lambda kind, contents: self.answers.append((kind, contents))
        )

    def message(self, topic, payload, size):
        if payload is None:
            self.skipped.append((topic, size))
        else:
            self.taken.append((topic, payload))

    def test_whole_and_in_pieces(self):
        stream = PONG + ORDER + SUBACK + NUMBERED + RETAINED + ORDER
        for size in (1, 2, 3, 7, 50, len(stream)):
            self.taken.clear()
            for at in range(0, len(stream), size):
                self.incoming.feed(stream[at : at + size])
            self.assertEqual(self.taken, [(b"a/b", b"hello")] * 3)
            self.assertEqual(self.answers, [(0xD0, b""), (0x90, b"\0\1\0")])
            self.answers.clear()

    def test_too_long_is_skipped_and_counted(self):
        for size in (MAX_PACKET + 1, 5000):
            stream = long_message(size) + ORDER
            for step in (1, 100, len(stream)):
                self.taken.clear()
                self.skipped.clear()
                for at in range(0, len(stream), step):
                    self.incoming.feed(stream[at : at + step])
                self.assertEqual(self.skipped, [(b"a/b", size)])
                self.assertEqual(self.taken, [(b"a/b", b"hello")])

    def test_longest(self):
        self.incoming.feed(long_message(MAX_PACKET))
        self.assertEqual(len(self.taken[0][1]), MAX_PACKET - 5)

    def test_what_is_no_mqtt(self):
        for bad in (
            b"\x30\xff\xff\xff\xff\x01",
            b"\x30\x01\x00",
            b"\x30\x04\x00\x09ab",
            b"\x30\x00",
            b"\x30\xff\x7f\xff\xff",
        ):
            self.incoming.clear()
            with self.assertRaises(ValueError):
                self.incoming.feed(bad)


if __name__ == "__main__":
    unittest.main()
