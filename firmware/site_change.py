"""Another site takes the place of the one in use while the gateway runs (docs/site.md, "Applied"):
at the end of a report, whole, with what the registers have, and without a sample lost.

Owns when that happens. The measuring path stands still for it, as for a TLS handshake: the nodes
hold their blocks.
"""

import asyncio
import sys

from micropython import const

from site.site_file import FILE
from energy.record import Record
from assembly import build_next

_BEFORE = "site.json cannot be used, the one before it is: apply the configuration again"
_WAIT_MS = const(3000)  # for the end of a report; where none comes, nothing is measured


def is_smooth(old: Site, new: Site) -> bool:
    """Whether it can be done: the same supply's clock, and what is on the B-bus is the same."""
    if old.power_box or new.power_box:
        return False
    return (old.head, old.frequency, old.uuid, old.b_bus, old.feeds, old.gathers) == (
        new.head, new.frequency, new.uuid, new.b_bus, new.feeds, new.gathers,
    )  # fmt: skip


def _same_supply(old, new):
    return (old.scheme, old.voltage_ppm, old.synthesised) == (
        new.scheme, new.voltage_ppm, new.synthesised,
    )  # fmt: skip


def _points(old, new):
    """[(point of the new site, the same one of the old site)]."""
    places = {(point.node, point.input): j for j, point in enumerate(old.points)}
    pairs = []
    for i, point in enumerate(new.points):
        j = places.get((point.node, point.input))
        if j is not None:
            pairs.append((i, j))
    return pairs


def _quantity(site, i):
    """What point i measures, for which load of how many points."""
    point = site.points[i]
    load = site.loads[point.load]
    way = point.type, point.ratio_ppm, point.shift, point.offset, point.reversed
    return way, point.phase, point.phaseless, load.name, load.role, len(load.points)


def _alike(old, new, points):
    """Those of these that measure the same: what they had before counts together with what they
    have from now on."""
    if not _same_supply(old, new):
        return []
    return [(i, j) for i, j in points if _quantity(new, i) == _quantity(old, j)]


def _registers(old, new, points):
    """The same of the registers of points and loads: import and export each."""
    names = [load.name for load in old.loads]
    pairs = list(points)
    for k, load in enumerate(new.loads):
        if load.name in names:
            pairs.append((len(new.points) + k, len(old.points) + names.index(load.name)))
    return [(2 * i + d, 2 * j + d) for i, j in pairs for d in (0, 1)]


class SiteChange:
    """hardware: the board's; site: the one in use; measuring: pipeline.Measuring; journal:
    journal.Journal; record: energy.record.Record that it has; count: counts an error by name;
    begun: a function, called with the site that is used from now on, while nothing is written;
    announce: a coroutine function, called behind it, which publishes what the site is."""

    def __init__(
        self,
        hardware: BoardHardware,
        site: Site,
        measuring: Measuring,
        journal: Journal,
        record: Record,
        count: Count,
        begun: Callable[[Site], None],
        announce: Callable[[], Awaitable[object]],
    ):
        self._hardware = hardware
        self._site = site
        self._measuring = measuring
        self._journal = journal
        self._record = record
        self._count_error = count
        self._begun = begun
        self._announce = announce
        self._next: Site | None = None
        self._until_ms = 0
        self._failed: Exception | None = None
        self._over = asyncio.Event()
        self._changes = 0

    async def apply(self, site: Site) -> bool:
        """Have this one used, one at a time; whether it is, from now on. Else it takes a new
        start."""
        if not is_smooth(self._site, site):
            return False
        self.begin(site)
        await self._over.wait()
        if self._failed:
            self._count_error("site.unchanged")
            sys.print_exception(self._failed)
            return False
        await self._announce()
        return True

    def advice(self, counts: dict[str, int]) -> list[AdviceText]:
        """[(name, text)] where the site in use is not the newest. counts: of errors since
        start."""
        return [("site", _BEFORE)] if counts.get("start." + FILE) and not self._changes else []

    def begin(self, site: Site) -> None:
        """Have this one used, for which is_smooth() holds: steps() will."""
        self._failed = None
        self._over.clear()
        self._until_ms = self._hardware.uptime_ms() + _WAIT_MS
        self._next = site
        self._measuring.stop()

    def steps(self) -> Steps:
        """Do it, where it is due: a generator, called behind each report that was worked through,
        or every 2 s where there is none."""
        site, measuring = self._next, self._measuring
        if site is None or measuring.pending:
            return
        if not measuring.stopped and self._hardware.uptime_ms() < self._until_ms:
            return
        self._next = None
        try:
            yield from self._change(site)
        except Exception as error:
            self._failed = error
        finally:
            measuring.go_on()
            self._over.set()

    def _change(self, site):
        measuring, old = self._measuring, self._site
        measuring.aggregates.end()
        yield
        yield from self._journal.end_site()
        other = build_next(self._hardware, site, measuring)
        yield
        record = Record(site, other.energy, other.aggregates, self._count_error, self._record)
        yield
        points = _points(old, site)
        registers = _registers(old, site, points)
        other.energy.go_on(measuring.energy, points, registers)
        yield
        other.aggregates.go_on(measuring.aggregates, _alike(old, site, points), registers)
        yield
        prepared = self._journal.prepare_site(site, other.energy)
        yield
        measuring.go_on_as(other, _same_supply(old, site))
        self._journal.begin_site(record, prepared)
        self._site, self._record = site, record
        self._changes += 1
        print("site: " + site.fingerprint)
        self._begun(site)
