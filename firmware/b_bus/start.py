"""Loads the B-bus when there is something on it, and only then: its modules take heap."""

import sys

from system.modules import unload

# docs/b-bus.md section 3: two sessions, so that one of them is new to every module; a window of
# all serial numbers; the search. With their check sums, so that nothing is loaded to ask.
_QUESTIONS = (
    b"\x00\x06\x7e\x00\x00\x01\x51\xf3",
    b"\x00\x06\x7e\x00\x00\x02\x11\xf2",
    b"\x00\x10\x7e\x10\x00\x06\x0c\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\x7a\xd0",
    b"\xf7\x03\x00\x00\x00\x03\x11\x5d",
)
_PAUSE_US = 40000


def meters_of(table):
    """{name of a meter: its phases} of site.json's `b_bus`; SiteError when that is not usable."""
    before = list(sys.modules)
    from b_bus import read

    phases = {meter.name: meter.phases for meter in read.read(table).meters}
    del read
    # A running gateway loads it again, where it finds room in the heap.
    unload(*(name for name in list(sys.modules) if name not in before))
    return phases


async def _anybody(hardware):
    """Whether any module answers the search."""
    uart = hardware.b_uart()
    for question in _QUESTIONS:
        uart.write(question)
        await hardware.b_sleep_us(_PAUSE_US)
    return bool(uart.readinto(bytearray(16)))


async def run(gateway, beat):
    """Search at power-up and on every order `scan`; once something is there, or the site names
    something, poll it for ever. beat: called then."""
    if gateway.bus_b is None:
        while not gateway.site.b_bus and not await _anybody(gateway.hardware):
            await gateway.scan_b.wait()
            gateway.scan_b.clear()
        from b_bus.runner import Runner

        gateway.bus_b = Runner(gateway)
    await gateway.bus_b.run(beat)
