"""Loads all that is needed while measuring, and unloads some. Prints the modules; whether one is
kept that is loaded at the start; whether one is left that is not."""

import sys

from system import modules

modules.load(True, lambda: 0)
print(" ".join(sys.modules))
modules.unload("net.sntp")
print("net.sntp" in sys.modules)
import energy.totals  # noqa: E402

modules.unload("energy.totals")
print("energy.totals" in sys.modules or hasattr(energy, "totals"))
