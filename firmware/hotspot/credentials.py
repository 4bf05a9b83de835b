"""Wi-Fi credentials: what the gateway accepts as network and key: whatever IEEE 802.11 allows, of
WPA and WPA2 (docs/provisioning.md, "The rules").

Owns these rules, the same for every way in. Touches no radio and keeps nothing.
"""

from micropython import const

_MAX_NAME = const(32)  # bytes
_MIN_KEY = const(8)  # characters of a passphrase,
_MAX_KEY = const(63)  # of 32 to 126 in ASCII;
_RAW_KEY = const(64)  # hexadecimal digits of a key that is no passphrase
_HEXADECIMAL = "0123456789abcdefABCDEF"
_NO_TEXT = "\ufffd"

# What the installation manual allows, which other gateways of the series keep to.
_MAX_MANUAL = const(20)
_MANUAL = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'()*+,-./:;<>?@[^_`{|}~"
)

# As the radio names them: a network that offers WPA2 beside WPA3 is "wpa2".
SECURITIES = ("wpa", "wpa2")


class CredentialError(ValueError):
    """The network or its key cannot be used: one line, what and where, for the person who typed
    it. It may name one character of the key: it is to be shown, not to be logged.

    `rule`: which rule is broken, the name of its message in every language; `values`: what the
    message names: (character, place from 1), (number of characters or bytes,) or (security,).
    """

    def __init__(self, rule: str, text: str, *values: object):
        super().__init__(text)
        self.rule = rule
        self.values = values


def text_of(data: bytes) -> str:
    """The text of bytes that somebody sent as UTF-8; where they are not, U+FFFD stands for each
    byte beyond ASCII, which the rules refuse."""
    try:
        text = str(data, "utf-8")
        # MicroPython takes halves of characters too, and more bytes than a character needs.
        strict = "".join([chr(ord(c)) for c in text if not 0xD800 <= ord(c) < 0xE000])
        if strict.encode() == data:
            return text
    except ValueError:
        pass
    return "".join([chr(byte) if byte < 128 else _NO_TEXT for byte in data])


def whole(text: str) -> str:
    """`text` with characters beyond U+FFFF in one piece: MicroPython's JSON leaves those that
    were written as two escapes in two halves, which are no UTF-8."""
    high = 0
    found = ""
    for character in text:
        code = ord(character)
        if high and 0xDC00 <= code < 0xE000:
            found = found[:-1] + chr(0x10000 + (high - 0xD800 << 10) + code - 0xDC00)
        else:
            found += character
        high = code if 0xD800 <= code < 0xDC00 else 0
    return found


def _describe(character):
    code = ord(character)
    if 32 < code < 127:
        return "the character " + character
    return "the character U+%04X" % code


def check_name(ssid: str, security: str) -> None:
    """Raise CredentialError unless the gateway can join a network of this name and security.

    `ssid`: 1 to 32 bytes of UTF-8 without control characters. `security`: one of SECURITIES, or
    what the network has instead: "open", "wep", "wpa3", "enterprise".
    """
    if not ssid:
        raise CredentialError(
            "hidden", "the network has no name: type the name of a hidden network"
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
    for i, character in enumerate(ssid):
        code = ord(character)
        if character == _NO_TEXT or 0xD800 <= code < 0xE000:
            raise CredentialError(
                "name_coding", "the network's name is not written in UTF-8: rename the network"
            )
        if code < 32 or code == 127:
            raise CredentialError(
                "name_character",
                "the network's name has %s at place %d, which cannot be used: rename the network"
                % (_describe(character), i + 1),
                character,
                i + 1,
            )
    size = len(ssid.encode())
    if size > _MAX_NAME:
        raise CredentialError(
            "name_long",
            "the network's name takes %d bytes, at most %d are possible" % (size, _MAX_NAME),
            size,
        )


def may_join(ssid: str, security: str) -> bool:
    """Whether check_name accepts them."""
    try:
        check_name(ssid, security)
    except CredentialError:
        return False
    return True


def check_network(ssid: str, key: str, security: str) -> None:
    """As check_name, and `key`: 8 to 63 printable characters of ASCII, or 64 hexadecimal
    digits."""
    check_name(ssid, security)
    if not key:
        raise CredentialError("key_missing", "the key is missing")
    for i, character in enumerate(key):
        if not 32 <= ord(character) < 127:
            raise CredentialError(
                "key_character",
                "the key has %s at place %d, WPA keys have printable characters of ASCII only"
                % (_describe(character), i + 1),
                character,
                i + 1,
            )
    size = len(key)
    if size > _MAX_KEY and not _raw(key):
        raise CredentialError(
            "key_long",
            "the key has %d characters, WPA keys have at most %d, or %d hexadecimal digits"
            % (size, _MAX_KEY, _RAW_KEY),
            size,
        )
    if size < _MIN_KEY:
        raise CredentialError(
            "key_short",
            "the key has %d characters, WPA keys have at least %d" % (size, _MIN_KEY),
            size,
        )


def _raw(key):
    return len(key) == _RAW_KEY and all(digit in _HEXADECIMAL for digit in key)


def beyond_manual(ssid: str, key: str) -> bool:
    """Whether other gateways of the series may refuse these, which check_network accepts."""
    return len(key) > _MAX_MANUAL or any(character not in _MANUAL for character in ssid + key)
