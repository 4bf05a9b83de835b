"""Reads certificates and keys. Standard input: [certificate, key] of each, PEM. Prints of each
from when to when it is valid, s, whether the key fits, and both dates; or the error."""

import json
import sys

from site.certificate import Certificate, fits

found = []
for pem, key in json.load(sys.stdin):
    try:
        certificate = Certificate(pem)
        one = [certificate.begins_s, certificate.ends_s, fits(key, certificate)]
        found.append(one + [certificate.begins, certificate.ends])
    except ValueError as error:
        found.append(str(error))
print(json.dumps(found))
