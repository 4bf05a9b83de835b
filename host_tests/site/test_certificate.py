"""What the gateway reads of certificates and keys, held against the cryptography package, which
has made them."""

from __future__ import annotations

import base64
import datetime
import json
import random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from in_interpreter import succeed

# Both ways to write a time (RFC 5280 section 4.1.2.5 changes in 2050), leap days, and "never".
TIMES = [
    ("1950-01-01", "1999-12-31"),
    ("2024-02-29", "2024-03-01"),
    ("2000-02-29", "2049-12-31"),
    ("2025-11-24", "2050-01-01"),
    ("2026-01-01", "2100-02-28"),
    ("2026-12-31", "9999-12-31"),
]
P256, P384, RSA = (
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
    rsa.generate_private_key(65537, 2048),
)
KINDS = (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL)


def at(day: str, seconds: int = 0) -> datetime.datetime:
    begin = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC)
    return begin + datetime.timedelta(seconds=seconds)


def certificate(key, begins: datetime.datetime, ends: datetime.datetime, san: bool = True) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gatewäy 5020000042")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), begins, ends
    )
    if san:
        names = x509.SubjectAlternativeName([x509.DNSName("gateway.example")])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def text(key, kind=KINDS[0]) -> str:
    none = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, kind, none).decode()


def read(pairs: list) -> list:
    return json.loads(succeed("read_certificates", given=pairs, heap="2M"))


def test_from_when_to_when():
    chance = random.Random(20261129)
    spans = [(at(a, chance.randrange(86400)), at(b, chance.randrange(86400))) for a, b in TIMES]
    found = read([[certificate(P256, *span), text(P256)] for span in spans])
    expected = [[int(a.timestamp()), int(b.timestamp()), True] for a, b in spans]
    assert found == [[*one, *days] for one, days in zip(expected, map(list, TIMES), strict=True)]


def test_which_key_belongs_to_it():
    keys = [P256, P384, RSA, ec.generate_private_key(ec.SECP256R1())]
    pairs, expected = [], []
    for own in keys:
        pem = certificate(own, at("2026-01-01"), at("2027-01-01"), san=own is RSA)
        for key in keys:
            for kind in KINDS:
                pairs.append(
                    [pem + certificate(P256, at("2020-01-01"), at("2021-01-01")), text(key, kind)]
                )
                expected.append(key is own)
    assert [one[2] for one in read(pairs)] == expected


def test_what_is_none():
    """Cut off anywhere, or with any byte changed, it is refused or read, and no more."""
    pem = certificate(P256, at("2026-01-01"), at("2027-01-01"))
    data = base64.b64decode("".join(pem.splitlines()[1:-1]))

    def wrapped(inside: bytes) -> str:
        body = base64.encodebytes(inside).decode()
        return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"

    cut = [[wrapped(data[:size]), text(P256)] for size in range(1, len(data), 3)]
    words = "no certificate that the gateway can read"
    assert read(cut) == [words] * len(cut)
    chance = random.Random(7)
    changed = []
    for _ in range(300):
        wrong = bytearray(data)
        wrong[chance.randrange(len(wrong))] ^= 1 << chance.randrange(8)
        changed.append([wrapped(bytes(wrong)), text(P256)])
    assert all(isinstance(one, list) or one == words for one in read(changed))
    assert read([[text(P256), pem], [pem, pem]]) == [
        "there is no CERTIFICATE",
        "there is no PRIVATE KEY",
    ]


DAY = 86400
EXPIRED = (
    "the gateway's own certificate expired on 2027-03-01: give a new one, by the command renew "
    "or, without a connection, in settings.json"
)
SOON = "the gateway's own certificate expires on 2027-03-01: renew it before, by the command renew"
EARLY = (
    "the gateway's own certificate is not valid before 2026-02-28: give one that is, or wait until"
    " then; or the gateway's clock is wrong"
)


def judged(steps: list, field: str = "certificate") -> list:
    return json.loads(succeed("judge_validity", field, given=steps, heap="2M"))


def test_what_is_said_of_it_and_when():
    """Both ends are within it, as OpenSSL takes them; a month ahead it is said, and nothing while
    the time is unknown."""
    begins, ends = at("2026-02-28", 3600), at("2027-03-01", 3600)
    pem = certificate(P256, begins, ends)
    first, last = int(begins.timestamp()), int(ends.timestamp())
    times = {
        None: None, 0: EARLY, first - 1: EARLY, first: None, last - 30 * DAY: None,
        last - 30 * DAY + 1: SOON, last: SOON, last + 1: EXPIRED, last + 5000 * DAY: EXPIRED,
    }  # fmt: skip
    said = judged([[pem, now_s] for now_s in times])
    assert said == [[text] if text else [] for text in times.values()]


def test_a_new_one_is_judged_in_its_place():
    """Renewed, taken back, taken away, or cannot be read: nothing of the old one stays."""
    old = certificate(P256, at("2026-01-01"), at("2027-03-01"))
    new = certificate(RSA, at("2026-01-01"), at("2036-03-01"))
    now_s = int(at("2027-03-02").timestamp())
    none = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    given = [old, new, old, none, old, None, new + old]
    said = judged([[pem, now_s] for pem in given])
    assert said == [[EXPIRED] if pem is old else [] for pem in given]


def test_of_several_cas_the_last_one_counts():
    """What is no certificate among them says nothing."""
    pems = [certificate(P256, at(a), at(b)) for a, b in (("2020-01-01", "2027-03-01"),
            ("2026-01-01", "2027-09-01"))]  # fmt: skip
    name, other = "the gateway's own certificate", "the CA in mqtt.tls.ca"
    days = ["2027-01-01", "2027-02-20", "2027-03-02", "2027-08-20", "2027-09-02"]
    times = [int(at(day).timestamp()) for day in days]
    alone = judged([[pems[0], now_s] for now_s in times], "ca")
    assert alone == [[], *([text.replace(name, other)] for text in (SOON, *[EXPIRED] * 3))]
    late = [text.replace("03-01", "09-01").replace(name, other) for text in (SOON, EXPIRED)]
    for both in (pems[0] + text(P256) + pems[1], pems[1] + pems[0]):
        assert judged([[both, now_s] for now_s in times], "ca") == [[]] * 3 + [[a] for a in late]
