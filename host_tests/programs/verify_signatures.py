"""Standard input: [[text, signature, modulus], ...], hexadecimal. Prints whether each is
signed."""

import json
import sys
from binascii import unhexlify

from update.signature import is_signed

print(
    json.dumps([is_signed(*[unhexlify(part) for part in case]) for case in json.load(sys.stdin)])
)
