"""What is said of a certificate in settings.json. Argument: the field. Standard input: [PEM or
None, epoch s or None] of each step, in which the certificate takes the place of the one before.
Prints the texts of each."""

import json
import sys

from site.validity import Validity

field = sys.argv[1]
tls = {}
validity = Validity({"tls": tls}, field)
said = []
for tls[field], now_s in json.load(sys.stdin):
    validity.look()
    said.append([text for _, text in validity.texts(now_s)])
print(json.dumps(said))
