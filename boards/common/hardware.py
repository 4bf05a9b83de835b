"""Hardware objects of the gateways with an ESP32, made from a board's data: only boards/
imports machine and network. The RS485 transceivers switch their direction by themselves
(their driver is enabled by the data line), so a UART is a whole line.
"""

import gc
import json
import os
import sys
import time

import esp32
import machine
import network
from alarm import Alarm
from debug_entry import wanted
from lamps import lamps
from links import Ethernet, Radio
from micropython import const

from wifi_provision import hotspot_name
from net.clock import Clock

_BAUD = const(3000000)
_RECEIVE_BUFFER = const(5120)  # docs/a-bus.md section 8: internal memory is scarce
_B_BAUD = const(38400)
_B_RECEIVE_BUFFER = const(512)
_S_1970_TO_2000 = const(946684800)
_A_TIMER, _B_TIMER = const(0), const(1)
_MEGAHERTZ = const(240)
_PIECE_BYTES, _PIECES = const(16384), const(100)
_PART_BYTES = const(65536)  # less is the network driver's
_INTERNAL_BYTES = const(1000000)  # a region of the IDF's heap that is larger lies in PSRAM
_RESETS = {
    machine.PWRON_RESET: "power-up",
    machine.WDT_RESET: "watchdog",
    machine.HARD_RESET: "software",
    machine.SOFT_RESET: "software",
}


def _psram_free():
    return max([r[1] for r in esp32.idf_heap_info(esp32.HEAP_DATA)])


class Hardware:
    """What the firmware gets: `serial`, `a_uart`, `a_baud`, the links that the board has (docs/
    connection.md; None for one that it has not, or that fails), `name`, `hotspot_ports` (HTTP,
    DNS), `home` (address, port), the server `probe` (host, port), `time_servers`, `clock`,
    `now_ms`, `collect_every`, `keeps_modules`, `debug` (whether the console is an engineer's),
    `reset_cause` (a text), `notes` (what of the start is counted, as `start.<note>`), and the
    functions below."""

    # Bytes allocated between two collections, where the gateway does not collect before: it does,
    # once a second, when its buses have time for that. With less it is amid a step now and then:
    # messages for a new connection allocate 300 kB a second, though most is free again at once.
    collect_every = 1 << 20
    keeps_modules = True  # whatever is needed now and then is loaded at the start, for good
    program_files = ("lib", "programs", "main.py", "boot.py")
    hotspot_ports = (80, 53)
    home = ("255.255.255.255", 47653)
    probe = ("connectivitycheck.gstatic.com", 80)
    # Of three operators, so that two who agree are not one.
    time_servers = (
        ("pool.ntp.org", 123),
        ("time.cloudflare.com", 123),
        ("time.google.com", 123),
    )

    def __init__(self, board: Board):
        machine.freq(_MEGAHERTZ * 1000000)  # a stock MicroPython starts at 160 MHz
        pins = board.PINS
        self.name = board.NAME
        self.serial = _serial_number(board.ARTICLE_TYPE)
        self.a_baud = _BAUD
        self.a_uart = _Uart(1, _BAUD, pins["a_tx"], pins["a_rx"], _RECEIVE_BUFFER)
        self.has_b_modules = board.HAS_B_MODULES
        self._lamps = lamps(pins)
        self._pins = pins
        self._button, self._down = _button(pins)
        self.debug = wanted(self.pressed, self.set_led)
        self.notes = ("debug",) if self.debug else ()
        self.reset_cause = _RESETS.get(machine.reset_cause(), "unknown")
        self._watchdog = None
        self._ms = 0
        self._ticks = time.ticks_ms()
        self.storage = _storage()
        # Sleeps of the two buses: to be awaited.
        self.sleep_us = Alarm(_A_TIMER).sleep_us
        self.b_sleep_us = Alarm(_B_TIMER).sleep_us
        self.clock = Clock(self.uptime_ms)
        self.now_ms = self.clock.now_ms
        network.hostname(hotspot_name(self.serial))  # for the router's list, before a link is up
        self.ethernet = _link(Ethernet, pins) if "ethernet" in board.LINKS else None
        self.radio = _link(Radio) if "wifi" in board.LINKS else None
        self.modem = None
        if "lte" in board.LINKS:
            from modem import Modem  # seldom needed

            self.modem = _link(Modem, pins)

    ticks_us = staticmethod(time.ticks_us)

    def shared_storage(self) -> BlockDevice:
        """The partition of the file system, where the program lies in it too."""
        return esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")[0]

    def b_uart(self) -> UartLineB:
        """The B-bus's UART, where the board has that bus."""
        return _Uart(2, _B_BAUD, self._pins["b_tx"], self._pins["b_rx"], _B_RECEIVE_BUFFER)

    def uptime_ms(self) -> int:
        """ms since start; call it at least once in six days."""
        now = time.ticks_ms()
        self._ms += time.ticks_diff(now, self._ticks)
        self._ticks = now
        return self._ms

    def set_chip_clock(self, now_ms: int) -> None:
        """Set the chip's own clock, by which TLS judges certificates, to epoch ms."""
        epoch = _S_1970_TO_2000 if time.gmtime(0)[0] == 2000 else 0
        year, month, day, hour, minute, second, weekday = time.gmtime(now_ms // 1000 - epoch)[:7]
        machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))

    def set_led(self, red: int, green: int, blue: int) -> None:
        """Three levels of 0 to 255, of light. Allocates nothing."""
        self._lamps(red, green, blue)

    def pressed(self) -> bool:
        """Whether somebody presses the button."""
        return self._button.value() == self._down

    def improv_line(self) -> ImprovLine | None:
        """The serial line for Improv, opened; None while an engineer has the console."""
        if self.debug:
            return None
        from serial_line import SerialLine

        return SerialLine()

    def watchdog(self, ms: int) -> None:
        """From now on the chip starts anew where feed() is not called for so long; not while an
        engineer has the console. May be called again with another time."""
        if not self.debug:
            self._watchdog = machine.WDT(timeout=ms)

    def feed(self) -> None:
        """Feed the watchdog. Allocates nothing."""
        if self._watchdog:
            self._watchdog.feed()

    def heap_bytes(self) -> int:
        """What the program can have of memory, in use and free."""
        return gc.mem_alloc() + gc.mem_free()

    def widen_heap(self) -> None:
        """Have the heap made twice as large, for good. MicroPython itself makes it larger only
        where a collection, amid a step, has found too little; and a part of it that has nothing in
        it is given back by the next collection, so a piece stays in it."""
        pieces, free = [], _psram_free()
        while free - _psram_free() < _PART_BYTES and len(pieces) < _PIECES:
            pieces.append(bytearray(_PIECE_BYTES))
        self._in_new_part = pieces[-1:]

    def heap_free(self) -> int:
        """What is free of it."""
        return gc.mem_free()

    def internal_heap(self) -> dict[str, int]:
        """Bytes of the chip's own memory, where network and TLS live, that are free now, and the
        least that ever were."""
        regions = [r for r in esp32.idf_heap_info(esp32.HEAP_DATA) if r[0] < _INTERNAL_BYTES]
        return {"free": sum([r[1] for r in regions]), "least": sum([r[3] for r in regions])}

    def room(self) -> int:
        """Bytes that are free for one more connection, of either memory."""
        return min(self.heap_free(), self.internal_heap()["free"])

    def keep_end(self, data: bytes) -> None:
        """Keep up to 2000 bytes in the RTC's memory, which a reset leaves and a power cut does
        not; no flash is worn."""
        machine.RTC().memory(data)

    def end_kept(self) -> bytes:
        """What is kept there."""
        return machine.RTC().memory()

    def keep(self, data: bytes | None) -> None:
        """Keep bytes in the chip's NVS while the storage is erased; None forgets them."""
        store = esp32.NVS("gateway")
        if data is None:
            store.erase_key("reset")
        else:
            store.set_blob("reset", data)
        store.commit()

    def kept(self) -> bytes | None:
        """What is kept, or None."""
        data = bytearray(1024)
        try:
            size = esp32.NVS("gateway").get_blob("reset", data)
        except OSError:
            return None
        return bytes(data[:size])

    def keep_security(self, level: int) -> None:
        """Keep the highest security level that a program here has had, in the chip's NVS: whatever
        is erased, it stays."""
        store = esp32.NVS("gateway")
        store.set_i32("security", level)
        store.commit()

    def security_kept(self) -> int:
        """What is kept, 0 where nothing is."""
        try:
            return esp32.NVS("gateway").get_i32("security")
        except OSError:
            return 0

    def restart(self) -> None:
        """Begin anew, as after power-up."""
        machine.reset()

    def entropy(self) -> int:
        """A number of 16 bits or more, another one at every start."""
        return int.from_bytes(os.urandom(2), "big")


class _Uart(machine.UART):
    """A UART whose speed and format are others now and then."""

    def __init__(self, number: int, baud: int, tx: int, rx: int, rxbuf: int):
        super().__init__(number, baudrate=baud, tx=tx, rx=rx, rxbuf=rxbuf, timeout=0)

    def set_baud(self, baud: int) -> None:
        self.init(baudrate=baud)

    def set_format(self, baud: int, parity: int | None, stop: int) -> None:
        """parity: None, 0 (even) or 1 (odd); stop: 1 or 2."""
        self.init(baudrate=baud, bits=8, parity=parity, stop=stop)


def _link(make, *pins):
    """A link; None where the chip or what is beside it fails, which the console tells."""
    try:
        return make(*pins)
    except Exception as error:
        sys.print_exception(error)
        return None


def _button(pins):
    """The button's pin, and its level while it is pressed."""
    down = pins.get("button_high", 0)
    pin = machine.Pin(pins["button"], machine.Pin.IN)
    if "button_pull" in pins:
        pin.init(pull=machine.Pin.PULL_DOWN if down else machine.Pin.PULL_UP)
    return pin, down


def _storage():
    """The partition of the file system where it holds data alone: boards/ESP32_GATEWAY."""
    try:
        from storage import partition
    except ImportError:
        return None
    return partition


def give_up() -> None:
    """The configuration is not usable: go on without it."""


def _serial_number(article_type):
    """Ten digits, of which the first four are the article's type: the label's, in factory.json;
    where there is none of this article, the last 24 bits of the chip's number modulo 10^6."""
    try:
        with open("factory.json") as file:
            serial = json.load(file)["serial"]
        if len(serial) == 10 and serial.isdigit() and int(serial[:4]) == article_type:
            return serial
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    chip = machine.unique_id()
    return "%04d%06d" % (article_type, int.from_bytes(chip[-3:], "big") % 1000000)


def make(board: Board) -> BoardHardware:
    """The Hardware of the board with that data; where it cannot be made the chip starts anew."""
    try:
        return Hardware(board)
    except Exception as error:
        from last_resort import fail

        fail(error)
        raise
