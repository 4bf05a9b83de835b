"""What is said of a server whose first bytes are not a broker's "accepted"."""

import unittest

from cloud.first_answer import explain

VERSION = "the broker does not speak MQTT 3.1.1, which the gateway needs: allow it there"
WHO = "user name or password refused: see mqtt in settings.json"
NO_MQTT = "begins with the bytes %s, which are no MQTT"
PORT = "what answers on port 1884 of nas %s: is mqtt.port right?"
# The first bytes; the counter; the text, or its end.
ANSWERS = (
    # MQTT 3.1.1, section 3.2.2.3
    (b"\x20\x02\0\1", "uplink.protocol", VERSION),
    (b"\x20\x02\0\2", "uplink.refused", "allow the gateway's serial number there"),
    (b"\x20\x02\0\3", "uplink.refused", "broker unavailable or full"),
    (b"\x20\x02\0\4", "uplink.refused", WHO),
    (b"\x20\x02\0\5", "uplink.refused", "not authorised: see mqtt in settings.json"),
    (b"\x20\x02\0\x99", "uplink.refused", "code 153"),
    # MQTT 5, section 3.2.2: flags, reason, properties
    (b"\x20\x03\0\0", "uplink.protocol", VERSION),
    (b"\x20\x09\0\0", "uplink.protocol", VERSION),
    (b"\x20\x03\0\x84", "uplink.protocol", VERSION),
    (b"\x20\x02\0\x84", "uplink.protocol", VERSION),  # some send it so to older clients
    (b"\x20\x03\0\x86", "uplink.refused", WHO),
    (b"\x20\x1a\0\x87", "uplink.refused", "not authorised: see mqtt in settings.json"),
    (b"\x20\x03\0\x8a", "uplink.refused", "banned: see the broker's list of clients"),
    (b"\x20\x03\0\x97", "uplink.refused", "broker unavailable or full"),
    (b"\x20\x03\0\x80", "uplink.protocol", VERSION),
    (b"\xe0\x02\x84\0", "uplink.protocol", VERSION),  # section 3.14
    # Others
    (b"\x15\x03\x03\0", "uplink.tls", "the broker's port wants TLS: give mqtt.tls"),
    (b"HTTP", "uplink.protocol", PORT % "is a web server"),
    (b"<!DO", "uplink.protocol", PORT % "is a web server"),
    (b"SSH-", "uplink.protocol", PORT % "is an SSH server"),
    (b"AMQP", "uplink.protocol", PORT % "is an AMQP broker, whose MQTT has another port"),
    (b"INFO", "uplink.protocol", PORT % "is a NATS server, whose MQTT has another port"),
    (b"220 ", "uplink.protocol", PORT % 'begins with "220 ", which is no MQTT'),
    (b"-ERR", "uplink.protocol", PORT % 'begins with "-ERR", which is no MQTT'),
    (b"\xff\xfb\1\xff", "uplink.protocol", PORT % (NO_MQTT % "fffb01ff")),
    (b"\x20\x01\0\0", "uplink.protocol", PORT % (NO_MQTT % "20010000")),
    (b"\x10\x2a\0\4", "uplink.protocol", PORT % "sends back what it is sent"),
)  # fmt: skip


class FirstAnswer(unittest.TestCase):
    def test_it_is_named_by_what_it_is(self):
        for answer, name, text in ANSWERS:
            found = explain(answer, "nas", 1884)
            self.assertEqual(found[0], name, answer)
            self.assertTrue(found[1].endswith(text), found)
            if name == "uplink.refused":
                self.assertTrue(found[1].startswith("the broker refused us: "), found)
            else:
                self.assertEqual(found[1], text)


if __name__ == "__main__":
    unittest.main()
