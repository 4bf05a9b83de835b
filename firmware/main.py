"""What the device runs after boot. The one file that is not precompiled: as short as can be."""

import micropython

micropython.kbd_intr(-1)  # a byte 03 on the console ends nothing: start.py says who may

import start  # noqa: E402

start.main()
