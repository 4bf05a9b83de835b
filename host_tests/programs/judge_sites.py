"""Standard input: tables of site.json. Prints of each why it is refused, or "taken"."""

import json
import sys

from site import document
from b_bus.site_meters import meters_of

for table in json.load(sys.stdin):
    try:
        document.load(json.dumps(table), meters_of)
        print("taken")
    except ValueError as error:
        print(error)
