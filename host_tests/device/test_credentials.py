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
        self.assertEqual(refusal("n" * 32, "k" * 20), "")

    def test_security(self):
        self.assertIn("open", refusal("Woning", "", "open"))
        for security in ("wep", "wpa3", "enterprise", "owe", ""):
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


if __name__ == "__main__":
    unittest.main()
