"""Starts a gateway; prints which file is refused, and why."""

import json
import sys

import start


def print_refusal(name, error):
    print(json.dumps({"name": name, "error": str(error)}))
    sys.exit(0)


start._refused = print_refusal
start.main()
