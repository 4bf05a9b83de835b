"""Signatures as the gateway verifies them, against the package cryptography, which makes them; and
what somebody with another key, or a careless check, would get through."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from in_interpreter import succeed

TEXT = b'{"version": "0.2.0"}'
# DER of DigestInfo for SHA-256 and for SHA-1 (RFC 8017 section 9.2, note 1).
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
SHA1 = bytes.fromhex("3021300906052b0e03021a05000414")


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


def modulus(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_numbers().n.to_bytes(384, "big")


def raw(key: rsa.RSAPrivateKey, encoded: bytes) -> bytes:
    """The private power of an encoded message, whatever it is."""
    numbers = key.private_numbers()
    number = pow(int.from_bytes(encoded, "big"), numbers.d, numbers.public_numbers.n)
    return number.to_bytes(384, "big")


def encoded(digest_info: bytes, digest: bytes, kind: int = 1, fill: int = 0xFF, more: bytes = b""):
    tail = b"\0" + digest_info + digest + more
    return bytes([0, kind]) + bytes([fill]) * (382 - len(tail)) + tail


def verified(cases: list[tuple[bytes, bytes, bytes]], bits: int) -> list[bool]:
    given = [[part.hex() for part in case] for case in cases]
    return json.loads(succeed("verify_signatures", given=given, bits=bits))


def test_what_is_signed_and_what_is_not(key, bits):
    n = modulus(key)
    signature = key.sign(TEXT, padding.PKCS1v15(), hashes.SHA256())
    digest = hashlib.sha256(TEXT).digest()
    assert raw(key, encoded(SHA256, digest)) == signature
    other = rsa.generate_private_key(65537, 3072)
    flipped = signature[:-1] + bytes([signature[-1] ^ 1])
    beyond = (int.from_bytes(signature, "big") + int.from_bytes(n, "big")).to_bytes(385, "big")
    refused = [
        (TEXT + b" ", signature, n),
        (TEXT, flipped, n),
        (TEXT, signature, modulus(other)),
        (TEXT, other.sign(TEXT, padding.PKCS1v15(), hashes.SHA256()), n),
        (TEXT, b"", n),
        (TEXT, bytes(384), n),
        (TEXT, n, n),
        (TEXT, beyond, n),
        (TEXT, signature[1:], n),
        (TEXT, key.sign(TEXT, padding.PKCS1v15(), hashes.SHA512()), n),
        (TEXT, raw(key, encoded(SHA1, hashlib.sha1(TEXT).digest())), n),
        (TEXT, raw(key, encoded(SHA256, digest, kind=2)), n),
        (TEXT, raw(key, encoded(SHA256, digest, fill=0xFE)), n),
        # A check that looks for the digest behind some padding takes what follows for nothing.
        (TEXT, raw(key, encoded(SHA256, digest, more=b"garbage")), n),
        (TEXT, raw(key, encoded(b"", digest)), n),
    ]
    assert verified([(TEXT, signature, n), *refused], bits) == [True] + [False] * len(refused)
