"""What the registers say, as bytes in two slots of the flash: it goes on after a restart and a
power cut.

Owns the record's format. A point goes on by its node and input, a load by its name, all of it by
the site's uuid: what is new begins at 0, and what the site has not any more is kept for its
return. Between two records a power cut takes what was counted
since the last one. The journal, which is written with it, says when.
"""

import struct
from binascii import crc32

from micropython import const

from system.durable import OVERHEAD, Durable

_STEP = const(4)  # points or loads at once
_VERSION = const(1)
_HEAD = "<BBBxI"  # version, points, loads, the uuid's CRC-32
_POINT = "<I8q"  # who, and what registers.Energy.point_record() gives
_LOAD = "<I4q"  # who, import, export, and both of today
_OF_TODAY = const(16)  # bytes, the last ones of these
_DAY = "<i9q"
_MONTH = "<iiqqqi"
_HOURS = "<48i"
_NONE = const(-1)
_MAX_GONE = const(64)  # points, and loads, that are kept without being in the site


def _who(text):
    return crc32(text.encode())


def found() -> int | None:
    """The CRC-32 of the uuid of the site whose registers the flash has, None where it has none of
    this version."""
    value = Durable("registers").value
    if value is None or value[0] != _VERSION:
        return None
    return int(struct.unpack_from(_HEAD, value)[3])


def _size(points, loads):
    size = sum(struct.calcsize(one) for one in (_HEAD, _DAY, _MONTH, _HOURS))
    return size + struct.calcsize(_POINT) * points + struct.calcsize(_LOAD) * loads


class Record:
    """`rest`: the bytes that were kept behind the registers; `doubtful`: whether some that were
    kept later may be lost; `site`: the CRC-32 of the site's uuid, `found`: of the one whose
    registers these were, None where none are there; `size`: how many bytes there are before `rest`
    in the file.

    energy: registers.Energy; aggregates: aggregates.Aggregates, both new; count: counts an error
    by name. before: the Record of the site before this one, which goes on with what it has taken
    last: it is not used any more then."""

    def __init__(
        self,
        site: Site,
        energy: Energy,
        aggregates: Aggregates,
        count: Count,
        before: RegistersRecord | None = None,
    ):
        self._energy = energy
        self._aggregates = aggregates
        self.site = _who(site.uuid)
        self.found: int | None = None
        self._points = [_who("%s/%d" % (point.node, point.input)) for point in site.points]
        self._loads = [_who(load.name) for load in site.loads]
        self._gone_points: list[Bytes] = []
        self._gone_loads: list[Bytes] = []
        self._gone_day: int | None = None  # on which these have counted last
        self.rest: bytes = b""
        self._store = before._store if before else Durable("registers")
        damaged, value = self._store.damaged, self._store.value
        self.doubtful = damaged > 0 or value is not None and self._store.missing > 0
        if before:
            value = before._bytes
        if value is not None:
            try:
                self.rest = bytes(value[_size(value[1], value[2]) :])
                self._restore(value)
            except (ValueError, IndexError):  # of another version or site
                count("registers.lost")
            aggregates.begin()
        elif self._store.damaged:
            count("registers.lost")
        points = len(self._points) + len(self._gone_points)
        loads = len(self._loads) + len(self._gone_loads)
        self._bytes = bytearray(_size(points, loads))
        struct.pack_into(_HEAD, self._bytes, 0, _VERSION, points, loads, self.site)
        self.size = len(self._bytes) + OVERHEAD

    def _restore(self, data):
        version, points, loads, uuid = struct.unpack_from(_HEAD, data, 0)
        if version != _VERSION:
            raise ValueError
        self.found = uuid
        if uuid != self.site:
            raise ValueError
        at = struct.calcsize(_HEAD)
        for _ in range(points):
            who, *values = struct.unpack_from(_POINT, data, at)
            if who in self._points:
                self._energy.restore_point(self._points.index(who), values)
            elif len(self._gone_points) < _MAX_GONE:
                self._gone_points.append(bytes(data[at : at + struct.calcsize(_POINT)]))
            at += struct.calcsize(_POINT)
        today = self._aggregates.today
        for _ in range(loads):
            who, imported, exported, *of_today = struct.unpack_from(_LOAD, data, at)
            if who in self._loads:
                k = self._loads.index(who)
                self._energy.restore_load(k, imported, exported)
                today.restore_load(k, *of_today)
            elif len(self._gone_loads) < _MAX_GONE:
                self._gone_loads.append(bytes(data[at : at + struct.calcsize(_LOAD)]))
            at += struct.calcsize(_LOAD)
        day, *sums = struct.unpack_from(_DAY, data, at)
        self._gone_day = None if day == _NONE else day
        today.restore(self._gone_day, sums)
        at += struct.calcsize(_DAY)
        demand = struct.unpack_from(_MONTH, data, at)
        demand = [None if one == _NONE else one for one in demand]
        self._aggregates.demand.restore(*demand)
        at += struct.calcsize(_MONTH)
        hours = struct.unpack_from(_HOURS, data, at)
        self._aggregates.always_on.restore(hours[:24], hours[24:])

    def taken(self) -> bytes:
        """What fill() has taken."""
        return bytes(self._bytes)

    def write(self, rest: bytes, taken: bytes | None = None) -> None:
        """Write what fill() has taken last, or what taken() gave before, and `rest` behind it;
        OSError where there is no room, and then what was written before stays. Blocks: it erases
        one block of the flash for each 4 kB, seldom two more."""
        self._store.write(b"".join([taken or self._bytes, rest]))

    def fill(self) -> Steps:
        """Take what the registers have: a generator; nothing may be counted meanwhile."""
        data, energy, today = self._bytes, self._energy, self._aggregates.today
        at = struct.calcsize(_HEAD)
        for i, who in enumerate(self._points):
            struct.pack_into(_POINT, data, at, who, *energy.point_record(i))
            at += struct.calcsize(_POINT)
            if i % _STEP == _STEP - 1:
                yield
        at = self._put_gone(at, self._gone_points)
        for k, who in enumerate(self._loads):
            values = energy.load_record(k) + today.load_record(k)
            struct.pack_into(_LOAD, data, at, who, *values)
            at += struct.calcsize(_LOAD)
            if k % _STEP == _STEP - 1:
                yield
        day = today.day
        if day != self._gone_day:
            self._begin_gone(day)
        at = self._put_gone(at, self._gone_loads)
        struct.pack_into(_DAY, data, at, _NONE if day is None else day, *today.sums)
        at += struct.calcsize(_DAY)
        demand = [_NONE if one is None else one for one in self._aggregates.demand.record()]
        struct.pack_into(_MONTH, data, at, *demand)
        at += struct.calcsize(_MONTH)
        hours, least = self._aggregates.always_on.record()
        struct.pack_into(_HOURS, data, at, *(list(hours) + list(least)))

    def _begin_gone(self, day):
        """It is another day for loads that the site has not, too."""
        if self._gone_day is not None:
            for k, one in enumerate(self._gone_loads):
                self._gone_loads[k] = bytes(one[:-_OF_TODAY]) + bytes(_OF_TODAY)
        self._gone_day = day

    def _put_gone(self, at, gone):
        """Those behind the site's own; returns where they end."""
        for one in gone:
            self._bytes[at : at + len(one)] = one
            at += len(one)
        return at
