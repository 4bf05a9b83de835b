"""Output modules (docs/b-bus.md section 6): two relays that are switched, and what they really
are.

Owns what is known of an output. Least times and the fail-safe state are the module's to keep.
"""

from b_bus import modbus
from b_bus.device import Module

FAIL_SAFE = ("off", "on", "keep")
CONTACTS = ("NO", "NC")


class Output:
    """`on`: read back from the contact, None until known; `wanted`: what it is to be; `wait`: s
    until a change that has to wait for its least time; `since`: epoch ms of the last change that
    was seen. min_on, min_off: s. node: its number in the original's topics."""

    def __init__(
        self,
        name: str,
        contact: bool,
        fail_safe: str,
        min_on: int,
        min_off: int,
        group: str | None,
    ):
        self.name = name
        self.contact = contact
        self.fail_safe = fail_safe
        self.min_on = min_on
        self.min_off = min_off
        self.group = group
        self.node = 0
        self.on: bool | None = None
        self.wanted: bool | None = None
        self.since: int | None = None
        self.requested: bool | None = None  # what was requested last; None: nothing since start
        self.wait = 0

    def number(self, node: int) -> None:
        """It is published as `plug/<node>` from now on."""
        self.node = node

    def changed(self, now_ms: int | None) -> None:
        """It was seen to have changed. now_ms: epoch ms or None."""
        self.since = now_ms


class OutputModule(Module):
    """changed(module, output): called when an output is seen to have changed."""

    KIND = "output"

    def begin(self, changed: Callable[[OutputModule, Output], None]) -> None:
        self._changed = changed

    async def poll(self, bus: BusB, now_s: int) -> None:
        """Read what is; configure it when it asks for that, and request again what it has lost."""
        data = await bus.ask(self.unit, modbus.HOLDING, 0x0200, 9, self.tries)
        state = modbus.register(data, 0)
        self.fault = "a contact does not follow its relay" if state & 2 else None
        if state & 1 or not self.configured:
            await self._configure(bus)
        if state & 5:
            await self.switch(bus, {})
        else:
            self._take(data)

    def _take(self, data):
        for i, output in enumerate(self.channels):
            if output:
                output.wanted = bool(modbus.register(data, 1) >> i & 1)
                on = bool(modbus.register(data, 2) >> i & 1)
                output.wait = modbus.register(data, 3 + i)
                if on != output.on:
                    output.on = on
                    self._changed(self, output)

    async def switch(self, bus: BusB, requests: dict[Output, bool]) -> None:
        """Carry out `requests`, {output: on}; without any, those that were given before. Both
        outputs are written in one frame. ModbusError while the module has no unit number: the
        frame would be a broadcast."""
        if not self.unit:
            raise modbus.ModbusError(modbus.SILENT)
        for output, on in requests.items():
            output.requested = on
        outputs = self.channels
        if all(output is None or output.requested is not None for output in outputs):
            values = [bool(output and output.requested) for output in outputs]
            await bus.ask(self.unit, modbus.WRITE_COILS, 0, values)
        else:
            for i, output in enumerate(outputs):
                if output and output.requested is not None:
                    await bus.ask(self.unit, modbus.WRITE_COIL, i, output.requested)
        self._take(await bus.ask(self.unit, modbus.HOLDING, 0x0200, 9))

    async def _configure(self, bus):
        outputs = self.channels
        values = [CONTACTS.index(output.contact) if output else 0 for output in outputs]
        values += [FAIL_SAFE.index(output.fail_safe) if output else 0 for output in outputs]
        values += [output.min_on if output else 0 for output in outputs]
        values += [output.min_off if output else 0 for output in outputs]
        await self.write(bus, values)
