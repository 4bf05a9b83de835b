"""What the firmware wants of a board: the hardware's contract, and that of the links.

boards/common and boards/SIMULATOR implement it; the type checker holds them against it. Nothing
here runs. Times are in µs or ms as the names say; levels of light are 0 to 255.
"""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from vfs import AbstractBlockDev

from net.clock import Clock

class _Line(Protocol):
    """A serial line, never waiting."""

    def write(self, data: bytes | bytearray | memoryview, /) -> object:
        """Begin to send; at most 64 bytes on the A-bus, 256 on the B-bus."""
    def readinto(self, view: bytearray | memoryview, /) -> int | None:
        """What has arrived, at most as much as there is room; None or 0 when nothing has."""

class Uart(_Line, Protocol):
    """The A-bus's."""

    def set_baud(self, baud: int, /) -> None:
        """From the next byte on."""

class UartB(_Line, Protocol):
    """The B-bus's."""

    def set_format(self, baud: int, parity: int | None, stop: int, /) -> None:
        """From the next byte on; parity: None, 0 (even) or 1 (odd)."""

class Link(Protocol):
    """A way to the network (docs/connection.md)."""

    def connected(self) -> bool:
        """Whether it has an address."""
    def ip(self) -> str | None:
        """The gateway's address, None without one."""
    def name_server(self) -> str:
        """The address that names are asked of."""
    def addresses(self) -> tuple[str, ...]:
        """Its own, the mask, the router's, the name server's, as ifconfig() has them."""
    def dbm(self) -> int | None:
        """How strong what it comes from is heard; None where nothing is, or it has no radio."""

class Ethernet(Link, Protocol):
    """Ethernet."""

    def plugged(self) -> bool:
        """Whether a cable with somebody at its other end is in."""

Heard = tuple[bytes, bytes, int, int, str, bool]
"""An access point: name, BSSID, channel, dBm, security ("open", "wep", "wpa", "wpa2", "wpa3",
"enterprise"), whether it hides its name."""

class Radio(Link, Protocol):
    """Wi-Fi, as station and as access point."""

    @property
    def hotspot_ip(self) -> str | None:
        """Where the hotspot's page is, None while it is closed."""

    async def scan(self) -> Sequence[Heard]:
        """Who is in reach; up to 10 s."""
    async def join(self, ssid: str, password: str, bssid: bytes = b"") -> str:
        """ "ok", or why not: "not_found", "wrong_password", "no_address", "failed"."""
    def leave(self) -> None:
        """Leave the network; a join under way ends as "failed"."""
    def start_hotspot(self, ssid: str, password: str) -> None:
        """Open the hotspot, WPA2."""
    def is_on_hotspot(self, sender: Any) -> bool:
        """Whether an address, as accept() gives it, is one of the hotspot's own network."""
    def stop_hotspot(self) -> None:
        """Close it."""

class Modem(Link, Protocol):
    """LTE."""

    async def dial(self, apn: str) -> str:
        """ "ok", or why not: "no_modem", "no_sim", "not_found", "no_address", "failed"."""
    def leave(self) -> None:
        """Hang up."""
    def quality(self, limits: Sequence[int]) -> int:
        """0 to len(limits): how many of these dBm the reception reaches, with hysteresis."""

class SerialLine(Protocol):
    """The line for Improv, opened (docs/provisioning.md)."""

    stream: Any
    """Polled, and read one byte at a time."""

    def write(self, data: bytes, /) -> None:
        """Send, waiting where the line is slow."""

class Poll(Protocol):
    """Of select.poll(), as far as it is used."""

    def ipoll(self, timeout_ms: int, /) -> Iterable[tuple[Any, int]]: ...

class KeepsEnds(Protocol):
    """What of the hardware keeps how the program ended."""

    @property
    def reset_cause(self) -> str:
        """What the chip says of its last reset."""
    def keep_end(self, data: bytes) -> None:
        """Keep up to 2000 bytes over a new start, not over a power cut; wears nothing."""
    def end_kept(self) -> bytes:
        """What is kept there."""
    def uptime_ms(self) -> int:
        """ms since start."""

Pins = Mapping[str, Any]
"""A board's PINS (docs/device.md): numbers, and what is said of them."""

class Board(Protocol):
    """A board's data: boards/<NAME>/board.py (docs/device.md)."""

    @property
    def NAME(self) -> str: ...
    @property
    def ARTICLE_TYPE(self) -> int: ...
    @property
    def LINKS(self) -> Sequence[str]: ...
    @property
    def CHOOSES(self) -> str: ...
    @property
    def BUSES(self) -> Sequence[str]: ...
    @property
    def HAS_B_MODULES(self) -> bool: ...
    @property
    def LED(self) -> Mapping[str, tuple[str, str]]: ...
    @property
    def MAX_STATE_S(self) -> Mapping[str, int]: ...
    @property
    def RESET(self) -> Sequence[tuple[str, int]]: ...
    @property
    def PINS(self) -> Pins: ...

class Hardware(KeepsEnds, Protocol):
    """All that a board gives (docs/device.md)."""

    @property
    def name(self) -> str: ...
    @property
    def serial(self) -> str:
        """Ten digits, of which the first four are the article's type."""
    @property
    def a_uart(self) -> Uart: ...
    @property
    def a_baud(self) -> int: ...
    @property
    def has_b_modules(self) -> bool: ...
    @property
    def ethernet(self) -> Ethernet | None: ...
    @property
    def radio(self) -> Radio | None: ...
    @property
    def modem(self) -> Modem | None: ...
    @property
    def storage(self) -> AbstractBlockDev | None:
        """The block device of the file system where it holds data alone, else None."""
    @property
    def hotspot_ports(self) -> tuple[int, int]:
        """HTTP and DNS."""
    @property
    def home(self) -> tuple[str, int]:
        """The address that reaches everybody in the home's network, and the port there by which
        gateways of a site find each other."""
    @property
    def probe(self) -> tuple[str, int] | None: ...
    @property
    def time_servers(self) -> Sequence[tuple[str, int]]:
        """Host and port of each; none where the board's clock needs none."""
    @property
    def clock(self) -> Clock: ...
    @property
    def debug(self) -> bool:
        """Whether an engineer has the console."""
    @property
    def notes(self) -> Sequence[str]:
        """What of the start is counted, as `start.<note>`."""
    @property
    def collect_every(self) -> int:
        """Bytes allocated between two collections, where none was made before."""
    @property
    def keeps_modules(self) -> bool:
        """Whether whatever is needed now and then is loaded at the start, for good."""
    @property
    def program_files(self) -> Sequence[str]:
        """What a factory reset leaves."""

    def shared_storage(self) -> AbstractBlockDev | None:
        """Where `storage` is None: the block device of the LittleFS that holds the program too,
        in which what is removed can be read until its place is used again. None where there is
        none to be looked after."""
    def b_uart(self) -> UartB:
        """The B-bus's UART, where the board has that bus."""
    def ticks_us(self) -> int:
        """A clock as time.ticks_us."""
    def sleep_us(self, us: int, /) -> Awaitable[None]:
        """The A-bus's sleep, to the fraction of a ms."""
    def b_sleep_us(self, us: int, /) -> Awaitable[None]:
        """The B-bus's."""
    def uptime_ms(self) -> int:
        """ms since start."""
    def now_ms(self) -> int | None:
        """ms since 1970, None while the time is unknown."""
    def set_chip_clock(self, now_ms: int) -> None:
        """Set the clock by which TLS judges certificates, epoch ms."""
    def set_led(self, red: int, green: int, blue: int) -> None:
        """Three levels of 0 to 255. Allocates nothing."""
    def pressed(self) -> bool:
        """Whether somebody presses the button. Allocates nothing."""
    def improv_line(self) -> SerialLine | None:
        """The serial line for Improv, None while an engineer has the console."""
    def watchdog(self, ms: int) -> None:
        """From now on the chip starts anew where feed() is not called for so long."""
    def feed(self) -> None:
        """Feed the watchdog. Allocates nothing."""
    def heap_bytes(self) -> int:
        """What the program can have of memory, in use and free."""
    def widen_heap(self) -> None:
        """Have the heap large enough for what comes between two collections, for good."""
    def heap_free(self) -> int:
        """What is free of it."""
    def internal_heap(self) -> dict[str, int] | None:
        """Bytes of the chip's own memory, `free` now and the `least` ever; None where there is
        one memory for all."""
    def room(self) -> int:
        """Bytes that are free for one more connection."""
    def keep(self, data: bytes | None) -> None:
        """Keep up to 1024 bytes while the storage is erased; None forgets them."""
    def kept(self) -> bytes | None:
        """What is kept, or None."""
    def keep_security(self, level: int) -> None:
        """Keep the highest security level that a program here has had, whatever is erased."""
    def security_kept(self) -> int:
        """What is kept, 0 where nothing is."""
    def restart(self) -> None:
        """Begin anew, as after power-up."""
    def entropy(self) -> int:
        """A number of 16 bits or more, another one at every start."""
