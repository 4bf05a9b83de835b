"""The C library's offsets from UTC by the rule in TZ. Standard input: times."""

import json
import sys
import time

time.tzset()
print(json.dumps([time.localtime(at).tm_gmtoff for at in json.load(sys.stdin)]))
