"""The key that signs programs: RSA-3072, in files outside the repository's history."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from gateway_host.errors import UserError

BITS = 3072
_EXPONENT = 65537


def make(file: Path) -> None:
    """Makes a private key, PEM, that only its owner reads; UserError where one is there."""
    key = rsa.generate_private_key(_EXPONENT, BITS)
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UserError(
            f"{file} is there already: gateways that know it take nothing that another signs"
        ) from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(text)


def sign(file: Path, text: bytes) -> bytes:
    """PKCS#1 v1.5 with SHA-256."""
    return _load(file).sign(text, padding.PKCS1v15(), hashes.SHA256())


def modulus(file: Path) -> bytes:
    """Of the key, big-endian."""
    return _load(file).private_numbers().public_numbers.n.to_bytes(BITS // 8, "big")


def _load(file: Path) -> RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except FileNotFoundError as error:
        raise UserError(
            f"KEY={file}: there is none; `make signkey KEY={file}` makes one"
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"KEY={file}: {error}") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size != BITS:
        raise UserError(f"KEY={file}: must be an RSA key of {BITS} bits")
    return key
