"""What the device runs after boot. The one file that is not precompiled: as short as can be."""

import micropython

micropython.kbd_intr(-1)  # a byte 03 on the console ends nothing: start.py says who may

try:
    import program

    program.choose()
    from system import modules

    modules.enter_built_in()  # start imports them more than once
    import start
except Exception as error:  # a module that does not load
    from last_resort import fail

    fail(error)
else:
    start.main()
