"""The fingerprint of a site.json: eight hexadecimal digits by which people compare what they have
sent with what the gateway uses (docs/site.md). Owns its canonical form."""

from binascii import hexlify
from hashlib import sha256

from micropython import const

_DIGITS = const(8)
_STEP = const(16)  # pieces: a point has twenty


def steps(table: Table) -> Generator[None, None, str]:
    """Of a site.json's table, whatever its order and its spaces are: a generator, whose value it
    is."""
    digest = sha256()
    for count, piece in enumerate(_pieces(table)):
        digest.update(piece)
        if count % _STEP == _STEP - 1:
            yield
    return hexlify(digest.digest()).decode()[:_DIGITS]


def _pieces(value):
    """The canonical form, in bytes: fields by name, numbers to six digits, as single precision
    keeps them."""
    if isinstance(value, dict):
        yield b"{"
        for name in sorted(value):
            yield name.encode() + b"="
            yield from _pieces(value[name])
        yield b"}"
    elif isinstance(value, list):
        yield b"["
        for one in value:
            yield from _pieces(one)
        yield b"]"
    elif isinstance(value, str):
        yield b'"' + value.encode() + b'"'
    elif isinstance(value, float):
        yield b"%s;" % ("%.6g" % value).encode()
    else:  # a whole number, true or false
        yield b"%s;" % str(value).encode()
