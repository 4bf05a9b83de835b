"""Standard input: rules of time zones. Prints of each "taken" or "refused"."""

import json
import sys

from site import zone

for rule in json.load(sys.stdin):
    try:
        zone.parse(rule)
        print("taken")
    except ValueError:
        print("refused")
