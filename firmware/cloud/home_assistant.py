"""Home Assistant's discovery (docs/home-assistant.md): one retained message that says what there
is, sent on connecting and when Home Assistant has started.

Owns what was announced, kept over restarts: so that what goes away goes away there as well.
"""

import asyncio
import json

from micropython import const

from system.durable import Durable
from system.modules import unload
from system.version import VERSION
from cloud.json_pieces import compact
from cloud.retained import PRESENCE

_BIRTH = "homeassistant/status"
_PREFIX = "homeassistant"
_AGAIN_MS = const(10000)  # from one message to the next, whatever Home Assistant says
_DROPPED_MS = const(60000)  # the same, where the uplink has dropped it
_MAX_GONE = const(64)  # that are remembered: Home Assistant may be off when something goes
_PLATFORMS = {"s": "sensor", "b": "binary_sensor", "w": "switch"}
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"


class HomeAssistant:
    """settings: site.settings.Settings, whose `home_assistant` is True, False, a prefix in the
    place of "homeassistant", or None for the default: at a home broker, and not on LTE. prefix: of
    our own topics. hardware: of the board; named: b_bus.site.BusBSite. dear: a function, whether
    the link in use is paid for by the byte. uplink: uplink.Uplink. count: counts an error by name.
    """

    def __init__(
        self,
        settings: Settings,
        site: Site,
        prefix: str,
        hardware: BoardHardware,
        named: BusBSite,
        rates: Rates,
        uplink: Uplink,
        counters: Counters,
    ):
        requested = settings.home_assistant
        self._by_default = requested is None
        if self._by_default:
            requested = bool(settings.mqtt and settings.mqtt.get("home_broker"))
        self._on = bool(requested)
        root = requested if isinstance(requested, str) else _PREFIX
        # Of the site: a gateway that is exchanged is the same to Home Assistant.
        self._id = "".join([c if c in _LETTERS else "_" for c in site.uuid])
        self._topic = "%s/device/%s/config" % (root, self._id)
        self._site = site
        self._prefix = prefix
        self._hardware = hardware
        self._named = named
        self._rates = rates
        self._uplink = uplink
        self._count = counters.count
        self._born = False
        self._connection = 0  # as the uplink counts them
        self._dropped = False
        self._sent_ms: int | None = None
        self._available = {
            "t": prefix + PRESENCE,
            "val_tpl": "{{value_json.value}}",
            "pl_avail": "True",
            "pl_not_avail": "False",
        }

    def declare(self, commands: Commands) -> None:
        """Have Home Assistant's birth message heard."""
        if self._on:
            commands.on_topic(_BIRTH, "", self._take)

    def change(self, site: Site) -> None:
        """It is another one now, with the same uuid: it is announced soon."""
        self._site = site
        self._born = True

    def _take(self, payload):
        if payload == b"online":
            self._born = True

    async def run(self, beat: Beat) -> Never:
        """Without end: see publish. beat: called meanwhile."""
        while True:
            beat()
            await asyncio.sleep(1)
            if self._uplink.connected:
                await self.publish()

    async def publish(self) -> None:
        """Send what is due: on each connection, where Home Assistant has started, and what was
        dropped."""
        now_ms, connection = self._hardware.uptime_ms(), self._uplink.connects
        if connection == self._connection:
            pause_ms = _DROPPED_MS if self._dropped else _AGAIN_MS
            recent = self._sent_ms is not None and now_ms - self._sent_ms < pause_ms
            if recent or not (self._born or self._dropped):
                return
        self._connection = connection
        self._born, self._sent_ms = False, now_ms
        self._dropped = not await self._send()

    async def _send(self):
        """Whether nothing was dropped. What has gone is kept then, and not before."""
        if self._by_default and self._rates.is_lte():
            return True
        store = Durable("home_assistant")
        topic, known = json.loads(store.value) if store.value else (None, {})
        if topic and not (self._on and topic == self._topic):
            if not await self._uplink.publish(topic, iter(("",)), True):  # the device goes away
                return False
            known = {}
            self._keep(store, [None, known])
        if self._on:
            now = {}
            made = self._topic, lambda: self._pieces(known, now), True
            if not await self._uplink.publish(*made):
                return False
            if now != known:
                self._keep(store, [self._topic, now])
        return True

    def _keep(self, store, announced):
        try:
            store.write(json.dumps(announced).encode())
        except OSError:
            self._count("home_assistant.unwritten")

    def _components(self):
        from cloud import home_components as components  # seldom needed: not kept

        unload("cloud.home_components")
        site, prefix = self._site, self._prefix
        yield from components.of_site(site)
        yield from components.of_totals(site, prefix + "totals")
        yield from components.of_gateway(site, prefix + "gateway")
        yield from components.of_b_bus(site, self._named, prefix, self._available)

    def _pieces(self, known, now):
        """known: what was announced, {key: the platform's first letter}; now: is filled with what
        is, and with what has gone, which is announced as such from then on."""
        now.clear()
        device = {
            "ids": self._id,
            "name": self._site.name,
            "mf": "Energy gateway",
            "mdl": self._hardware.name,
            "sn": self._hardware.serial,
            "sw": VERSION,
        }
        origin = {"name": "energy-gateway", "sw": VERSION}
        yield '{"dev":%s,"o":%s,' % (compact(device), compact(origin))
        available, state = compact([self._available]), compact(self._prefix + "site")
        yield '"avty":%s,"stat_t":%s,"cmps":{' % (available, state)
        comma = ""
        for key, table in self._components():
            table["uniq_id"] = self._id + key
            now[key] = "w" if table["p"] == "switch" else table["p"][0]
            yield '%s"%s":' % (comma, key)
            yield compact(table)
            comma = ","
        gone = [key for key in known if key not in now][:_MAX_GONE]
        for key in gone:
            now[key] = known[key]
            yield ',"%s":{"p":"%s"}' % (key, _PLATFORMS[known[key]])
        yield "}}"
