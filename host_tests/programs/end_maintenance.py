"""The new start behind a command that was written, of Maintenance: the clean end fails, the answer
cannot be looked after, or there is no memory for it. Prints how often it began anew in each."""

import asyncio
import json

from cloud.maintenance import Maintenance


class Anything:
    uuid = "u"


class Commands:
    fails = False

    @staticmethod
    def on(name, carry_out, **words):
        carried_out[name] = carry_out

    def is_idle(self):
        if self.fails:
            raise OSError(5)
        return True


async def close():
    if failing["close"]:
        raise OSError(28)


def no_memory(task):
    task.close()
    raise MemoryError


def give_back():
    pass


async def main():
    create_task = asyncio.create_task
    found = {}
    for what in "nothing", "close", "commands", "memory":
        failing["close"] = what == "close"
        restarts = []
        commands = Commands()
        commands.fails = what == "commands"
        words = commands, close, lambda to=restarts: to.append(1), lambda: 0, give_back
        Maintenance(Anything.uuid, None, None, "5020000042", None, None, *words).declare()
        if what == "memory":
            asyncio.create_task = no_memory
        carried_out["free"]({"site": "u", "gateway": "5020000042", "losing": False})
        asyncio.create_task = create_task
        await asyncio.sleep(1.5)
        found[what] = len(restarts)
    print(json.dumps(found))


carried_out = {}
failing = {}
asyncio.run(main())
