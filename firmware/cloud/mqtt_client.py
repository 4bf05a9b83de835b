"""MQTT packets to the broker, QoS 0: made by umqtt.simple, sent by a mqtt_link.Link.

umqtt.simple's sockets block. So it gets a Wire instead of one: what it writes is collected and
sent here; what it would read at connecting is a CONNACK that says yes, and the real one is awaited
here. Works with umqtt.simple 1.3.4 and 1.8.0.
"""

import asyncio

import umqtt.simple
from micropython import const

from cloud.mqtt_link import UplinkError
from cloud.mqtt_wire import Body, Wire

_TIMEOUT_S = const(10)
_REFUSALS = (
    "accepted",
    "protocol version refused",
    "client identifier refused",
    "broker unavailable",
    "user name or password refused: see mqtt in settings.json",
    "not authorised: see mqtt in settings.json",
)


class Client:
    """settings: `mqtt` of settings.json. will: (topic, text), retained. All that sends raises
    OSError when the connection breaks; of two at once the packets would be mixed up."""

    def __init__(self, link, client_id, settings, will):
        self._link = link
        self._client_id = client_id
        self._settings = settings
        self._will = will
        self._wire = Wire()
        self._umqtt = None
        self._tls = None
        if settings and settings.get("tls"):
            from cloud import tls_context  # seldom needed; now, as nothing is measured yet

            self._tls = tls_context

    async def open(self, address, keepalive_s):
        """Connect to the broker at this address; UplinkError, OSError or asyncio.TimeoutError when
        it does not accept us."""
        settings = self._settings
        await asyncio.wait_for(self._link.open(address, settings["port"]), _TIMEOUT_S)
        umqtt.simple.socket = self._wire
        self._wire.take()
        self._umqtt = umqtt.simple.MQTTClient(
            self._client_id,
            settings["host"],
            settings["port"],
            _bytes(settings.get("user")),
            _bytes(settings.get("password")),
            keepalive_s,
        )
        self._umqtt.set_last_will(self._will[0].encode(), self._will[1].encode(), True)
        self._umqtt.set_callback(print)  # it wants one to subscribe, and does not call it
        self._wire.answer = b"\x20\x02\x00\x00"  # CONNACK
        self._umqtt.connect()
        answer = await (self._answer_by_tls() if self._tls else self._answer())
        if answer[:2] == b"\x15\x03":  # an alert of TLS
            raise UplinkError("uplink.tls", "the broker's port wants TLS: give mqtt.tls")
        if answer[:2] != b"\x20\x02":
            raise UplinkError("uplink.protocol", "%s is not an MQTT broker" % settings["host"])
        if answer[3]:
            reason = _REFUSALS[answer[3]] if answer[3] < len(_REFUSALS) else str(answer[3])
            raise UplinkError("uplink.refused", "the broker refused us: " + reason)

    async def _answer(self):
        """Send CONNECT; what the broker answers."""
        try:
            await asyncio.wait_for(self._flush(), _TIMEOUT_S)
            return await asyncio.wait_for(self._link.read_all(4), _TIMEOUT_S)
        except EOFError:
            host = self._settings["host"]
            raise UplinkError("uplink.lost", "%s closed the connection" % host)

    async def _answer_by_tls(self):
        tls = self._tls
        try:
            context = tls.context(self._settings["tls"])
            await asyncio.sleep_ms(0)
            self._link.secure(context, tls.server_name(self._settings))
            await asyncio.wait_for(self._flush(), _TIMEOUT_S)
            return await asyncio.wait_for(self._link.read_all(4), _TIMEOUT_S)
        except (EOFError, OSError, ValueError) as error:
            text = tls.explain(error, self._settings)
            if text is None:
                raise
            raise UplinkError("uplink.tls", text)

    async def publish(self, topic, body, retained):
        """Publish a mqtt_wire.Body."""
        self._umqtt.publish(topic.encode(), body, retained)
        await self._flush()

    async def subscribe(self, topic):
        """Ask for a topic; that the broker agrees is not waited for."""
        number = self._umqtt.pid + 1
        self._wire.answer = bytes([0x90, 3, number >> 8, number & 255, 0])  # SUBACK
        self._umqtt.subscribe(topic.encode())
        await self._flush()

    def ping(self):
        """Ask for a sign of life, without waiting."""
        self._umqtt.ping()
        self._link.nudge(self._wire.take()[0])

    async def farewell(self):
        """Publish what the will says, and say good-bye."""
        text = self._will[1].encode()
        await self.publish(self._will[0], Body(len(text), (text,)), True)
        self._umqtt.disconnect()
        await self._flush()

    async def _flush(self):
        await self._link.send(*self._wire.take())


def _bytes(text):
    return None if text is None else text.encode()
