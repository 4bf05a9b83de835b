"""What is said of a program before a byte of it is fetched: a JSON text and its signature.

Owns what must be in it (docs/update.md), and who may have it.
"""

import json
import sys
from binascii import crc32

from system.refused import Refused
from update.signature import is_signed

_TEXTS = ("article", "architecture", "version", "sha256")
_NUMBERS = ("security", "size", "share")
_SHA256_SIZE = 64
_PARTS = 100
_MPY = "_mpy"  # as a text: private names are shorter in images
_BACK = "update: %s has security level %d, this gateway is at %d and never goes back"
_LATER = "update: %s goes to %d %% of the gateways so far, and this is not among them"


def read(
    text: bytes,
    signature: bytes,
    modulus: bytes,
    article: str,
    architecture: str,
    security: int,
    serial: str,
) -> Table:
    """The table of a manifest for this gateway; Refused, with a text, where it is not one.

    modulus: of the key that must have signed it; article: the board's name; architecture: of
    native code; security: the least level that is taken; serial: the gateway's."""
    if not is_signed(text, signature, modulus):
        raise Refused("update: the manifest is not signed by this gateway's maker")
    try:
        table = json.loads(text)
        texts = [table[name] for name in _TEXTS]
        numbers = [table[name] for name in _NUMBERS]
    except (ValueError, KeyError, TypeError):
        raise Refused("update: the manifest lacks one of %s" % ", ".join(_TEXTS + _NUMBERS))
    if not all([isinstance(one, str) for one in texts]) or len(table["sha256"]) != _SHA256_SIZE:
        raise Refused("update: %s must be texts" % ", ".join(_TEXTS))
    if not all([type(one) is int and one >= 0 for one in numbers]):
        raise Refused("update: %s must be whole numbers" % ", ".join(_NUMBERS))
    wanted, ours = (table["article"], table["architecture"]), (article, architecture)
    if wanted != ours:
        raise Refused("update: is for %s on %s, this is %s on %s" % (wanted + ours))
    if table["security"] < security:
        raise Refused(_BACK % (table["version"], table["security"], security))
    if crc32((table["version"] + serial).encode()) % _PARTS >= table["share"]:
        raise Refused(_LATER % (table["version"], table["share"]))
    return table


def architecture() -> str:
    """Of the native code that runs here, as mpy-cross calls it."""
    names = ("", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp")
    names += ("xtensa", "xtensawin", "rv32imc")
    return names[getattr(sys.implementation, _MPY) >> 10 & 15]
