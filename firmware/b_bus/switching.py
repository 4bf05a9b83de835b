"""Switching of outputs: commands by MQTT and what automations want, carried out one module after
another.

Owns what was requested and is not carried out yet: one entry for each module at most.
"""

import asyncio

from system.refused import Refused
from b_bus.modbus import ModbusError


class Switching:
    """site: site.BusBSite. Declared from the start, before anything on the bus is known: until
    then every module is missing, and a command for it is refused with that reason."""

    def __init__(self, site: BusBSite):
        self._site = site
        self._requests = []  # (module, {output: on})
        self._requested = asyncio.Event()

    def declare(self, commands: Commands, prefix: str) -> None:
        """commands: commands.Commands; prefix: of the original's topics."""
        for _, output in self._site.outputs():
            topic = "%splug/%d/setstate" % (prefix, output.node)
            commands.on_topic(topic, "setstate", self._setstate(output))
        commands.on("switch", self._switch, lasts=1)

    def request(self, targets: Sequence[Target], on: bool) -> None:
        """Switch outputs, [(module, output)], as soon as the line is free."""
        for module, output in targets:
            for known, outputs in self._requests:
                if known is module:
                    outputs[output] = on
                    break
            else:
                self._requests.append((module, {output: on}))
        self._requested.set()

    async def run(self, bus: BusB, failed: Callable[[ModbusError], None]) -> Never:
        """Carry out what is requested, without end. failed(error): counts a modbus.ModbusError,
        and the command that it has stopped."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            while self._requests:
                module, outputs = self._requests.pop(0)
                try:
                    await module.switch(bus, outputs)
                except ModbusError as error:
                    failed(error)

    def _checked(self, targets, on):
        for module, _ in targets:
            if module.state != "well":
                raise Refused("%s does not answer" % module.serial)
        self.request(targets, on)

    def _switch(self, fields):
        """The command "switch"."""
        targets = self._site.targets(fields["output"])
        if not targets:
            raise Refused("no output and no group %s" % fields["output"])
        self._checked(targets, fields["on"])

    def _setstate(self, output):
        def carry_out(fields):
            self._checked(self._site.targets(output.name), fields["value"] == "ON")

        return carry_out
