"""Starts a gateway, and reports after some seconds, and a factory reset by the button, how things
are. Standard input: `no_gateway`, the error [name, argument] of making the site's gateway, or
None; `keeps_label`, whether factory.json can be written after a reset."""

import asyncio
import builtins
import json
import sys

import hardware
from on_world import hardware as made_by
from on_world import report

import gateway as gateway_module
import start

given = json.load(sys.stdin)
made = made_by()
lit = [0]
if not given["keeps_label"]:
    made.program_files += ("factory.json",)
made.set_led = lambda red, green, blue: lit.append(red | green | blue)
hardware.make = lambda board: made
hardware.give_up = lambda: None


class NoGateway:
    def __init__(self, *parts):
        name, argument = given["no_gateway"]
        raise getattr(builtins, name)(argument)


async def run(gateway):
    asyncio.create_task(gateway.run())
    await asyncio.sleep(14)
    connection = gateway.connection
    known = [ssid for ssid, _ in connection.links._settings.networks]
    report(
        lit=max(lit) > 0,
        counts=gateway.counters.counts,
        networks=known,
        hotspot=made.a_uart.ask("hotspot_name"),
        link=connection.link,
        led=gateway.led.state,
        texts=[text for name, text in gateway.texts() if name != "connection"],
        measures=hasattr(gateway, "measuring"),
    )
    made.a_uart.ask("press", 25.0)
    await asyncio.sleep(30)
    report(reset=False)


if given["no_gateway"]:
    gateway_module.Gateway = NoGateway
start._run = run
start.main()
