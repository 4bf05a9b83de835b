"""Standard input: [serial number of the gateway or null, tables of site.json]. Prints of each why
it is refused, or "taken" and its fingerprint."""

import json
import sys

from system import modules
from site import document
from b_bus.site_meters import meters_of

modules.keep_all()  # else each document has them compiled anew
gateway, tables = json.load(sys.stdin)
for table in tables:
    try:
        print("taken", document.load(json.dumps(table), meters_of, gateway).fingerprint)
    except ValueError as error:
        print(error)
