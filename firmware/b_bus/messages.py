"""Names and payloads of what the B-bus publishes (docs/cloud.md). Nothing here sends."""

import json

from b_bus.modbus import BEHIND, EXCEPTION, SILENT


def plugs(outputs: Iterable[Target]) -> list[tuple[str, str]]:
    """[(topic, text)]: the original's `plug/<n>/state` and `connectionState` of [(module,
    output)]."""
    said = []
    for module, output in outputs:
        since = output.since or 0
        if output.on is not None:
            state = {"value": "ON" if output.on else "OFF", "since": since}
            said.append(("plug/%d/state" % output.node, json.dumps(state)))
        state = {"value": "CONNECTED" if module.state == "well" else "UNREACHABLE", "since": since}
        said.append(("plug/%d/connectionState" % output.node, json.dumps(state)))
    return said


def event(time_ms: int | None, channel: Input | None, level: int) -> Iterator[str]:
    """Our own `event`."""
    yield json.dumps({"time": time_ms, "name": channel and channel.name, "active": bool(level)})


def _input(letter, channel):
    text = json.dumps(
        {"input": letter, "name": channel.name, "mode": channel.mode, "active": channel.active}
    )
    if channel.pulses is not None:
        what = json.dumps({"pulses": channel.pulses, "unit": channel.unit})
        text = '%s, %s, "total": %s}' % (text[:-1], what[1:-1], channel.total())
    return text


def _output(letter, output):
    return json.dumps(
        {
            "output": letter,
            "name": output.name,
            "group": output.group,
            "on": output.on,
            "wanted": output.wanted,
            "wait": output.wait,
        }
    )


def _device(device, counts):
    text = json.dumps(
        {
            "serial": device.serial,
            "name": device.name,
            "kind": device.KIND,
            "unit": device.unit,
            "state": device.state,
            "answers": counts[0],
            "timeouts": counts[1],
            "damaged": counts[2],
            "exceptions": counts[3],
        }
    )[:-1]
    write = {"input": _input, "output": _output}.get(device.KIND)
    if not write:
        return text + "}"
    channels = [write("ABCD"[i], channel) for i, channel in enumerate(device.channels) if channel]
    return '%s, "%ss": [%s]}' % (text, device.KIND, ", ".join(channels))


def state(
    devices: Sequence[Device], counts: dict[int, Words], share: float, now_ms: int | None
) -> Pieces:
    """Our own `bBus`. counts: by unit, as bus_b.BusB has them; share: of the last round that the
    line was in use, in percent."""
    yield '{"time": %s, "utilisation": %s, "devices": [' % (
        json.dumps(now_ms and now_ms // 1000),
        json.dumps(share),
    )
    comma = ""
    for device in devices:
        yield comma + _device(device, counts.get(device.unit) or (0, 0, 0, 0))
        comma = ","
    yield "]}"


def glance(devices: Sequence[Device]) -> list[object]:
    """What people see of `bBus`: it is sent soon when this changes."""
    seen = []
    for device in devices:
        seen.append(device.state)
        if device.KIND == "input":
            seen += [c and c.pulses is None and c.active for c in device.channels]
        elif device.KIND == "output":
            seen += [output and (output.on, output.wanted) for output in device.channels]
    return seen


STRANGE = {
    "wrong_bus": "%s is on the B-bus but belongs on the A-bus: plug it there",
    "not_here": "%s: Input and Output modules do not work with this gateway: replace it by a "
    "Genius",
    "not_in_site": "%s is on the B-bus but not in the site: add it, or take it off",
    "too_many": "%s is an eleventh module, a gateway has at most 10: take one off, or use a "
    "second gateway",
    "unclear": "%s does not answer clearly: two modules have this serial number, or its cable is "
    "damaged",
}

_HEARD = "port B hears noise: %s"
NOISE = {
    "noise": "check the cable, its shield and that both wires of the pair are connected; modules "
    "that the site does not name cannot be found",
    "echo": "what the gateway sends comes back to it; check how its RS485 driver is wired",
    "stranger": "a device has unit number 247, which is the search's: give it another one",
}

# By the codes of Modbus exceptions.
REFUSED = {
    5: "it is busy; make the pause_ms of its profile longer",
    6: "it is busy; make the pause_ms of its profile longer",
    10: "the adapter before it cannot reach it; check the adapter's settings",
    11: "the adapter before it hears nothing from it; check the cable behind the adapter",
}


def advice(members: Members) -> list[AdviceText]:
    """What is wrong on the B-bus, in words for the installer: [(name, text)]. members:
    members.Members."""
    found = []
    if members.noise:
        found.append(("b_noise", _HEARD % NOISE[members.noise]))
    for serial, name in members.strange.items():
        found.append(("b_" + name, STRANGE[name] % serial))
    for device in members.devices:
        called = device.serial or device.name
        if device.state != "well":
            error = device.error
            if error is None or error.result == SILENT:
                since = " any more" if device.state == "lost" else ""
                say = "%s does not answer on the B-bus%s: check its cable and supply%s"
                more = "" if device.serial or since else ", its unit number, speed and parity"
                found.append(("b_missing", say % (called, since, more)))
            elif error.result == BEHIND:
                say = "each answer of %s is that to the request before: switch the converter "
                say += "before it off and on, and make its time-out shorter than reply_ms"
                found.append(("b_behind", say % called))
            elif error.result == EXCEPTION:
                say = "%s refuses what it is asked (exception %d): %s"
                why = REFUSED.get(error.code, "is it of the right kind?")
                found.append(("b_refuses", say % (called, error.code, why)))
            else:
                say = "what %s answers arrives damaged: check its cable%s"
                other = "" if device.serial else ", and whether another device has its unit number"
                found.append(("b_damaged", say % (called, other)))
        elif device.fault:
            found.append(("b_fault", "%s: %s" % (called, device.fault)))
    return found
