"""A factory reset after a year: without a cut, then with the power cut at each of its operations,
before it and in its midst. Standard input: power_up.py's; `blocks`, of the flash; `most`, at how
many operations between the first and the last 6 the power is cut, all where it is not there.
Prints what came of each, and of the next power-up, a table."""

import json
import os

from nor_flash import Supply, chip
from power_up import deliver, found, give_back, given, look, power_up, use

deliver(given["blocks"])
used = power_up(use)
os.remove("site.json")  # it is not a whole one
before = bytes(chip.flash.data)


def give_back_once():
    done = []

    def work(gateway):
        if not done:
            done.append(True)
            give_back(gateway)

    return work


def reset_with(work, cut=None, torn=False):
    """What comes of it."""
    chip.supply = Supply(cut, torn)
    chip.flash.data[:] = before
    chip.nvs[:] = []
    found.clear()
    reported = {"reset": power_up(work), "operations": chip.supply.count}
    chip.supply = Supply()
    reported["begun"] = bool(chip.nvs) or chip.flash.data != before
    reported["then"] = power_up(look)
    reported["given"] = chip.flash.data.count(b"SECRET")
    reported["secrets"] = reported["given"] + chip.flash.data.count(b"journal")
    reported["as_before"] = chip.flash.data == before
    reported.update(found)
    return reported


whole = reset_with(give_back_once())
count = whole["operations"]
step = max(1, count // given.get("most", count))
places = [cut for cut in range(count) if cut < 6 or cut >= count - 6 or cut % step == 0]
cuts = [reset_with(give_back, cut, torn) for cut in places for torn in (False, True)]
print(json.dumps({"used": used, "secrets": before.count(b"SECRET"), "whole": whole, "cuts": cuts}))
