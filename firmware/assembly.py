"""Puts the measuring path of a site together, on a board's hardware: at the start, and for a site
that takes the place of another one."""

from site.sampling import SAMPLE_RATE
from bus_a import BusA
import pipeline

_SESSIONS = 65535


def build_measuring(
    hardware: BoardHardware,
    site: Site,
    waiting: Callable[[], None],
    report_samples: int = SAMPLE_RATE,
) -> Measuring:
    """The measuring path of a site on this hardware: a Measuring. `waiting`: called when a
    report waits to be worked through. `report_samples`: see metering.Meter."""
    if site.power_box:
        from b_bus.power_box import NoBusA

        return pipeline.build(NoBusA(), site, hardware.now_ms, waiting, report_samples)
    bus = _bus(hardware, site, 1 + hardware.entropy() % _SESSIONS)
    _wait_for_head(bus, site)
    return pipeline.build(bus, site, hardware.now_ms, waiting, report_samples)


def build_next(hardware: BoardHardware, site: Site, old: Measuring) -> Measuring:
    """The same of a site with the same head, which is to go on as `old`, at the block at which
    that has stopped."""
    before: Any = old.bus
    bus = _bus(hardware, site, 1 + before.session % _SESSIONS)
    bus.go_on(before, old.stopped[0] if old.stopped else before.backlog.next)
    _wait_for_head(bus, site)
    return pipeline.build(bus, site, hardware.now_ms, lambda: None)


def _wait_for_head(bus, site):
    """Not for ever, where others measure too, who need none."""
    if not bus.backlog.head.known and any(point.metered for point in site.points):
        bus.backlog.do_without_head()


def _bus(hardware, site, session):
    return BusA(
        hardware.a_uart,
        hardware.ticks_us,
        hardware.a_baud,
        site.nodes(),
        3 + len(site.points),
        session,
    )
