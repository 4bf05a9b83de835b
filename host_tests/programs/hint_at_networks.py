"""Standard input: a list of [ssid, key]. Prints of each whether other gateways may not accept
it."""

import json
import sys

from hotspot.credentials import beyond_manual

print(json.dumps([beyond_manual(*case) for case in json.load(sys.stdin)]))
