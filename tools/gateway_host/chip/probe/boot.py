"""What MicroPython runs before main.py, on the bench alone."""

import chip_probe

chip_probe.start()
