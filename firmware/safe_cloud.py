"""What there is of the cloud in safe mode: the message `gateway`, the commands of whoever looks
after a gateway, updates. Owns the connection."""

import asyncio

from micropython import const

from system.refused import Refused
from b_bus.site_meters import meters_of
from cloud.commands import Commands
from cloud.maintenance import Maintenance
from cloud.rates import Due, Rates
from cloud.state import State, advice_part
from cloud.uplink import Uplink
from update.offer import updater_of

_LOOK_S = const(1)
_NOT_NOW = "safe mode: what was measured is not at hand: give it again once the gateway measures"


class SafeCloud:
    """`uplink`; `installs`: whether an update is being installed. panel: panel.housekeeping's;
    uuid: of the site; with_b: whether the board has a B-bus; left_s: a function, how long safe
    mode lasts; texts: one that gives what is wrong; close: a coroutine function, a clean end;
    restart: a function, a new start that is tried as the first."""

    def __init__(
        self,
        panel: Housekeeping,
        hardware: BoardHardware,
        settings: Settings,
        uuid: str,
        with_b: bool,
        left_s: Callable[[], int],
        texts: Callable[[], list[AdviceText]],
        close: Callable[[], Awaitable[object]],
        restart: Callable[[], object],
    ):
        counters, connection = panel.counters, panel.connection
        self.installs = False
        self._panel, self._now_ms = panel, hardware.now_ms
        self._uptime_ms = hardware.uptime_ms
        self._prefix = prefix = "servicelocation/" + uuid + "/"
        rates = Rates(settings.publish, lambda: connection.link, hardware.uptime_ms)
        self._due, self._seen = Due("gateway", rates), None
        self._news = asyncio.Event()
        way = self._now_s, self._news.set
        self._commands = commands = Commands(counters, prefix + "gateway/set", *way)
        presence = prefix + "presence"
        self.uplink = uplink = Uplink(
            hardware.serial,
            settings.mqtt,
            connection,
            rates.keepalive_s,
            panel.set_chip_clock,
            lambda: [(presence, lambda: ('{"value": true}',))],
            (presence, '{"value": false}'),
            commands,
            counters,
        )
        assert counters.log
        way = _apply, counters.log, commands, close, restart, _not_now, _not_now
        meters = meters_of if with_b else None
        maintenance = Maintenance(uuid, settings, meters, hardware.serial, *way)
        maintenance.declare()
        way = connection, counters, self._set_event, lambda: True
        end = lambda: 0, lambda: uplink.connected, maintenance.begin_anew
        self._updater = updater = updater_of(hardware, *way, *end)
        updater.declare(commands)
        counts = counters.counts
        own = (
            ("safeMode", lambda: {"left": max(0, left_s())}, None),
            ("mqtt", self._describe, uplink.glance),
            ("orderRefused", lambda: commands.refusal, lambda: commands.refusal),
            ("errors", lambda: counts, lambda: sum(counts.values())),
            advice_part(texts),
            ("update", updater.describe, updater.glance),
        )
        self._state = State(panel.state_parts() + own)

    def tasks(self) -> list[WatchedTask]:
        """What is to run without end, with the seconds within which it must show that it moves."""
        tasks = [("uplink", 900, self.uplink.run), ("uplink_watch", 60, self.uplink.watch)]
        tasks += [("commands", 300, self._commands.run), ("publish", 300, self._publish)]
        return tasks + self._updater.tasks()

    async def _publish(self, beat):
        state, due = self._state, self._due
        while True:
            beat()
            try:
                await asyncio.wait_for(self._news.wait(), _LOOK_S)
            except asyncio.TimeoutError:
                pass
            self._news.clear()
            if not self.uplink.connected:
                continue
            now_ms, seen = self._uptime_ms(), state.glance()
            changed = seen != self._seen and due.after_change(now_ms)
            if changed or due.at(now_ms, False):
                self._seen = seen
                due.sent(now_ms)
                await self._send("gateway", state.pieces())
            await self._commands.publish(self._send)

    async def _send(self, topic, pieces, retained=False):
        await self.uplink.publish(self._prefix + topic, pieces, retained)

    def _set_event(self, event, value):
        self.installs = value
        self._panel.set_event(event, value)

    def _describe(self):
        return dict(self.uplink.describe(), intervalsDropped=0)

    def _now_s(self):
        now_ms = self._now_ms()
        return now_ms and now_ms // 1000


async def _apply(_):
    """A site is used from the next start on."""
    return False


def _not_now():
    raise Refused(_NOT_NOW)
