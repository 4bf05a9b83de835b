"""Whose programs this gateway takes. Owns nothing."""

# The modulus of the RSA-3072 key that signs them, big-endian; `make image KEY=...` enters it.
# Without one no update is taken.
MODULUS: bytes | None = None
