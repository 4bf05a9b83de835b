"""What the firmware names without an import: MicroPython's viper types, and what its annotations
name, which the chip never looks at: the contracts of the hardware, terms of the field, and classes
of other rooms."""

from array import array
from collections.abc import Awaitable as Awaitable
from collections.abc import Callable as Callable
from collections.abc import Container as Container
from collections.abc import Coroutine
from collections.abc import Generator as Generator
from collections.abc import Iterable as Iterable
from collections.abc import Iterator as Iterator
from collections.abc import Mapping as Mapping
from collections.abc import Sequence as Sequence
from typing import Any as Any
from typing import Never as Never
from typing import NoReturn as NoReturn
from typing import Protocol

import contracts
import uart
import vfs
from contracts import Board as Board
from contracts import Ethernet as Ethernet
from contracts import Heard as Heard
from contracts import KeepsEnds as KeepsEnds
from contracts import Link as Link
from contracts import Pins as Pins
from contracts import Poll as Poll
from contracts import Radio as Radio
from tls import SSLContext as SSLContext

from system.counters import Counters as Counters
from system.durable import Durable as Durable
from system.ends import Ends as Ends
from system.log import Log as Log
from system.watchdog import Watch as Watch
from hotspot.http_request import Request as Request
from hotspot.improv import Improv as Improv
from hotspot.own_key import OwnKey as OwnKey
from hotspot.page import Page
from site.document import Load as Load
from site.document import Point as Point
from site.document import Site as Site
from site.settings import Settings as Settings
from site.zone import Zone as Zone
from net.access_points import AccessPoint as AccessPoint
from net.access_points import AccessPoints as AccessPoints
from net.connection import Connection as Connection
from net.hotspot_window import HotspotWindow as HotspotWindow
from net.joining import Joining as Joining
from net.links import Links as Links
from net.networks import Networks as Networks
from net.time_floor import TimeFloor as TimeFloor
from net.trial import Trial as Trial
from b_bus.device import Device as Device
from b_bus.device import Module as Module
from b_bus.input_module import Input as Input
from b_bus.input_module import PulseTotals as PulseTotals
from b_bus.manner import Manner as Manner
from b_bus.members import Members as Members
from b_bus.meter_profile import Profile as Profile
from b_bus.modbus import ModbusError as ModbusError
from b_bus.output_module import Output as Output
from b_bus.output_module import OutputModule as OutputModule
from b_bus.power_box import NoBusA
from b_bus.site import BusBSite as BusBSite
from b_bus.switching import Switching as Switching
from bus_b import BusB as BusB
from a_bus.cycle import Cycle as Cycle
from a_bus.nodes import Node as Node
from a_bus.nodes import Nodes as Nodes
from a_bus.receive import Receiver as Receiver
from bus_a import BusA as BusA
from measure.harmonics import Harmonics as Harmonics
from measure.phantom_voltages import PhantomVoltages as PhantomVoltages
from measure.pll import Pll as Pll
from measure.power_events import PowerEvents as PowerEvents
from measure.quantities import Report as Report
from measure.quantities import Voltage as Voltage
from measure.readings import Reading as Reading
from measure.readings import Readings as Readings
from metering import Meter as Meter
from energy import record
from energy.aggregates import Aggregates as Aggregates
from energy.intervals import Interval as Interval
from energy.intervals import Span as Span
from energy.registers import Energy as Energy
from energy.spread import Spread as Spread
from feed.member import Member as Member
from journal import coding
from journal.cursor import Cursor as Cursor
from journal.journal import Journal as Journal
from journal.owner import Owner as Owner
from journal.segments import Segments as Segments
from journal.state import State as State
from commission.evidence import Evidence as Evidence
from commission.hypotheses import Kind as Kind
from commission.ratios import Ratios as Ratios
from commission.wiring import Wiring as Wiring
from cloud import mqtt_client, mqtt_link
from cloud.acceptance import Acceptance as Acceptance
from cloud.commands import Commands as Commands
from cloud.figures import Figures as Figures
from cloud.in_flight import InFlight as InFlight
from cloud.json_form import Form as Form
from cloud.json_text import Text as Text
from cloud.mqtt_wire import Body as Body
from cloud.pings import Pings as Pings
from cloud.rates import Rates as Rates
from cloud.subscriptions import Subscriptions as Subscriptions
from cloud.uplink import Uplink as Uplink
from update.slots import Slots as Slots
from update.updater import Updater as Updater
from installer.service_page import Reach as Reach
from installer.service_page import ServicePage as ServicePage
from led import Led as Led
from panel.housekeeping import Housekeeping as Housekeeping
from panel.lock import Lock as Lock
from pipeline import Measuring as Measuring

BoardHardware = contracts.Hardware
ImprovLine = contracts.SerialLine
LteModem = contracts.Modem
BlockDevice = vfs.AbstractBlockDev
UartLine = contracts.Uart
UartLineB = contracts.UartB
SimulatedUart = uart.Uart
RegistersRecord = record.Record
JournalRecord = coding.Record
MqttClient = mqtt_client.Client
MqttLink = mqtt_link.Link

# Time: functions of a clock.
Ticks = Callable[[], int]
"""As time.ticks_us."""
UptimeMs = Callable[[], int]
"""ms since start."""
NowMs = Callable[[], int | None]
"""ms since 1970, None while the time is unknown."""

TimeServer = tuple[str, int]
"""Host and port."""

# Data.
Bytes = bytes | bytearray | memoryview
Samples = bytearray | memoryview
"""16 bits each, signed, 64 of a channel."""
Words = array[int]
"""Integers that viper code works on."""
Floats = array[float]
Table = dict[str, Any]
"""As JSON has it."""
Phasor = tuple[float, float]
Range = tuple[float, float, float]
"""Least, mean, greatest."""
HarmonicsWindow = tuple[int, float, list[float]]
"""Channel, distortion, percent of orders 2 to 15."""
PowerEvent = tuple[str, int | None, int, float, float, list[str]]
"""As power_events.PowerEvents.last() has it."""
Powers = Sequence[float | None]
"""W of each load, None where it is unknown."""
EnergyOf = Callable[[int, int], int | None]
"""J of load k in a direction."""
Pairs = Sequence[tuple[int, int]]
"""[(ours, another's)]: indices."""
Named = list[tuple[str, list[int]]]
"""Of each node of the site: its serial number, and the channel of each input or -1."""
AdviceText = tuple[str, str]
"""Its name, and a text for the installer."""
StatePart = tuple[str, Callable[[], Any], Callable[[], object] | None]
"""As cloud.state.State has it."""
Pieces = Iterable[str]
"""Of a text that is never held as a whole."""
AnyPieces = Pieces | Callable[[], Pieces]
"""The same, or what gives them, the same ones each time."""
MetersOf = Callable[[Table], dict[str, Sequence[int]]]
"""The meters that `b_bus` names, and their phases."""

SampleBus = BusA | NoBusA
"""What the measuring path takes its blocks from."""
LedFact = bool | str | int | None
"""What Led.set_event() takes: whether something is so, how strong a signal is, or a word of
docs/led.md."""
AnyLink = Link | Radio | LteModem
Target = tuple[OutputModule, Output]
What = int | bool | Sequence[int] | Sequence[bool]
"""What a Modbus request reads or writes: how many, or the values."""
Values = Callable[[str], float | None]
"""W by a name of a rule's."""
LedTable = Mapping[str, tuple[str, str]]
"""Colour and pattern of each state."""
Message = tuple[str, Callable[[], Pieces]]
"""Topic, and what gives its pieces."""

# Work.

class Send(Protocol):
    """As Publisher.send()."""

    def __call__(
        self, topic: str, pieces: AnyPieces, retained: bool = ...
    ) -> Awaitable[object]: ...

class EntersValues(Protocol):
    """A meter that others made, or another gateway: enters what it measures into each report."""

    def fill(self, report: Report) -> None: ...

class Feed(Protocol):
    """What makes one site of several gateways."""

    def tasks(self) -> list[WatchedTask]: ...
    def texts(self) -> list[AdviceText]: ...
    def change(self, site: Site) -> None: ...
    def describe(self) -> Iterable[Table]: ...
    def glance(self) -> object: ...

CarryOut = Callable[[Table], object]
"""Carries out a command."""
Stop = Callable[[str | None], bool]
"""Whether to give up, by what came of the last try."""
Steps = Generator[None]
"""Works for some ms between two yields."""
Quarters = Generator[None, None, list[Interval]]
"""The same, whose value are the quarters of an hour that are complete."""
Count = Callable[[str], None]
"""Counts an error by its name."""
SetEvent = Callable[[str, LedFact], None]
"""As Housekeeping.set_event()."""
Beat = Callable[[], None]
"""Shows that a task moves."""
RepeatedTask = Callable[[], Awaitable[object]]

class Delivered(Protocol):
    """A message of QoS 1, see cloud.in_flight.InFlight."""

    topic: str
    retained: bool

    def view(self) -> memoryview: ...
    def done(self, acknowledged: bool) -> None: ...

Publish = Callable[[str, Body, bool, int, bool], Awaitable[bool]]
"""As Acceptance.publish()."""

class Moves(Protocol):
    """As Watch.beat_of() gives it."""

    def __call__(self, moves: bool = True) -> None: ...

WatchedTask = tuple[str, int, Callable[[Beat], Coroutine[Any, Any, object]]]
"""Name, s within which it moves, the task."""
EditSite = Callable[[Callable[[Table], object]], Awaitable[str]]
"""As Maintenance.edit()."""
HttpAnswer = tuple[int, bytes, bytes | Page | Generator[bytes]]
"""Status, fields, body."""
Handler = Callable[[Request], Awaitable[HttpAnswer]]
"""What answers a request."""

# Viper's.
class ptr(Any):
    def __init__(self, place: object) -> None: ...

class ptr8(ptr): ...
class ptr16(ptr): ...
class ptr32(ptr): ...
class uint(int): ...
