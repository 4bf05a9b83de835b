"""What the device runs after boot: the one file that is not precompiled, so as short as can be."""
precompiled."""

from start import main

main()
