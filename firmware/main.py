"""What the device runs after boot. As short as can be: it is the one file that is not precompiled."""

from start import main

main()
