"""Loads the whole program of an image from its files, as a gateway does at its start. Prints the
bytes of heap that it takes then."""

import gc

gc.collect()
before = gc.mem_alloc()

from system import modules  # noqa: E402
import start  # noqa: E402, F401

modules.keep_all()
modules.load(True, lambda: None)
modules.load_gateway(lambda: None)
gc.collect()
print(gc.mem_alloc() - before)
