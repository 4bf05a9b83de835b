"""On the Genius of a site with several gateways: takes what the others send
(docs/several-gateways.md).

Owns the socket, how many datagrams are looked at, and what is kept of the others' counters.
"""

import asyncio
import struct

from micropython import const

from feed import datagram as d
from feed.member import Member
from feed.port import Port

_LOOK_MS = const(50)
_A_SECOND = const(64)  # datagrams at most: eight gateways of 64 points send 24 and a few HELLOs
_KEPT = "<Iqq"  # key, base of import, of export
_AGAIN_MS = const(60000)  # after a write that failed
_OTHERS = const(4)  # that want to feed and are not listed,
_TOLD_S = const(60)  # are told of for so long
_NO_KEY = "settings.json has no site_key: give all gateways of the site the same"
_LOST = (
    "%s is not heard: its loads, and all sums with them, are unknown: see to supply and network"
)
_KEY = "%s has another site_key: give all gateways of the site the same in settings.json"
_TWIN = "two gateways say that they are %s: one of them needs its own number, or to be removed"
_ABSENT = "%s does not send %s: apply the plan to both gateways again"
_OTHER = (
    "%s wants to feed this gateway: add it to gathers of site.json, or take feeds from its own"
)


class Receiver:
    """key: text or empty; calm: a function, whether the flash may be written; store: a
    durable.Durable with what is kept of the others' counters; forget: whether the registers begin
    anew, so that it means nothing."""

    def __init__(
        self,
        hardware: BoardHardware,
        site: Site,
        key: str,
        measuring: Measuring,
        calm: Callable[[], bool],
        count: Count,
        store: Durable,
        forget: bool,
    ):
        self._home = hardware.home
        self._own = hardware.serial
        self._uptime_ms = hardware.uptime_ms
        self._key = d.Key(key) if key else None
        self._measuring = measuring
        self._calm = calm
        self._count = count
        self._others: dict[str, int] = {}  # {serial: uptime in s}
        self._second = self._left = 0
        self._store = store
        self._failed_ms: int | None = None  # when it could not be written
        self._members = {one: Member(one, site, measuring, count) for one in site.gathers}
        bases = self._kept()
        for member in self._members.values():
            member.begin_with({} if forget else bases)
        if len(bases) != sum([len(one.kept()) for one in self._members.values()]):
            self._write()  # what is not used now must not be there at another start
        self._enter()

    def _kept(self):
        """Nothing where a slot is damaged: the other one may be older than a counter's jump."""
        if self._store.damaged:
            self._count("feed.unread")
            return {}
        value = self._store.value or b""
        size = struct.calcsize(_KEPT)
        bases = {}
        for at in range(0, len(value) - size + 1, size):
            key, imported, exported = struct.unpack_from(_KEPT, value, at)
            bases[key] = imported, exported
        return bases

    def _enter(self):
        groups = [group for member in self._members.values() for group in member.groups]
        self._measuring.set_others(groups)

    def change(self, site: Site) -> None:
        """It is another site now, which gathers the same gateways."""
        for member in self._members.values():
            member.change(site)
        self._enter()

    def tasks(self) -> list[WatchedTask]:
        """As Gateway.run() has them."""
        return [("feed", 60, self.run)] if self._key else []

    def describe(self) -> Iterable[Table]:
        """For people: of each of the others."""
        now_s = self._uptime_ms() // 1000
        for one in self._members.values():
            seconds = None if one.heard_s < 0 else now_s - one.heard_s
            yield {
                "serial": one.serial, "feeds": True, "state": one.state, "seconds": seconds,
                "datagrams": one.taken,
            }  # fmt: skip

    def glance(self) -> object:
        """What people see of it."""
        return [(one.state, one.has_twin()) for one in self._members.values()]

    def texts(self) -> list[AdviceText]:
        """What is wrong: [(name, text)]."""
        if not self._key:
            return [("feed_key", _NO_KEY)]
        found = []
        for one in self._members.values():
            if one.has_twin():
                found.append(("feed_twin", _TWIN % one.serial))
            if one.is_lost:
                text = _KEY if one.wrong_key else _LOST
                found.append(("feed_key" if one.wrong_key else "feed_lost", text % one.serial))
            elif one.heard_s >= 0:
                absent = one.absent()
                if absent:
                    found.append(("feed_points", _ABSENT % (one.serial, ", ".join(absent))))
        now_s = self._uptime_ms() // 1000
        others = [one for one in self._others if now_s - self._others[one] < _TOLD_S]
        return found + [("feed_unlisted", _OTHER % one) for one in others]

    async def run(self, beat: Beat) -> Never:
        """Take what comes, without end."""
        port = Port(("0.0.0.0", self._home[1]))
        try:
            while True:
                beat()
                now_s = self._uptime_ms() // 1000
                for member in self._members.values():
                    member.set_time(now_s)
                while self._hear(port, now_s):
                    await asyncio.sleep_ms(0)
                self._keep()
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            port.close()

    def _hear(self, port, now_s):
        """Take a datagram; whether there was one."""
        if now_s != self._second:
            self._second, self._left = now_s, _A_SECOND
        if not self._left:
            return False
        try:
            heard = port.hear()
            if heard is None:
                return False
            answer = self._answer(heard[0], now_s)
            if answer:
                port.send(answer, heard[1])
        except (OSError, MemoryError):
            self._count("feed.unheard")
        self._left -= 1
        if not self._left:
            self._count("feed.flood")
        return True

    def _answer(self, data, now_s):
        """What is sent back, or None."""
        key: Any = self._key
        head = d.head(data)
        if head is None:
            self._count("feed.damaged")
            return None
        kind, count, sender, to, number, token = head
        if to != self._own:
            return None  # of another site in the same network
        member = self._members.get(sender)
        if not key.is_of(data):
            self._count("feed.key")
            if member:
                member.note_wrong_key()
            return None
        if not member:
            self._count("feed.unlisted")
            if sender in self._others or len(self._others) < _OTHERS:
                self._others[sender] = now_s
            return None
        if kind == d.HELLO:
            session = member.offer_session(now_s, token, data[d.HEAD : -d.CODE])
            return session and key.sign(d.WELCOME, self._own, sender, 0, token, session)
        if kind == d.DATA and member.take(now_s, data, count, number, token):
            return key.sign(d.TAKEN, self._own, sender, number, token, b"")
        self._count("feed.old")
        return None

    def _keep(self):
        """Keep what is new of the others' counters, or what could not be kept before."""
        if self._failed_ms is not None:
            if self._uptime_ms() - self._failed_ms < _AGAIN_MS:
                return
        elif not any([one.is_new for one in self._members.values()]):
            return
        if self._calm():
            self._write()

    def _write(self):
        members = self._members.values()
        kept = b""
        for one in members:
            for key, (imported, exported) in one.kept().items():
                kept += struct.pack(_KEPT, key, imported, exported)
        try:
            self._store.write(kept)
        except (OSError, MemoryError):
            self._count("feed.unwritten")
            self._failed_ms = self._uptime_ms()
            return
        self._failed_ms = None
        for one in members:
            one.set_kept()
