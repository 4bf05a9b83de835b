"""What the device runs after boot. The one file that is not precompiled: as short as can be."""

from start import main

main()
