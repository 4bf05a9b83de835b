"""Standard input: tables of meters' profiles. Prints of each its requests and the count of
registers, or the error."""

import json
import sys

from b_bus import meter_profile

for table in json.load(sys.stdin):
    try:
        profile = meter_profile.Profile(table)
        print(json.dumps([profile.requests, len(profile.registers)]))
    except ValueError as error:
        print(json.dumps(str(error)))
