"""wifi_provision.py on the device or in the interpreter on the host."""

import unittest

from wifi_provision import CredentialError, check_network, hotspot_payload


def refusal(ssid, key, security="WPA2"):
    """The message that the credentials are refused with, "" when they are accepted."""
    try:
        check_network(ssid, key, security)
    except CredentialError as error:
        return str(error)
    return ""


class Networks(unittest.TestCase):
    def test_accepted(self):
        for security in ("WPA", "WPA2", "WPA/WPA2", "WPA2/WPA3"):
            self.assertEqual(refusal("Woning_5", "Geheim!123", security), "")
        self.assertEqual(refusal("h", "12345678"), "")
        self.assertEqual(refusal("n" * 32, "k" * 20), "")

    def test_security(self):
        self.assertIn("open", refusal("Woning", "", "open"))
        for security in ("WEP", "WPA3", "WPA2-Enterprise", "OWE", ""):
            self.assertIn("security is " + security, refusal("Woning", "Geheim!123", security))

    def test_lengths(self):
        self.assertIn("no name", refusal("", "Geheim!123"))
        self.assertIn("33 characters, at most 32", refusal("n" * 33, "Geheim!123"))
        self.assertIn("key is missing", refusal("Woning", ""))
        self.assertIn("7 characters, WPA keys have at least 8", refusal("Woning", "1234567"))
        self.assertIn("21 characters, at most 20", refusal("Woning", "k" * 21))

    def test_characters_are_named_with_their_place(self):
        self.assertIn("name has a space at place 7", refusal("Woning 5", "Geheim!123"))
        self.assertIn('key has the character " at place 1', refusal("Woning", '"Geheim!123'))
        self.assertIn("key has the character = at place 4", refusal("Woning", "abc=defgh"))
        self.assertIn("key has the character \\ at place 9", refusal("Woning", "abcdefgh\\"))
        self.assertIn("key has the character ] at place 2", refusal("Woning", "a]bcdefgh"))
        self.assertIn("name has the character U+00E9 at place 4", refusal("Café", "Geheim!123"))
        self.assertIn("key has the character U+0000 at place 3", refusal("Woning", "ab\0defgh"))

    def test_only_the_wrong_character_is_shown(self):
        message = refusal("Woning", "xyzzyplugh=1")
        self.assertFalse("xyzzy" in message or "plugh" in message)


class Labels(unittest.TestCase):
    VECTORS = (
        ("SM5010000123", "b7Kd9wQe2", "WIFI:T:WPA;S:SM5010000123;P:b7Kd9wQe2;;"),
        ("a;b", "c:d,e;fgh", "WIFI:T:WPA;S:a\\;b;P:c\\:d\\,e\\;fgh;;"),
        ('q"uote', "back\\slash", 'WIFI:T:WPA;S:q\\"uote;P:back\\\\slash;;'),
        ("!#$%&'()*+", "-./<>?@[^_`{|}~", "WIFI:T:WPA;S:!#$%&'()*+;P:-./<>?@[^_`{|}~;;"),
    )

    def test_vectors(self):
        for ssid, key, payload in self.VECTORS:
            self.assertEqual(hotspot_payload(ssid, key), payload)


if __name__ == "__main__":
    unittest.main()
