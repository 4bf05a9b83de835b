"""main.py on a made-up chip. Standard input: its path. Prints what becomes of Ctrl-C, whether the
board is an engineer's, how often the watchdog was set."""

import json
import sys

from esp32_fakes import Anything, Module, machine

import board

calls, fed = [], []
sys.modules["micropython"] = Module(
    kbd_intr=lambda code: calls.append(code), const=lambda value: value, opt_level=lambda: 0
)
machine.WDT = lambda timeout: fed.append(timeout) or Anything()


class Start:
    def main(self):
        import hardware

        made = hardware.make(board)
        made.watchdog(30000)
        made.feed()
        calls.append(made.debug)


sys.modules["start"] = Start()
with open(json.load(sys.stdin)) as file:
    exec(file.read(), {})
print(json.dumps([calls, fed]))
