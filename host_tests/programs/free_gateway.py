"""The command `free` as Maintenance carries it out. Standard input: a list of [fields, minutes
that are not delivered, whether the label can be kept]. Prints for each [the answer or None, the
refusal or None, how often all was given back]."""

import asyncio
import json
import sys

from system.refused import Refused
from cloud.maintenance import Maintenance


class Anything:
    uuid = "u"


class Commands:
    @staticmethod
    def on(name, carry_out, **words):
        carried_out[name] = carry_out


class Label:
    def __init__(self, can_be_kept):
        self.can_be_kept = can_be_kept
        self.given_back = 0

    def give_back(self):
        if not self.can_be_kept:
            raise OSError(28)
        self.given_back += 1


def answered(fields, undelivered, label):
    """The answer, and the refusal."""
    words = Commands, None, None, lambda: undelivered, label.give_back
    Maintenance(Anything.uuid, None, None, "5020000042", None, None, *words).declare()
    try:
        return [json.loads(carried_out["free"](fields)), None]
    except Refused as error:
        return [None, str(error)]


async def main():
    for fields, undelivered, can_be_kept in json.load(sys.stdin):
        label = Label(can_be_kept)
        said = answered(fields, undelivered, label)
        print(json.dumps(said + [label.given_back]))


carried_out = {}
asyncio.run(main())
