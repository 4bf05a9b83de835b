"""Loads the gateway's modules. Prints how many come at most between two looks at the line, and how
many there are then."""

import sys

import system.ends  # noqa: F401
from system import modules
import hotspot.improv  # noqa: F401
import wifi_provision  # noqa: F401
from site import document, settings  # noqa: F401

steps = [len(sys.modules)]
modules.load_gateway(lambda: steps.append(len(sys.modules)))
import gateway  # noqa: E402, F401

steps.append(len(sys.modules))
print(max(after - before for before, after in zip(steps, steps[1:])), len(sys.modules))
