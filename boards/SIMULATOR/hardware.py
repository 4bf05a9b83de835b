"""The simulated gateway's hardware objects, which talk to the simulation (docs/simulator.md).

Time is the board's own: it moves when the firmware sleeps on it.
"""

import asyncio
import gc
import json
import os
import sys
import time

from links import Ethernet, Radio
from micropython import const
from uart import Uart, UartB

from wifi_provision import hotspot_name
from net.clock import Clock

_KEPT, _END_KEPT, _SECURITY_KEPT = "kept", "end_kept", "security_kept"
_BUTTON, _END = const(8), const(128)  # of the answer to S


class Hardware:
    """What the firmware gets: `a_uart`, `a_baud`, `serial`, the links that the board has (docs/
    connection.md; None for one that it has not), `name`, `hotspot_ports` (HTTP, DNS), `home`
    (address, port), the servers `probe` (host, port; or None) and `time_servers`, `clock`,
    `now_ms`, `debug` (whether the console is an engineer's: unless a test says otherwise, as
    Improv has a line of its own),
    `reset_cause` (a text), and the functions below. Of the watchdog `fed` is how often it was fed,
    `bitten` how often it would have started the chip anew."""

    # Bytes allocated between two collections. In a small heap what lives long then finds a place
    # low in it, and free pieces of 8 kB remain; with twice as many, 4 kB.
    collect_every = 8192
    keeps_modules = False  # the heap is small
    notes = ()  # that it is an engineer's is nothing to report
    program_files = (
        "programs",
        "simulator.json",
        "gateway.log",
        _KEPT,
        _END_KEPT,
        _SECURITY_KEPT,
    )

    def __init__(self, settings: Table, board: Board):
        self.serial = settings["serial"]
        self.debug = settings.get("debug", True)
        self.a_baud = settings["baud"]
        self.a_uart = uart = Uart(settings["link"], self)
        self.ethernet = Ethernet(uart) if "ethernet" in board.LINKS else None
        self.has_b_modules = settings.get("b_modules", board.HAS_B_MODULES)
        self.radio = Radio(uart) if "wifi" in board.LINKS else None
        self.modem = None
        if "lte" in board.LINKS:
            from modem import Modem  # seldom needed

            self.modem = Modem(uart)
        self.name = board.NAME
        self.storage = None  # the file system is the host's
        self.hotspot_ports = settings.get("portal", (8080, 8053))
        self.home = tuple(settings.get("home", ("127.0.0.1", 47653)))
        self.probe = settings.get("probe")
        self.time_servers = [tuple(server) for server in settings.get("times", ())]
        self._entropy = settings.get("entropy", 4711)
        self._improv = settings.get("improv")
        self._heap_bytes = settings.get("heap_bytes", 4 << 20)  # of a module with PSRAM
        self.reset_cause = settings.get("reset", "power-up")
        self.fed = self.bitten = 0
        self._watchdog_ms = None
        self._fed_ms = 0
        self._paced = settings["paced"]
        self._paced_from_s = settings.get("paced_from_s", 0)  # before that it hurries
        self._now = 0  # us since start, modulo the period of time.ticks_us
        self._seconds = 0
        self._fraction = 0  # us
        self._ahead = 0  # us that the board's clock is ahead of real time
        self._real = time.ticks_us()
        self._idle = self._paced  # nobody sleeps on the board's clock yet: it follows the real one
        self._sleepers = []  # when each wants to wake up, where there are several
        self._moves = 0  # of these
        epoch = settings["epoch"]  # s; None: nobody has said it yet
        self.clock = Clock(self.uptime_ms, None if epoch is None else epoch * 1000)
        self.now_ms = self.clock.now_ms
        uart.ask("name_host", hotspot_name(self.serial))

    def set_chip_clock(self, now_ms: int) -> None:
        """Nothing: the machine's own clock, by which TLS judges certificates, is not ours."""

    def shared_storage(self) -> None:
        """The file system is the host's."""

    def b_uart(self) -> UartLineB:
        """The B-bus's UART."""
        return UartB(self.a_uart)

    def ticks_us(self) -> int:
        """A clock as time.ticks_us."""
        if self._idle:
            real = time.ticks_us()
            self.pass_us(time.ticks_diff(real, self._real))
            self._real = real
        return self._now

    def pass_us(self, us: int) -> None:
        """Let `us` of the board's time pass, without waiting for real time."""
        self._now = time.ticks_add(self._now, us)
        self._fraction += us
        while self._fraction >= 1000000:
            self._fraction -= 1000000
            self._seconds += 1

    def sleep_us(self, us: int) -> Awaitable[None]:
        """Sleep: to be awaited."""
        if self._sleepers:
            return self._sleep_among(us)
        return self._let_pass(us)

    def b_sleep_us(self, us: int) -> Awaitable[None]:
        """Sleep of a task beside the one on the A-bus: to be awaited."""
        return self._sleep_among(us)

    async def _sleep_among(self, us):
        """The one that wakes up first lets the time pass."""
        end = time.ticks_add(self._now, us)
        self._sleepers.append(end)
        self._moves += 1
        try:
            while True:
                moves = self._moves
                await asyncio.sleep_ms(1 if self._paced else 0)
                left = time.ticks_diff(end, self._now)
                if left <= 0:
                    return
                if self._moves != moves and not self._paced:
                    continue  # who was woken by that has its turn first
                if all(time.ticks_diff(other, end) >= 0 for other in self._sleepers):
                    self._moves += 1
                    await self._let_pass(left)
        finally:
            self._moves += 1
            self._sleepers.remove(end)

    def _let_pass(self, us):
        self._idle = False
        self.pass_us(us)
        if not self._paced or self._seconds < self._paced_from_s:
            return asyncio.sleep_ms(0)
        real = time.ticks_us()
        self._ahead += us - time.ticks_diff(real, self._real)
        self._real = real
        if self._ahead < 0:  # a slow host makes the house slow; it does not hurry afterwards
            self._ahead = 0
        return asyncio.sleep_ms(self._ahead // 1000)

    def uptime_ms(self) -> int:
        """ms since start."""
        self.ticks_us()
        return self._seconds * 1000 + self._fraction // 1000

    def set_led(self, red: int, green: int, blue: int) -> None:
        self.a_uart.set_led(red, green, blue)

    def improv_line(self) -> ImprovLine | None:
        """The serial line for Improv, opened, or None."""
        if self._improv is None:
            return None
        from serial_line import SerialLine

        return SerialLine(self._improv)

    def watchdog(self, ms: int) -> None:
        """From now on the chip would start anew where feed() is not called for so long."""
        self._watchdog_ms = ms
        self._fed_ms = time.ticks_ms()

    def feed(self) -> None:
        """Feed the watchdog, whose clock is real. Allocates nothing."""
        if self._watchdog_ms is None:
            return
        now = time.ticks_ms()
        if time.ticks_diff(now, self._fed_ms) >= self._watchdog_ms:
            self.bitten += 1
        self._fed_ms = now
        self.fed += 1

    def heap_bytes(self) -> int:
        """What the program can have of memory, in use and free, as the host says."""
        return self._heap_bytes

    def widen_heap(self) -> None:
        """Its size is fixed."""

    def heap_free(self) -> int:
        """What is free of it."""
        return gc.mem_free()

    def internal_heap(self) -> None:
        """There is none."""

    def room(self) -> int:
        """Bytes that are free for one more connection."""
        return self.heap_free()

    def keep_end(self, data: bytes) -> None:
        """Keep up to 2000 bytes over a new start."""
        with open(_END_KEPT, "wb") as file:
            file.write(data)

    def end_kept(self) -> bytes:
        """What is kept there."""
        try:
            with open(_END_KEPT, "rb") as file:
                return file.read()
        except OSError:
            return b""

    def keep(self, data: bytes | None) -> None:
        """Keep bytes while the storage is erased; None forgets them."""
        if data is None:
            os.remove(_KEPT)
        else:
            with open(_KEPT, "wb") as file:
                file.write(data)

    def kept(self) -> bytes | None:
        """What is kept, or None."""
        try:
            with open(_KEPT, "rb") as file:
                return file.read()
        except OSError:
            return None

    def keep_security(self, level: int) -> None:
        """Keep the highest security level that a program here has had, whatever is erased."""
        with open(_SECURITY_KEPT, "w") as file:
            file.write(str(level))

    def security_kept(self) -> int:
        """What is kept, 0 where nothing is."""
        try:
            with open(_SECURITY_KEPT) as file:
                return int(file.read())
        except OSError:
            return 0

    def restart(self) -> None:
        """Begin anew, as after power-up."""
        sys.exit(0)

    def entropy(self) -> int:
        """A number of 16 bits or more, another one at every start (here as the host says)."""
        return self._entropy

    def pressed(self) -> bool:
        """Whether somebody presses the button. Allocates nothing."""
        flags = self.a_uart.world()[0]
        if flags & _END:  # as Ctrl-C; a signal may come while the collector has the heap locked
            raise KeyboardInterrupt
        return bool(flags & _BUTTON)


def give_up() -> None:
    """The configuration is not usable: end, so that the host sees it."""
    sys.exit(1)


def make(board: Board) -> BoardHardware:
    """The Hardware of the board, as simulator.json in the working directory describes it."""
    with open("simulator.json") as file:
        return Hardware(json.load(file), board)
