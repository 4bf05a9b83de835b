"""Of each text of a settings.json (standard input): the sentence with which it is refused, null
where it is not. Prints them."""

import json
import sys

from site import settings_check

said = []
for text in json.load(sys.stdin):
    try:
        settings_check.load(text, True)
        said.append(None)
    except Exception as error:
        said.append("%s: %s" % (type(error).__name__, error))
print(json.dumps(said))
