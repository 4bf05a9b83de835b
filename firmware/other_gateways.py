"""Makes one site of several gateways, where site.json says so (docs/several-gateways.md): at the
start, so that nothing of it is loaded where it does not.
"""

import os

from system.durable import Durable

_FILE = "gathered"  # what a Genius keeps of the others' counters


def feeds_of(
    hardware: BoardHardware,
    site: Site,
    key: str,
    measuring: Measuring,
    online: Callable[[], bool],
    calm: Callable[[], bool],
    counters: Counters,
) -> Sequence[Feed]:
    """What makes one site of several gateways, where site.json says so: one Feed or none, which
    costs nothing. key: the site's; online, calm: functions, whether there is a network, and
    whether the flash may be written."""
    if site.gathers:
        from feed.receiver import Receiver

        forget = "registers.lost" in counters.counts
        way = calm, counters.count, Durable(_FILE), forget
        return (Receiver(hardware, site, key, measuring, *way),)
    _forget()
    if site.feeds:
        from feed.sender import Sender

        return (Sender(hardware, site, key, measuring, online, counters.count),)
    return ()


def _forget():
    """Whoever is gathered again later begins anew: what it counts meanwhile is not this site's."""
    for slot in (0, 1):
        try:
            os.remove("%s.%d" % (_FILE, slot))
        except OSError:
            pass  # there is none
