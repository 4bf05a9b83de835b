"""A board one of whose links fails. Standard input: `name`, of its class in `network`; `error`,
[name, argument] of what is raised; `made`, whether by active() and not by the constructor.
Prints which of Ethernet, radio and modem are there."""

import builtins
import json
import sys

from esp32_fakes import Module, network

import board
import hardware

given = json.load(sys.stdin)


def fails(*what):
    name, argument = given["error"]
    raise getattr(builtins, name)(argument)


def broken(*what, **named):
    return Module(active=fails) if given["made"] else fails()


setattr(network, given["name"], broken)
made = hardware.make(board)
print(json.dumps([made.ethernet is not None, made.radio is not None, made.modem is not None]))
