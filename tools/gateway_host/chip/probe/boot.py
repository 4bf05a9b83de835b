"""What MicroPython runs before main.py, on the bench alone."""

import chip_files  # noqa: F401  (before all others)
import chip_probe

chip_probe.start()
