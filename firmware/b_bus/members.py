"""Who is on the B-bus: the devices that the site names, and the modules that a search finds.

Owns the list of devices, the unit numbers of modules, and what else was found.
"""

from micropython import const

from system.modules import unload
from site.devices import INPUT_MODULE, MAX_MODULES, OUTPUT_MODULE
from b_bus.device import assign

_FIRST_UNIT = const(11)  # of modules
_MAX_STRANGE = const(20)


class Members:
    """`devices`: everything that is polled, in this order. `strange`: serial number -> why it has
    no address (names of messages.STRANGE). `noise`: why the last search was given up (a name of
    messages.NOISE), or None.

    bus: bus_b.BusB. with_modules: whether this board works with Input and Output modules. begin:
    a function (module) that joins a new one to what it reports to."""

    def __init__(self, bus: BusB, with_modules: bool, begin: Callable[[Module], None]):
        self.devices = []
        self.strange = {}
        self.noise = None
        self._bus = bus
        self._with_modules = with_modules
        self._begin = begin
        self._modules = 0  # with an address

    def add(self, device: Device) -> None:
        self.devices.append(device)

    def add_module(self, module: Module) -> None:
        """A module of the site, or one that was found."""
        if not self._with_modules:
            self._note(module.serial, "not_here")
            return
        module.join(_FIRST_UNIT + self._modules)
        self._modules += 1
        self._begin(module)
        self.devices.append(module)

    async def search(self, session: int = 0) -> None:
        """Find modules without an address; with a session all forget theirs first."""
        from b_bus import search

        if session:
            await search.begin(self._bus, session)
            for device in self.devices:  # who is known need not be searched for
                if device.joins:
                    await assign(self._bus, device.serial, device.unit)
        found = await search.search(self._bus, self._admit)
        self.noise = found.noise
        for serial in found.unclear:
            self._note(serial, "unclear")
        del search
        unload("b_bus.search")

    def retry(self) -> None:
        """Ask everybody this second."""
        for device in self.devices:
            device.retry()

    def _note(self, serial, why):
        if serial in self.strange or len(self.strange) < _MAX_STRANGE:
            self.strange[serial] = why

    def _admit(self, serial):
        """The unit for a module that has none; 0 to refuse it."""
        kind = serial[:4]
        if kind not in (INPUT_MODULE, OUTPUT_MODULE):
            self._note(serial, "wrong_bus")
        elif not self._with_modules:
            self._note(serial, "not_here")
        else:
            for device in self.devices:
                if device.serial == serial:
                    device.retry()
                    return device.unit
            if self._modules < MAX_MODULES:
                self._note(serial, "not_in_site")
                if kind == INPUT_MODULE:
                    from b_bus.input_module import InputModule as Module
                else:
                    from b_bus.output_module import OutputModule as Module
                self.add_module(Module(serial, [None] * (4 if kind == INPUT_MODULE else 2)))
                return self.devices[-1].unit
            self._note(serial, "too_many")
        return 0
