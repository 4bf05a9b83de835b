"""Starts a gateway; prints the names of its tasks."""

import json
import sys

import gateway
import start


async def print_names(counters, tasks, watch):
    print(json.dumps({"tasks": [name for name, _, _ in tasks]}))
    sys.exit(0)


gateway.run_all = print_names
start.main()
