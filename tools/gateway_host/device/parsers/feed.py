"""A datagram of another gateway. With an odd first byte its code is made right: so the whole of
what somebody with the site's key may send is seen."""

from array import array

from measure.readings import RATES, SUMS
from feed import datagram as d
from feed import member as m
from feed.receiver import Receiver

_KEY = "0123456789abcdef" * 4
_OWN, _OTHER = "5010000042", "5020000042"


class Point:
    gateway = _OTHER
    rated = 50

    def __init__(self, k):
        self.node, self.input = "5500000190", k


class Site:
    gathers = [_OTHER]
    points = [Point(k) for k in range(4)]


class Main:
    joules = array("q", bytes(8 * 8))


class Energy:
    main = Main()
    early = []

    def lose(self, i):
        pass


class Measuring:
    energy = Energy()

    def set_others(self, groups):
        self.groups = groups


class Store:
    value = None
    damaged = 0

    def write(self, value):
        assert len(value) <= 4 * 20


class Hardware:
    home = "192.0.2.255", 7464
    serial = _OWN

    def uptime_ms(self):
        return 100000


class Values:
    sums = array("q", bytes(8 * SUMS * 4))


class Reading:
    def clear(self):
        pass


class Report:
    values = Values()
    samples = 3200
    rates = array("i", bytes(4 * RATES * 4))
    readings = [Reading() for _ in range(4)]


_counts = {}
_measuring = Measuring()


def _count(name):
    _counts[name] = _counts.get(name, 0) + 1


_receiver = Receiver(Hardware(), Site(), _KEY, _measuring, lambda: True, _count, Store(), False)
_key = d.Key(_KEY)
_member = _receiver._members[_OTHER]
_session = [b""]
_now = [100]


def take(data):
    signed = data[:1] and data[0] & 1
    data = data[1:]
    if signed:
        if len(data) >= 32 and data[6] & 1:  # in the session that there is
            data = data[:32] + _session[0] + data[32 + len(_session[0]) :]
        data += _key.code(data)
    _now[0] += 1
    answer = _receiver._answer(data, _now[0])
    if answer is not None and len(answer) > d.HEAD + d.CODE:
        _session[0] = bytes(answer[d.HEAD : d.HEAD + 8])
    elif not signed:
        assert not answer, "answered to somebody without a key"
    for group in _measuring.groups:
        group.fill(Report)
    del Energy.early[:]
    _receiver._keep()
    assert len(_receiver._others) <= 4
    assert _member.taken <= _now[0]
    return "answered" if answer else "dropped"


assert m.Member
