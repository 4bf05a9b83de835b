"""Wi-Fi credentials: what the gateway accepts as network and key, and its own hotspot as a code.

Owns the rules of the installation manual, the same for every way in. Touches no radio and keeps
nothing.
"""

from micropython import const

_LONGEST_NAME = const(32)  # IEEE 802.11: an SSID has 0 to 32 bytes; none is a hidden network
_SHORTEST_KEY = const(8)  # IEEE 802.11: a passphrase has 8 to 63 characters,
_LONGEST_KEY = const(20)  # of which the manual allows 20

_SIGNS = "!#$%&'()*+,-./:;<>?@[^_`{|}~"
ALLOWED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + _SIGNS

# A network that offers WPA2 beside WPA3 is joined with WPA2.
SECURITIES = ("WPA", "WPA2", "WPA/WPA2", "WPA2/WPA3")


class CredentialError(ValueError):
    """The network or its key cannot be used: one line, what and where, for the person who typed
    it. It may name one character of the key: it is to be shown, not to be logged."""


def _describe(character):
    code = ord(character)
    if character == " ":
        return "a space"
    if 32 < code < 127:
        return "the character " + character
    return "the character U+%04X" % code


def _check_characters(text, name):
    for i, character in enumerate(text):
        if character not in ALLOWED:
            raise CredentialError(
                "%s has %s at place %d, which is not allowed: "
                "use a-z, A-Z, 0-9 and %s" % (name, _describe(character), i + 1, _SIGNS)
            )


def check_network(ssid, key, security):
    """Raise CredentialError unless the gateway can join the network.

    `ssid`: 1 to 32 characters, `key`: 8 to 20, both of ALLOWED. `security`: one of SECURITIES,
    or what the network has instead, such as "open", "WEP" or "WPA3".
    """
    if security == "open":
        raise CredentialError("this network is open, without a key: give it WPA2 and a key")
    if security not in SECURITIES:
        raise CredentialError(
            "this network's security is %s, only WPA and WPA2 can be used: "
            "set the access point to WPA2" % security
        )
    if not ssid:
        raise CredentialError(
            "the network has no name: make it visible, hidden networks cannot be used"
        )
    _check_characters(ssid, "the network's name")
    if len(ssid) > _LONGEST_NAME:
        raise CredentialError(
            "the network's name has %d characters, at most %d are possible"
            % (len(ssid), _LONGEST_NAME)
        )
    if not key:
        raise CredentialError("the key is missing")
    _check_characters(key, "the key")
    if len(key) > _LONGEST_KEY:
        raise CredentialError(
            "the key has %d characters, at most %d can be used: give the network a shorter key"
            % (len(key), _LONGEST_KEY)
        )
    if len(key) < _SHORTEST_KEY:
        raise CredentialError(
            "the key has %d characters, WPA keys have at least %d" % (len(key), _SHORTEST_KEY)
        )


def _escape(text):
    return "".join("\\" + c if c in '\\;,":' else c for c in text)


def hotspot_payload(ssid, key):
    """The text of the QR code on the gateway's label that lets a phone join its hotspot."""
    return "WIFI:T:WPA;S:%s;P:%s;;" % (_escape(ssid), _escape(key))
