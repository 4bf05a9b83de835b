"""What everything that is polled on the B-bus has in common: when its turn is, and how it is
named."""

from micropython import const

from b_bus import modbus

_MAX_PAUSE_S = const(30)
_LATE_S = const(3)  # the time in which an answer may come late is 2 s
_ASSIGN = const(0x7E20)


async def assign(bus: BusB, serial: str, unit: int) -> None:
    """Tell a module its unit number; 0 refuses it until the next session (docs/b-bus.md section
    3)."""
    words = [int(serial[:4])] + modbus.split(int(serial[4:])) + [unit]
    await bus.ask(0, modbus.WRITE_REGISTERS, _ASSIGN, words)


class Device:
    """`state`: "missing" until it has answered, "well", "lost" when it does not any more.
    `fault`: what is wrong with it in words, None when nothing is; `error`: why the last poll
    failed (modbus.ModbusError), None when it did not.

    name: for people; unit: its unit number, 0 while it has none.
    """

    KIND = ""
    serial = None
    channels: Sequence[Any] = ()  # inputs or outputs
    joins = False  # whether it is given its unit number
    # Whether it is left alone while an answer may come late, because answers to its requests can
    # be confused; a first failure is not shown then.
    patient = False

    def __init__(self, name: str, unit: int):
        self.name = name
        self.unit = unit
        self.state = "missing"
        self.fault = self.error = None
        self._silent = True  # nothing came when it was asked last
        self._pause = 0  # s between two polls while it does not answer
        self._next_s = 0  # uptime before which it is not polled
        self._failed_once = False

    @property
    def tries(self) -> int:
        """How often a request to it is sent: who does not answer costs the others little."""
        return 1 if self._silent else 3

    def answers_for(self, serial: str) -> bool:
        """Whether it is the device with this serial number, or has its inputs."""
        return self.serial == serial

    def due(self, now_s: int) -> bool:
        """Whether it is polled in this second. now_s: uptime."""
        return now_s >= self._next_s

    def answered(self) -> None:
        self.state = "well"
        self.error = None
        self._silent = False
        self._failed_once = False
        self._pause = 0

    def failed(self, error: ModbusError, now_s: int) -> None:
        """The poll at now_s (uptime) had no good answer. Who answers at all is asked again the
        next second."""
        self.error = error
        # Who is one answer behind is asked as seldom: each try takes its time.
        self._silent = error.result in (modbus.SILENT, modbus.BEHIND)
        if self.state == "well":
            if not self.patient or self._failed_once:
                self.state = "lost"
            self._failed_once = True
        self._pause = min(_MAX_PAUSE_S, 2 * self._pause or 1) if self._silent else 1
        late_s = _LATE_S if self.patient and self._silent else 0
        self._next_s = now_s + max(self._pause, late_s)

    def retry(self) -> None:
        """Poll it this second."""
        self._next_s = 0


class Module(Device):
    """An Input or Output module: `serial`; `channels`: its inputs or outputs as the site names
    them, None where it does not."""

    joins = True

    def __init__(self, serial: str, channels: Sequence[Any]):
        super().__init__(serial, 0)
        self.serial = serial
        self.channels = channels
        self.configured = False  # since the gateway has started

    def join(self, unit: int) -> None:
        """It has this unit number from now on."""
        self.unit = unit

    async def identify(self, bus: BusB, _serial: str, mask: int, seconds: int) -> None:
        """The LEDs of the inputs or outputs in `mask` show that they are selected."""
        await bus.ask(self.unit, modbus.WRITE_REGISTERS, 0x0101, [mask, seconds])

    async def write(self, bus: BusB, values: Sequence[int]) -> None:
        """Write the configuration, registers from 0110 on."""
        await bus.ask(self.unit, modbus.WRITE_REGISTERS, 0x0110, values)
        await bus.ask(self.unit, modbus.WRITE_REGISTER, 0x0103, 1)
        self.configured = True
