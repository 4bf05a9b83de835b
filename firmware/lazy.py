"""Modules that are in the heap only while they are needed: import them where they are used, then
forget them."""

import gc
import sys


def forget(*names):
    """Give back what these modules take, as far as nobody else holds it."""
    for name in names:
        sys.modules.pop(name, None)
    gc.collect()
