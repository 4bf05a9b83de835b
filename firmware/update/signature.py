"""RSA signatures with SHA-256 (PKCS#1 v1.5, RFC 8017 section 8.2.2), exponent 65537.

RSA, because a verification is one power of an integer, 9 ms on the chip for 3072 bits, and stock
MicroPython has neither elliptic curves nor SHA-512 for programs.
"""

import hashlib

# DER of DigestInfo for SHA-256, without the digest (RFC 8017 section 9.2, note 1).
_DIGEST_INFO = b"010\r\x06\t`\x86H\x01e\x03\x04\x02\x01\x05\x00\x04 "
_EXPONENT = 65537


def is_signed(text: bytes, signature: bytes, modulus: bytes) -> bool:
    """Whether the owner of the key has signed this text. modulus: big-endian, as long as the
    signature."""
    size = len(modulus)
    number, n = int.from_bytes(signature, "big"), int.from_bytes(modulus, "big")
    if len(signature) != size or number >= n:
        return False
    digest = hashlib.sha256(text).digest()
    padding = b"\xff" * (size - 3 - len(_DIGEST_INFO) - len(digest))
    expected = b"\x00\x01" + padding + b"\x00" + _DIGEST_INFO + digest
    return pow(number, _EXPONENT, n).to_bytes(size, "big") == expected
