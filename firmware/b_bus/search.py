"""Finding modules on the B-bus and giving them addresses (docs/b-bus.md section 3).

Loaded for a search only; keeps nothing.
"""

from micropython import const

from b_bus import modbus
from b_bus.device import assign

_UNIT = const(247)  # answers who has no address
_SESSION, _WINDOW = const(0x7E00), const(0x7E10)
_NUMBERS = const(20)  # bits of a number in a key
# Keys from 5400000000 to 5799999999: every type that may be found here.
_FIRST, _LAST = 5400 << _NUMBERS, 5800 << _NUMBERS
_MAX_VAIN = const(3)  # questions of one key, or answers of one module, that lead to nothing
_FOR_EACH = const(70)  # questions, of a module
_MAX_FOUND = const(40)  # a line has 10 modules; the rest are refused by name


def _serial(data):
    return "%04d%06d" % (modbus.register(data, 0), modbus.low_first(data, 1))


async def begin(bus: BusB, session: int) -> None:
    """All modules that have not joined this session (1 to 65535) forget their address."""
    await bus.ask(0, modbus.WRITE_REGISTER, _SESSION, session)


class Found:
    """What a search has found besides modules. `unclear`: serial numbers behind which no module
    could be singled out: two have the same one, or its answers arrive damaged. `noise`: a name of
    messages.NOISE when it was given up for what is heard on the line, else None."""

    def __init__(self) -> None:
        self.unclear: list[str] = []
        self.noise: str | None = None


async def search(bus: BusB, admit: Callable[[str], int]) -> Found:
    """Find every module without an address: a Found. admit(serial): gives the unit for it, 0 to
    refuse it. A window that several answer is halved.

    Bounded: a module takes _FOR_EACH questions at most, two windows for each bit of its number;
    who answers more often than modules can is none.
    """
    found = Found()
    windows = [(_FIRST, _LAST - 1)]
    vain = noisy = heard = questions = 0
    answers = {}  # of each serial number
    stubborn = None
    limit = 2 * _FOR_EACH  # of questions
    while windows:
        if questions == limit:
            found.noise = "noise"
            break
        questions += 1
        low, high = windows[-1]
        noise = bus.noise
        try:
            serial = await _ask(bus, low, high)
        except _Stranger:
            found.noise = "stranger"
            break
        noisy += noise != bus.noise
        if serial is None:  # nobody
            windows.pop()
            vain = 0
        elif serial:
            heard += 1
            limit += _FOR_EACH
            answers[serial] = answers.get(serial, 0) + 1
            if answers[serial] > _MAX_VAIN:  # it takes no address, and would answer for ever
                stubborn = serial
                break
            unit = admit(serial)
            await assign(bus, serial, unit)
            vain = 0
            if unit and not await _has(bus, unit, serial):
                found.unclear.append(serial)
        elif low == high:
            vain += 1
            if vain == _MAX_VAIN:
                found.unclear.append("%04d%06d" % (low >> _NUMBERS, low & 0xFFFFF))
                windows.pop()
                vain = 0
        else:
            windows.pop()
            middle = (low + high) // 2
            windows += [(middle + 1, high), (low, middle)]
        if len(found.unclear) + heard >= _MAX_FOUND:
            found.noise = "noise"
            break
    if noisy == questions and not heard:
        found.noise = "echo" if bus.echoes else "noise"
    if found.noise:
        del found.unclear[:]  # nobody has these numbers
    if stubborn and stubborn not in found.unclear:
        found.unclear.append(stubborn)
    return found


class _Stranger(Exception):
    """A device that is no module has the search's unit number: it refuses."""


async def _ask(bus, low, high):
    """The serial number that answers from this window; None: nobody does; "": several."""
    window = []
    for key in (low, high):
        window += [key >> _NUMBERS] + modbus.split(key & 0xFFFFF)
    await bus.ask(0, modbus.WRITE_REGISTERS, _WINDOW, window)
    try:
        return _serial(await bus.ask(_UNIT, modbus.HOLDING, 0, 3, 1))
    except modbus.ModbusError as error:
        if error.result == modbus.EXCEPTION:
            raise _Stranger
        return None if error.result == modbus.SILENT else ""


async def _has(bus, unit, serial):
    """Whether that module answers at that unit."""
    try:
        return _serial(await bus.ask(unit, modbus.HOLDING, 0, 3)) == serial
    except modbus.ModbusError:
        return False
