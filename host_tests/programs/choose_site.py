"""Which site the start takes of the files that are there. Prints [its name or None, its file, the
files that are refused, why the last one is]."""

import json

import start

why = [None]
start._refused = lambda name, error: why.append(str(error))
refused = []
found, name = start._installation(refused, None)
print(json.dumps([found and found.name, name, refused, why[-1]]))
