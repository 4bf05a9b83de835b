"""What a form has sent. Owns nothing."""

from binascii import unhexlify


def form(body: bytes) -> dict[bytes, bytes]:
    """The fields of an application/x-www-form-urlencoded body: name -> bytes; the last of several
    counts. ValueError where it is none."""
    fields = {}
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        fields[_unquote(name)] = _unquote(value)
    return fields


def _unquote(data):
    parts = data.replace(b"+", b" ").split(b"%")
    text = parts[0]
    for part in parts[1:]:
        if len(part) < 2:
            raise ValueError
        text += unhexlify(part[:2]) + part[2:]
    return text
