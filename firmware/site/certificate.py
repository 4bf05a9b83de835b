"""What of a certificate (X.509, RFC 5280) and of a private key the gateway looks at itself: from
when to when it is valid, and whether they belong together. The interpreter's TLS judges the rest.
Loaded when it is needed, and then unloaded."""

from binascii import a2b_base64

from micropython import const

_SEQUENCE = const(0x30)
_VERSION = const(0xA0)
_SHORT_YEAR = const(0x17)  # UTCTime; GeneralizedTime has four digits


class Certificate:
    """`begins_s`, `ends_s`: epoch s; `begins`, `ends`: the same as dates (UTC); `public`: bytes of
    the public key that its private key has too: the point of an elliptic curve, the modulus of
    RSA.

    pem: text, of which the first certificate counts. ValueError where it is none."""

    def __init__(self, pem: str):
        data = first_block(pem, "CERTIFICATE")
        try:
            items = _items(data, *_inside(data, *_inside(data, 0, len(data))))
            if data[items[0][0]] == _VERSION:
                items.pop(0)
            begins, ends = _items(data, *_content(data, items[3]))
            self.begins_s, self.begins = _time(data, begins)
            self.ends_s, self.ends = _time(data, ends)
            key = _taken(data, _items(data, *_content(data, items[5]))[1])
            self.public = key[1:]  # behind the count of bits that are not used
            if key[1] == _SEQUENCE:
                self.public = _taken(key, _items(key, *_inside(key, 1, len(key)))[0])
        except (IndexError, ValueError):
            raise ValueError("no certificate that the gateway can read")


def first_block(pem: str, kind: str) -> bytes:
    """The first block of PEM (RFC 7468) whose label ends with `kind`. ValueError."""
    for block in pem.split("-----BEGIN ")[1:]:
        label, _, rest = block.partition("-----")
        if label.endswith(kind):
            return a2b_base64(rest.partition("-----END ")[0])
    raise ValueError("there is no " + kind)


def fits(key_pem: str, certificate: Certificate) -> bool:
    """Whether this private key has the certificate's public key beside it, as SEC 1 (RFC 5915),
    PKCS #1 and PKCS #8 with either in it have."""
    return certificate.public in first_block(key_pem, "PRIVATE KEY")


def _header(data, at):
    """Where the contents of the item (X.690) at `at` begin and end."""
    size = data[at + 1]
    start = at + 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + size > len(data):
        raise ValueError
    return start, start + size


def _inside(data, start, end):
    """Where the contents of the sequence that lies there begin and end."""
    if data[start] != _SEQUENCE:
        raise ValueError
    return _header(data, start)


def _items(data, start, end):
    """[(start, end)] of the items in there, with their headers."""
    found = []
    while start < end:
        stop = _header(data, start)[1]
        found.append((start, stop))
        start = stop
    return found


def _content(data, item):
    return _header(data, item[0])


def _taken(data, item):
    start, end = _content(data, item)
    return data[start:end]


def _time(data, item):
    """Epoch s, and the date, of a UTCTime or GeneralizedTime that ends with Z (RFC 5280 section
    4.1.2.5)."""
    text = _taken(data, item).decode()
    if data[item[0]] == _SHORT_YEAR:
        text = ("19" if text[0] >= "5" else "20") + text
    if len(text) != 15 or text[14] != "Z":
        raise ValueError
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    years = year - 1 if month < 3 else year  # which begin with March: a leap day is the last
    months = (month + 9) % 12
    days = years * 365 + years // 4 - years // 100 + years // 400
    days += (months * 153 + 2) // 5 + day - 719469
    seconds = days * 86400 + int(text[8:10]) * 3600 + int(text[10:12]) * 60 + int(text[12:14])
    return seconds, "%s-%s-%s" % (text[:4], text[4:6], text[6:8])
