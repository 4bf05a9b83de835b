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
_VAIN = const(3)


def _serial(data):
    return "%04d%06d" % (modbus.register(data, 0), modbus.low_first(data, 1))


async def begin(bus, session):
    """All modules that have not joined this session (1 to 65535) forget their address."""
    await bus.ask(0, modbus.WRITE_REGISTER, _SESSION, session)


async def search(bus, met):
    """Find every module without an address. met(serial): gives the unit for it, 0 to refuse it.

    Returns the serial numbers that could not be told apart: two modules with the same one, or one
    whose answers arrive damaged.
    """
    unclear = []
    windows = [(_FIRST, _LAST - 1)]
    vain = 0
    while windows:
        low, high = windows[-1]
        serial = await _ask(bus, low, high)
        if serial is None:  # nobody
            windows.pop()
            vain = 0
        elif serial:
            unit = met(serial)
            await assign(bus, serial, unit)
            vain = 0
            if unit and not await _has(bus, unit, serial):
                unclear.append(serial)
        elif low == high:
            vain += 1
            if vain == _VAIN:
                unclear.append("%04d%06d" % (low >> _NUMBERS, low & 0xFFFFF))
                windows.pop()
                vain = 0
        else:
            windows.pop()
            middle = (low + high) // 2
            windows += [(middle + 1, high), (low, middle)]
    return unclear


async def _ask(bus, low, high):
    """The serial number that answers from this window; None: nobody does; "": several."""
    window = []
    for key in (low, high):
        window += [key >> _NUMBERS] + modbus.split(key & 0xFFFFF)
    await bus.ask(0, modbus.WRITE_REGISTERS, _WINDOW, window)
    try:
        return _serial(await bus.ask(_UNIT, modbus.HOLDING, 0, 3, 1))
    except modbus.ModbusError as error:
        return None if error.result == modbus.SILENT else ""


async def _has(bus, unit, serial):
    """Whether that module answers at that unit."""
    try:
        return _serial(await bus.ask(unit, modbus.HOLDING, 0, 3)) == serial
    except modbus.ModbusError:
        return False
