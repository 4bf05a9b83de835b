"""Reads certificates and keys. Standard input: [certificate, key] of each, PEM. Prints of each
from when to when it is valid, s, and whether the key fits, or the error."""

import json
import sys

from site.certificate import Certificate, fits

found = []
for pem, key in json.load(sys.stdin):
    try:
        certificate = Certificate(pem)
        found.append([certificate.begins_s, certificate.ends_s, fits(key, certificate)])
    except ValueError as error:
        found.append(str(error))
print(json.dumps(found))
