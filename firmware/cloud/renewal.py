"""Other credentials for the broker, by a command: checked whole, tried on a connection of their
own, kept beside those that there are, and taken back where they do not last.

Owns the judgement; site.settings owns both, over restarts and power cuts.
"""

import asyncio
import json

from micropython import const

from system.modules import unload
from system.refused import Refused
from site import settings as store
from net.resolve import resolve
from cloud.mqtt_client import Client
from cloud.mqtt_link import Link, UplinkError

_KEEPALIVE_S = const(30)
_STEADY_S = const(30)
_REFUSALS = const(3)
_PATIENCE_S = const(10)
_OF_TLS = ("ca", "certificate", "key", "name")
_OF_MQTT = ("user", "password")
_BAD = ("uplink.tls", "uplink.refused")
_UNSETTLED = "the last renewal has not lasted for 30 s yet"
_RECONNECTS = '{"reconnects":true}'


class Renewal:
    """serial: of the gateway; requested: settings.Settings; network: net.connection.Connection;
    now_s: epoch s or None."""

    def __init__(
        self,
        serial: str,
        requested: Settings,
        network: Connection,
        uplink: Uplink,
        commands: Commands,
        counters: Counters,
        now_s: NowMs,
    ):
        self._serial = serial
        self._settings = requested
        self._network = network
        self._uplink = uplink
        self._commands = commands
        self._counters = counters
        self._now_s = now_s
        commands.on("renew", self._renew, lasts=2)

    async def run(self, beat: Beat) -> Never:
        """Judge what was renewed, without end: what has kept a connection for 30 s is kept alone;
        what the broker refuses three times changes places with what was there before."""
        steady = 0
        refused = self._refusals()
        while True:
            beat()
            await asyncio.sleep(1)
            if self._settings.mqtt_before is None:
                steady, refused = 0, self._refusals()
                continue
            steady = steady + 1 if self._uplink.connected else 0
            if steady >= _STEADY_S:
                self._keep(store.settle)
                steady = 0
            elif self._refusals() - refused >= _REFUSALS:
                self._counters.count("uplink.taken_back")
                self._keep(store.take_back)
                refused = self._refusals()

    def _keep(self, change):
        try:
            change(self._settings)
        except (OSError, MemoryError):
            self._counters.count("uplink.unkept")

    def _refusals(self):
        return sum(self._counters.counts.get(name, 0) for name in _BAD)

    async def _renew(self, fields):
        """The command "renew"."""
        if self._settings.mqtt_before is not None:
            raise Refused(_UNSETTLED, "busy")
        mqtt = self._changed(fields)
        self._check(mqtt, fields)
        await self._try(mqtt)
        try:
            store.renew(self._settings, mqtt)
        except OSError:
            raise Refused("the flash is full: nothing was changed")
        asyncio.create_task(self._reconnect())
        return _RECONNECTS

    def _changed(self, fields):
        """`mqtt` of settings.json with these fields in it."""
        mqtt = dict(self._settings.mqtt or {})
        given = [name for name in fields if fields[name] is not None]
        if not given:
            raise Refused("renew: give ca, certificate and key, or a password", "malformed")
        for name in given:
            if name in _OF_MQTT:
                mqtt[name] = fields[name]
            elif not mqtt.get("tls"):
                raise Refused("renew.%s: there is no TLS with a home broker" % name)
        if mqtt.get("tls"):
            tls = dict(mqtt["tls"])
            tls.update({name: fields[name] for name in given if name in _OF_TLS})
            mqtt["tls"] = tls
        return mqtt

    def _check(self, mqtt, fields):
        """Refused where it is wrong in itself."""
        from site import certificate, settings_check

        try:
            settings_check.load(json.dumps({"mqtt": mqtt}))
            if fields["certificate"] is None and fields["key"] is None:
                return
            tls = mqtt["tls"]
            own = certificate.Certificate(tls["certificate"])
            if not certificate.fits(tls["key"], own):
                raise ValueError(
                    "mqtt.tls.key: is not the certificate's, or lacks its public half"
                )
            now_s = self._now_s() or 0
            if own.ends_s < now_s:
                raise ValueError("mqtt.tls.certificate: has expired on " + own.ends)
            if own.begins_s > now_s:
                text = "mqtt.tls.certificate: is not valid before "
                raise ValueError(text + own.begins)
        except ValueError as error:
            raise Refused(str(error))
        finally:
            unload("site.certificate", "site.settings_check", "hotspot.credentials")

    async def _try(self, mqtt):
        """Refused unless the broker takes us with it."""
        link = Link(lambda: False)
        client = Client(link, self._serial + "-renewal", mqtt, None, lambda: 1)
        try:
            address = await resolve(mqtt["host"], self._network.name_server())
            await client.open(address, _KEEPALIVE_S)
            await asyncio.wait_for(client.farewell(), _PATIENCE_S)
        except UplinkError as error:
            raise Refused("tried, and nothing was changed: %s" % error)
        except asyncio.TimeoutError:
            raise Refused("tried, and nothing was changed: the broker does not answer")
        except OSError as error:
            raise Refused("tried, and nothing was changed: %s" % error)
        finally:
            link.close()

    async def _reconnect(self):
        for _ in range(_PATIENCE_S):
            await asyncio.sleep(1)
            if self._commands.is_idle():
                break
        await self._uplink.close()
