"""What is said of the gateway's own certificate. Standard input: [PEM or None, epoch s or None] of
each step, in which the certificate takes the place of the one before. Prints the texts of each."""

import json
import sys

from site.own_certificate import OwnCertificate

tls = {}
own = OwnCertificate({"tls": tls})
said = []
for tls["certificate"], now_s in json.load(sys.stdin):
    own.look()
    said.append([text for _, text in own.texts(now_s)])
print(json.dumps(said))
