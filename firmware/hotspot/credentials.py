"""Wi-Fi credentials: what the gateway accepts as network and key.

Owns the rules of the installation manual, the same for every way in. Touches no radio and keeps
nothing.
"""

from micropython import const

_LONGEST_NAME = const(32)  # IEEE 802.11: an SSID has 0 to 32 bytes; none is a hidden network
_SHORTEST_KEY = const(8)  # IEEE 802.11: a passphrase has 8 to 63 characters,
_LONGEST_KEY = const(20)  # of which the manual allows 20

_SIGNS = "!#$%&'()*+,-./:;<>?@[^_`{|}~"
ALLOWED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + _SIGNS

# As the radio names them: a network that offers WPA2 beside WPA3 is "wpa2".
SECURITIES = ("wpa", "wpa2")


class CredentialError(ValueError):
    """The network or its key cannot be used: one line, what and where, for the person who typed
    it. It may name one character of the key: it is to be shown, not to be logged.

    `rule`: which rule is broken, the name of its message in every language; `values`: what the
    message names: (character, place from 1), (number of characters,) or (security,).
    """

    def __init__(self, rule, text, *values):
        super().__init__(text)
        self.rule = rule
        self.values = values


def text_of(data):
    """The text of bytes that somebody sent as UTF-8; where they are not, a character for each,
    which the rules refuse."""
    try:
        text = str(data, "utf-8")
        # MicroPython takes halves of characters too, and more bytes than a character needs.
        strict = "".join([chr(ord(c)) for c in text if not 0xD800 <= ord(c) < 0xE000])
        if strict.encode() == data:
            return text
    except ValueError:
        pass
    return "".join([chr(byte) for byte in data])


def _describe(character):
    code = ord(character)
    if character == " ":
        return "a space"
    if 32 < code < 127:
        return "the character " + character
    return "the character U+%04X" % code


def _check_characters(text, rule, name):
    for i, character in enumerate(text):
        if character not in ALLOWED:
            raise CredentialError(
                rule,
                "%s has %s at place %d, which is not allowed: "
                "use a-z, A-Z, 0-9 and %s" % (name, _describe(character), i + 1, _SIGNS),
                character,
                i + 1,
            )


def check_name(ssid, security):
    """Raise CredentialError unless the gateway can join a network of this name and security.

    `ssid`: 1 to 32 characters of ALLOWED. `security`: one of SECURITIES, or what the network has
    instead: "open", "wep", "wpa3", "enterprise".
    """
    if not ssid:
        raise CredentialError(
            "hidden", "the network has no name: make it visible, hidden networks cannot be used"
        )
    if security == "open":
        raise CredentialError(
            "open", "this network is open, without a key: give it WPA2 and a key"
        )
    if security not in SECURITIES:
        raise CredentialError(
            "security",
            "this network's security is %s, only WPA and WPA2 can be used: "
            "set the access point to WPA2" % security,
            security.upper(),
        )
    _check_characters(ssid, "name_character", "the network's name")
    if len(ssid) > _LONGEST_NAME:
        raise CredentialError(
            "name_long",
            "the network's name has %d characters, at most %d are possible"
            % (len(ssid), _LONGEST_NAME),
            len(ssid),
        )


def may_join(ssid, security):
    """Whether check_name accepts them."""
    try:
        check_name(ssid, security)
    except CredentialError:
        return False
    return True


def check_network(ssid, key, security):
    """As check_name, and `key`: 8 to 20 characters of ALLOWED."""
    check_name(ssid, security)
    if not key:
        raise CredentialError("key_missing", "the key is missing")
    _check_characters(key, "key_character", "the key")
    if len(key) > _LONGEST_KEY:
        raise CredentialError(
            "key_long",
            "the key has %d characters, at most %d can be used: give the network a shorter key"
            % (len(key), _LONGEST_KEY),
            len(key),
        )
    if len(key) < _SHORTEST_KEY:
        raise CredentialError(
            "key_short",
            "the key has %d characters, WPA keys have at least %d" % (len(key), _SHORTEST_KEY),
            len(key),
        )
