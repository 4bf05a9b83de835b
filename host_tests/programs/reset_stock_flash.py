"""A factory reset of a stock MicroPython, whose program lies beside what it erases, after long
use: `turns` of settings, site and small files (standard input). As reset_used_flash."""

import json
import os
import sys

from used_flash import Gateway, flash

from panel import factory_reset

given = json.load(sys.stdin)
with open("main.py", "w") as file:
    file.write("PROGRAM" * 600)
for i in range(given["turns"]):  # small files lie in their folder's own block
    with open("SECRETNAME%d" % (i % 3), "w") as file:
        file.write("SECRETSMALL%d" % i)
    if i % 5 == 0:
        os.remove("SECRETNAME%d" % (i % 3))
before = bytes(flash.data).count(b"SECRET")
gateway = Gateway(None)
fed = []
gateway.feed = lambda: fed.append(1)
factory_reset.reset(gateway)
left = sorted(os.listdir())
with open("factory.json") as file:
    label = file.read()
with open("main.py") as file:
    whole = file.read() == "PROGRAM" * 600
with open("again", "w") as file:  # there is as much room as before
    file.write("x" * 65536)
flash.save()
said = {"before": before, "left": left, "label": label, "whole": whole, "fed": len(fed)}
sys.stdout.write(json.dumps(said))
