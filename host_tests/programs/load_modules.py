"""Loads all that is needed while measuring, and unloads some. Prints the modules; whether one is
left that was unloaded, without and with all kept."""

import sys

from system import modules

modules.enter_built_in()
import energy.totals  # noqa: E402

modules.unload("energy.totals")
left = "energy.totals" in sys.modules or hasattr(energy, "totals")
modules.keep_all()
modules.load(True, lambda: 0)
modules.load_gateway(lambda: 0)
print(" ".join(sys.modules))
print(left)
modules.unload("net.sntp")
print("net.sntp" in sys.modules)
