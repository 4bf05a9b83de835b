"""Which site the start takes of the files that are there. Standard input: whether the program is
on trial. Prints [its name or None, its file, the files that are refused, why the last one is], or
"begins anew" where it does."""

import json
import sys

from update import slots
import start


class Device:
    serial, debug = None, False

    def uptime_ms(self):
        return 0

    def end_kept(self):
        return b""

    def keep_end(self, data):
        pass

    def restart(self):
        raise SystemExit


on_trial = json.load(sys.stdin)
slots.is_on_trial = lambda: on_trial
why = [None]
start._refused = lambda name, error: why.append(str(error))
refused = []
try:
    found, name = start._installation(refused, Device())
except SystemExit:
    print(json.dumps("begins anew"))
else:
    print(json.dumps([found and found.name, name, refused, why[-1]]))
