"""What a site on the B-bus says of itself while site.json is checked; see document.load()."""

import sys

from system.modules import unload


def meters_of(table: Table) -> dict[str, Sequence[int]]:
    """{name of a meter: its phases} of site.json's `b_bus`; SiteError when that is not usable."""
    before = list(sys.modules)
    from b_bus import read

    phases = {meter.name: meter.phases for meter in read.read(table).meters}
    del read
    # A running gateway loads it again, where it finds room in the heap.
    unload(*(name for name in list(sys.modules) if name not in before))
    return phases
