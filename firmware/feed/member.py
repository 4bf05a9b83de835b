"""A gateway that feeds this one: its session, and what it has sent last of each point.

Owns how that enters a report. A point's register goes on by what the other gateway's counter has
advanced; `base` is by how much that one is ahead. So whatever did not arrive comes with what does.
"""

import os
from array import array

from micropython import const

from measure.exact import add, sign
from measure.readings import COUNT, IMPORTED, MISSED, POWER, RATES, SUMS, UNKNOWN
from feed import datagram as d
from feed.datagram import who

FRESH_S = const(5)  # after the last datagram its values are shown for so long
_LIVE_S = const(3)  # so long nobody else takes its place
_GRACE_S = const(15)  # after the start
_TWIN_S = const(30)  # a second one is told of for so long
_NEVER = const(-1)
_GROUP = const(8)  # points that are entered at once
_MAX_VOLTS = const(1000)
_SLACK_S = const(2)  # by so much a datagram may be late
_UNSEEN_S = const(31622400)  # a year: since when, after a start, is not known
_HUNDREDTHS = const(100)  # of a W in a rate
_MAX_WATTS = const(0x7FFFFFFF)
_TIMES = const(4)  # of the greatest power that was seen, where a CT is corrected there
_INPUTS = "ABCD"


class Group:
    """Some points of a member. points: [(index of the site, of the member)]."""

    def __init__(self, member: Member, points: Pairs):
        self._member = member
        self._points = points

    def fill(self, report: Report) -> None:
        """Enter what was sent into the report; called before it is counted."""
        for i, k in self._points:
            report.readings[i].clear()
            self._member.enter(report, i, k)


class Member:
    """`serial`; `heard_s`: uptime at its last datagram; `taken`: how many were; `wrong_key`: those
    with another key, since then; `is_lost`: it should be heard; `is_new`: what kept() gives has
    changed; `groups`: its points, which are entered into each report."""

    def __init__(self, serial: str, site: Site, measuring: Measuring, count: Count):
        self.serial = serial
        self.heard_s = _NEVER
        self.taken = self.wrong_key = 0
        self.is_lost = self.is_new = False
        self.groups: list[Group] = []
        self._measuring = measuring
        self._count = count
        self._session = self._next = self._nonce = b""
        self._instance = self._next_instance = self._refused = b""
        self._number = 0
        self._now_s = 0
        self._awaited_s: int | None = None  # from then on
        self._twin_s: int | None = None  # a second one was there
        self._work = array("q", [0])
        self._make(site)

    def _make(self, site):
        points = site.points
        own = [i for i in range(len(points)) if points[i].gateway == self.serial]
        pairs = list(zip(own, range(len(own))))
        self._indices = own
        self.names = [(points[i].node, points[i].input) for i in own]
        self.keys = [who("%s/%s" % (self.serial, node), place) for node, place in self.names]
        self.known = bytearray(len(own))
        self.bases = array("q", bytes(16 * len(own)))
        # What it can carry: twice what its CT is rated, in W.
        self._most = array("i", [2 * points[i].rated * _MAX_VOLTS for i in own])
        self._entered_s = array("i", [_NEVER] * len(own))
        self._places = {who(*name).to_bytes(4, "little"): k for k, name in enumerate(self.names)}
        self._counters = array("q", bytes(16 * len(own)))
        self._rates = array("i", [UNKNOWN] * (RATES * len(own)))
        self._seen_s = array("i", [_NEVER] * len(own))
        self.groups = [Group(self, pairs[j : j + _GROUP]) for j in range(0, len(pairs), _GROUP)]

    def begin_with(self, bases: dict[int, tuple[int, int]]) -> None:
        """Go on with these, {key: (import, export)}, before anything is entered. Where the
        registers have nothing of a point it begins anew: they may have forgotten it."""
        joules = self._measuring.energy.main.joules
        self._go_on({
            key: bases[key]
            for key, i in zip(self.keys, self._indices)
            if key in bases and (joules[2 * i] or joules[2 * i + 1])
        })  # fmt: skip

    def _go_on(self, bases):
        for k, key in enumerate(self.keys):
            if key in bases:
                self.known[k] = 1
                self.bases[2 * k], self.bases[2 * k + 1] = bases[key]

    def change(self, site: Site) -> None:
        """It is another site, with what its registers have."""
        before, seen, names = self.kept(), self._seen_s, self.names
        entered = self._entered_s
        counters, rates = self._counters, self._rates
        self._make(site)
        self._go_on(before)
        self.is_new = self.is_new or len(self.kept()) != len(before)
        for k, name in enumerate(self.names):
            if name in names:
                j = names.index(name)
                self._seen_s[k], self._entered_s[k] = seen[j], entered[j]
                self._counters[2 * k], self._counters[2 * k + 1] = counters[2 * j : 2 * j + 2]
                d.copy(self._rates, RATES * k, rates, RATES * j, RATES)

    def kept(self) -> dict[int, tuple[int, int]]:
        """{key: base of import, of export}."""
        bases = self.bases
        return {
            key: (bases[2 * k], bases[2 * k + 1])
            for k, key in enumerate(self.keys)
            if self.known[k]
        }

    def set_kept(self) -> None:
        """What kept() gives is kept."""
        self.is_new = False

    def note_wrong_key(self) -> None:
        """A datagram of this gateway's number has another key."""
        self.wrong_key += 1

    # The session

    def offer_session(self, now_s: int, nonce: bytes, instance: bytes) -> bytes:
        """Somebody who has the key says that it is this gateway, and asks for a session; empty
        while another one, who does so too, is heard. A network may bring a HELLO twice: the same
        nonce gets the same session."""
        self.set_time(now_s)
        if instance != self._instance and 0 <= self.heard_s and now_s - self.heard_s < _LIVE_S:
            self._refused = instance
            return b""
        self._refused = b""
        if nonce != self._nonce or not self._next:
            self._next, self._nonce = os.urandom(8), nonce
        self._next_instance = instance
        return self._next

    def take(self, now_s: int, data: bytes, count: int, number: int, session: bytes) -> bool:
        """Whether this datagram is used: it belongs to the session, and is newer than all before
        it."""
        self.set_time(now_s)
        if session == self._next and session:
            self._session, self._instance = session, self._next_instance
            self._next = b""
            self._number = 0
        if session != self._session or not session or number <= self._number:
            return False
        if self._refused:  # both go on
            self._refused = b""
            if not self.has_twin():
                self._count("feed.twin")
            self._twin_s = now_s
        self._number = number
        self.taken += 1
        self.wrong_key = 0
        self.heard_s = now_s
        self._read(now_s, data, count)
        return True

    def _read(self, now_s, data, count):
        for at in range(d.HEAD, d.HEAD + count * d.RECORD, d.RECORD):
            k = self._places.get(data[at : at + 4])
            if k is not None:
                d.copy(self._rates, RATES * k, data, (at + d.RATES_AT) // 4, RATES)
                d.copy(self._counters, 4 * k, data, (at + d.COUNTERS_AT) // 4, 4)
                self._seen_s[k] = now_s

    def set_time(self, now_s: int) -> None:
        """It is this uptime."""
        self._now_s = now_s
        if self._awaited_s is None:
            self._awaited_s = now_s + _GRACE_S
        silent = now_s >= self._awaited_s if self.heard_s < 0 else now_s - self.heard_s > FRESH_S
        if silent and not self.is_lost:
            self._count("feed.lost")
        self.is_lost = silent

    @property
    def state(self) -> str:
        """For people."""
        return "missing" if self.heard_s < 0 else "lost" if self.is_lost else "well"

    def has_twin(self) -> bool:
        """Whether another gateway says that it is this one."""
        return self._twin_s is not None and self._now_s - self._twin_s < _TWIN_S

    def absent(self) -> list[str]:
        """Points that it does not send while it sends others: "A of 5500000190"."""
        return [
            "%s of %s" % (_INPUTS[place], node)
            for (node, place), seen_s in zip(self.names, self._seen_s)
            if self.heard_s - seen_s > FRESH_S
        ]

    # The report

    def enter(self, report: Report, i: int, k: int) -> None:
        """Point i of the site, ours k."""
        sums, first = report.values.sums, SUMS * i
        fresh = self._seen_s[k] >= 0 and self._now_s - self._seen_s[k] <= FRESH_S
        if not fresh or self._rates[RATES * k + POWER] == UNKNOWN:
            sums[first + MISSED] = report.samples
            return
        sums[first + COUNT] = report.samples
        d.copy(report.rates, RATES * i, self._rates, RATES * k, RATES)
        watts = abs(self._rates[RATES * k + POWER]) // _HUNDREDTHS
        self._most[k] = max(self._most[k], min(_TIMES * watts, _MAX_WATTS))
        good = True
        for direction in (0, 1):
            if not self._advance(sums, first + IMPORTED + direction, 2 * i + direction, k):
                good = False
        energy = self._measuring.energy
        if not good:
            energy.lose(i)
        if self._entered_s[k] < 0:  # the counter went on before the start, too
            energy.early.append(i)
        self.known[k] = 1
        self._entered_s[k] = self._now_s

    def _limit(self, k):
        """J that point k can have carried since its counter was entered last."""
        before_s = self._entered_s[k]
        seconds = _UNSEEN_S if before_s < 0 else self._now_s - before_s + _SLACK_S
        return self._most[k] * seconds

    def _advance(self, sums, at, r, k):
        """Enter what point k's counter is ahead of register r; False where it cannot be and counts
        nothing: counting begins anew."""
        c = 2 * k + r % 2
        work, joules = self._work, self._measuring.energy.main.joules
        work[0] = 0
        add(work, 0, self._counters, c, 0)
        add(work, 0, joules, r, 1)
        if not self.known[k]:
            self.bases[c] = work[0]
            self.is_new = True
            return True
        add(work, 0, self.bases, c, 1)
        ahead = sign(work, 0)
        if not ahead:
            return True
        if ahead > 0 and work[0] <= self._limit(k):
            add(sums, at, work, 0, 0)
            return True
        # Behind: it has lost what it had not kept, or begins anew; too far ahead: another one's.
        add(self.bases, c, work, 0, 0)
        self.is_new = True
        self._count("feed.back" if ahead < 0 else "feed.jump")
        return False
