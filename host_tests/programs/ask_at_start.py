"""An image with its maker's key starts, and a file `debug` is there: prints whether the console is
the engineer's who types on standard input."""

import json

import debug_entry

debug_entry.MODULUS = b"a key"
print(json.dumps(debug_entry.wanted(lambda: False, lambda *light: None)))
