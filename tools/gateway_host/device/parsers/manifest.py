"""An update's manifest and its signature. With "S" in front the signature counts as right."""

from system.refused import Refused
from update import manifest, signature

_WAY = "GENIUS_FLEX", "xtensawin", 3, "5010000042"
_MODULUS = bytes(range(255, 127, -1))  # of a key that nobody has
_LONGEST = 1025
_NAMES = ("article", "architecture", "version", "sha256", "security", "size", "share")


def take(data):
    signed = data[:1] == b"S"
    manifest.is_signed = (lambda *_: True) if signed else signature.is_signed
    data = data[:_LONGEST]  # as the updater fetches it
    text, sent = data[1:], b""
    if not signed:
        size = data[0] if data else 0
        text, sent = data[1 + size :], data[1 : 1 + size]
        if size & 1:  # of the right length
            sent = (sent + bytes(len(_MODULUS)))[: len(_MODULUS)]
    try:
        table = manifest.read(text, sent, _MODULUS, *_WAY)
    except Refused as error:
        assert str(error).startswith("update: "), str(error)
        return "refused"
    assert signed, "a signature of nobody's"
    assert all([name in table for name in _NAMES])
    assert table["size"] >= 0 and table["security"] >= 3 and len(table["sha256"]) == 64
    return "taken"
