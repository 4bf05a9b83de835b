"""Payloads that clients of the original's older monitors read (docs/cloud.md), each a generator of
pieces of JSON text."""

from cloud.json_pieces import items
from cloud.topics_original import connection, flow

_SENSOR_CHANNELS = 4
_SMALL_CT = ("SCT2_50A", "SCT2_100A", "SCT2_200A")


def _channel(site, i):
    point = site.points[i]
    load = site.loads[point.load]
    return {
        "ctInput": i,
        "name": load.name,
        "phase": point.phase,
        "inputChannelType": flow(load),
        "inputChannelConnection": connection(load),
        "inputChannelCTType": "CT50_100_200" if point.type in _SMALL_CT else point.type,
        "reversed": point.reversed,
        "nilm": False,
        "balanced": False,
    }


def channel_config(site: Site, now_ms: int | None) -> Iterator[str]:
    """`channelConfig`: each point by its number in `realtime`."""
    yield '{"utcTimeStamp": %d, "inputChannels": [' % (now_ms or 0)
    yield from items(_channel(site, i) for i in range(len(site.points)))
    yield "]}"


def _sensor_channel(channels, i):
    channel = channels[i] if i < len(channels) else None
    found = {"channel": i, "enabled": bool(channel), "type": None, "uom": None, "ppu": None}
    if channel:
        found["name"] = channel.name
        found["type"] = channel.mode
        if channel.unit:
            found["uom"] = channel.unit
            found["ppu"] = 1000000 / channel.micro
    return found


def _sensor(number, module):
    channels = range(_SENSOR_CHANNELS)
    return {
        "sensorId": number,
        "serialNumber": module.serial,
        "gwSensorChannelsConfig": [_sensor_channel(module.channels, i) for i in channels],
    }


def sensor_config(modules: Iterable[Module], now_ms: int | None) -> Iterator[str]:
    """`sensorConfig`: the Input modules among `modules`, counted from 1."""
    inputs = [module for module in modules if module.KIND == "input"]
    yield '{"utcTimeStamp": %d, "gwSensors": [' % (now_ms or 0)
    yield from items(_sensor(1 + i, inputs[i]) for i in range(len(inputs)))
    yield '], "switchSensors": []}'


def home_control_config(outputs: Iterable[Target], now_ms: int | None) -> Iterator[str]:
    """`homeControlConfig`. outputs: [(module, output)]. Clients show an output as a smart plug;
    what is no Switch of the 4006 series they do not show among the switches."""
    yield '{"utcTimeStamp": %d, "switchActuators": [], "smartplugActuators": [' % (now_ms or 0)
    yield from items({"nodeId": output.node, "name": output.name} for _, output in outputs)
    yield '], "maximumAmpere": 0}'
