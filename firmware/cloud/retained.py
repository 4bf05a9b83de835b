"""What is retained at the broker: the original's configuration of the site, published again on
every connecting."""

import json

from system.modules import unload
from energy.intervals import FIVE_MINUTES

PRESENCE = "presence"


def prefix_of(site: Site) -> str:
    """Of all topics."""
    return "servicelocation/" + site.uuid + "/"


def _presence(value):
    return json.dumps({"value": value})


class Retained:
    """prefix: of all topics; serial: the gateway's; rates: rates.Rates; now_ms: a function;
    modules: a function, the Input and Output modules of the site; outputs: a function, [(module,
    output)]; others: a function that gives more, [(topic, function that gives its pieces)]."""

    def __init__(
        self,
        prefix: str,
        site: Site,
        serial: str,
        rates: Rates,
        now_ms: NowMs,
        modules: Callable[[], Iterable[Module]],
        outputs: Callable[[], Iterable[Target]],
        others: Callable[[], list[Message]],
    ):
        self._prefix = prefix
        self._site = site
        self._serial = serial
        self._rates = rates
        self._now_ms = now_ms
        self._modules = modules
        self._outputs = outputs
        self._others = others

    def change(self, site: Site) -> None:
        """It is another one now: messages() are to be published anew."""
        self._site = site

    async def publish(self, publish: Callable[[str, AnyPieces, bool], Awaitable[object]]) -> None:
        """Publish them anew; publish: Uplink.publish."""
        for topic, pieces in self.messages():
            await publish(topic, pieces, True)

    def will(self) -> tuple[str, str]:
        """What the broker is to publish when the gateway is gone: (topic, text)."""
        return self._prefix + PRESENCE, _presence(False)

    def messages(self) -> list[Message]:
        """[(topic, function that gives its pieces)], `presence` first. They hold what it takes:
        keep them no longer than they are published."""
        from cloud import topics_older as older
        from cloud import topics_original as original

        unload("cloud.topics_older", "cloud.topics_original")
        now_ms, site, serial = self._now_ms(), self._site, self._serial
        modules, outputs = self._modules(), self._outputs()
        period_s = self._rates.every("aggregated") or FIVE_MINUTES
        messages = [
            (PRESENCE, lambda: (_presence(True),)),
            ("config", lambda: original.config(site, serial, period_s, now_ms)),
            ("channelConfigV2", lambda: original.channel_config(site, now_ms)),
            ("channelConfig", lambda: older.channel_config(site, now_ms)),
            ("sensorConfig", lambda: older.sensor_config(modules, now_ms)),
            ("homeControlConfig", lambda: older.home_control_config(outputs, now_ms)),
        ]
        return [(self._prefix + topic, pieces) for topic, pieces in messages + self._others()]
