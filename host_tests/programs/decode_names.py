"""Standard input: `bytes` of names, and `names`, a list in JSON. Prints of the former the text and
whether it may be joined, of the latter the whole name."""

import json
import sys

from hotspot.credentials import may_join, text_of, whole

cases = json.load(sys.stdin)
reported = []
for data in cases["bytes"]:
    text = text_of(bytes(data))
    reported.append([list(text.encode()), may_join(text, "wpa2")])
whole_names = [list(whole(name).encode()) for name in json.loads(cases["names"])]
print(json.dumps([reported, whole_names]))
