"""Standard input: a list of [ssid, key, security]. Prints the list of messages, None where
accepted."""

import json
import sys

from hotspot.credentials import CredentialError, check_network

messages = []
for case in json.load(sys.stdin):
    try:
        check_network(*case)
        messages.append(None)
    except CredentialError as error:
        messages.append(str(error))
print(json.dumps(messages))
