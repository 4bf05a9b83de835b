"""Makes one site of several gateways, where site.json says so (docs/several-gateways.md): at the
start, so that nothing of it is loaded where it does not.
"""


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
        return (Receiver(hardware, site, key, measuring, calm, counters.count, forget),)
    if site.feeds:
        from feed.sender import Sender

        return (Sender(hardware, site, key, measuring, online, counters.count),)
    return ()
