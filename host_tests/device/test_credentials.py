"""hotspot/credentials.py on the device or in the interpreter on the host."""

import unittest

from hotspot.credentials import CredentialError, check_network


def refusal(ssid, key, security="wpa2"):
    """The message that the credentials are refused with, "" when they are accepted."""
    try:
        check_network(ssid, key, security)
    except CredentialError as error:
        return str(error)
    return ""


class Networks(unittest.TestCase):
    def test_accepted(self):
        for security in ("wpa", "wpa2"):
            self.assertEqual(refusal("Woning_5", "Geheim!123", security), "")
        self.assertEqual(refusal("h", "12345678"), "")
        self.assertEqual(refusal("n" * 32, "k" * 63), "")
        self.assertEqual(refusal("FRITZ!Box 7590 AB", "0123456789abcdef" * 4), "")
        self.assertEqual(refusal("Café-René ", 'a "=\\] key'), "")

    def test_security(self):
        self.assertIn("open", refusal("Woning", "", "open"))
        for security in ("wep", "wpa3", "enterprise", "owe", ""):
            self.assertIn("security is " + security, refusal("Woning", "Geheim!123", security))

    def test_lengths(self):
        self.assertIn("no name", refusal("", "Geheim!123"))
        self.assertIn("33 bytes, at most 32", refusal("n" * 33, "Geheim!123"))
        self.assertIn("key is missing", refusal("Woning", ""))
        self.assertIn("7 characters, WPA keys have at least 8", refusal("Woning", "1234567"))
        self.assertIn("64 characters, WPA keys have at most 63", refusal("Woning", "k" * 64))

    def test_characters_are_named_with_their_place(self):
        self.assertIn("name has the character U+000A at place 7", refusal("Woning\n", "12345678"))
        self.assertIn("key has the character U+00E9 at place 4", refusal("Woning", "Café12345"))
        self.assertIn("key has the character U+0000 at place 3", refusal("Woning", "ab\0defgh"))

    def test_only_the_wrong_character_is_shown(self):
        message = refusal("Woning", "xyzzyplugh€1")
        self.assertFalse("xyzzy" in message or "plugh" in message)


if __name__ == "__main__":
    unittest.main()
