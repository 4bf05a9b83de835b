"""What a device does whose files are not usable, whose program ends, or whose chip has no PSRAM:
the whole start on simulated time, with a board that goes on, as boards/common/hardware.py does
(the simulator ends: test_site.py)."""

from __future__ import annotations

import json

import pytest
from gateway_host.image import BOARDS
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.radio import Network, World
from living import free_port
from worlds import play

# Starts, and tells after some seconds, and a factory reset by the button, how things are.
START = """
import asyncio, sys
import hardware, start
from on_world import hardware as made_by, tell
made = made_by()
lit = [0]
made.set_led = lambda red, green, blue: lit.append(red | green | blue)
hardware.make = lambda board: made
hardware.give_up = lambda: None

async def run(gateway):
    asyncio.create_task(gateway.run())
    await asyncio.sleep(14)
    connection = gateway.connection
    known = [ssid for ssid, _ in connection.links._settings.networks]
    tell(lit=max(lit) > 0, counts=gateway.counters.counts, networks=known,
         hotspot=made.a_uart.ask("hotspot_name"), link=connection.link, led=gateway.led.state,
         measures=hasattr(gateway, "measuring"))
    made.a_uart.ask("press", 25.0)
    await asyncio.sleep(30)
    tell(reset=False)

start._run = run
start.main()
"""
PLAN = load_house(DEFAULT_HOUSE).site_json()
SHORT_KEY = json.dumps({"networks": [["a b", "1234567"]]})
NOT_USABLE = [
    ("site.json", "{}"),
    ("site.json", '{"uuid": "x'),
    ("site.json", "\xff"),
    ("site.json", json.dumps(PLAN)[:1000]),
    ("site.json", json.dumps(PLAN | {"points": [7]})),
    ("settings.json", SHORT_KEY),
    ("settings.json", ""),
]


@pytest.mark.parametrize("name, text", NOT_USABLE)
def test_a_file_that_is_not_usable_leaves_a_gateway_that_can_be_helped(name, text, tmp_path):
    """The hotspot opens, the error is counted by its name, and the button resets."""
    (tmp_path / name).write_text(text, encoding="latin-1")
    ports = [free_port(), free_port()]
    world = World([Network("house", "geheim123")], cable=False)
    (told,) = play(world, START, tmp_path, board=BOARDS / "GENIUS", portal=ports)
    assert told["lit"] and told["led"] == "ready" and told["hotspot"].startswith("Gateway-")
    assert told["counts"] == {f"start.{name}": 1, "connection.nothing_known": 1}
    assert not told["measures"]
    assert not (tmp_path / name).exists()  # the reset has removed it


KEPT = """
from site import settings
settings.remember(settings.read(), "house", "geheim123")
"""


def test_what_was_learned_is_used_where_settings_are_not_usable(tmp_path):
    play(World(), KEPT, tmp_path)
    (tmp_path / "settings.json").write_text(SHORT_KEY)
    world = World([Network("house", "geheim123")], cable=False)
    (told,) = play(world, START, tmp_path, board=BOARDS / "GENIUS")
    assert (told["networks"], told["link"]) == (["house"], "wifi")
    assert told["counts"] == {"start.settings.json": 1}


FAILS = """
import gateway

class Gateway:
    def __init__(self, *parts):
        raise {error}

gateway.Gateway = Gateway
"""


@pytest.mark.parametrize("error", ["MemoryError('memory allocation failed')", "TypeError('x')"])
def test_a_site_with_which_no_gateway_can_be_made(error, tmp_path):
    """One that does not fit the memory, or has what nobody has thought of."""
    (tmp_path / "site.json").write_text(json.dumps(PLAN))
    program = FAILS.format(error=error) + START
    (told,) = play(World(), program, tmp_path, board=BOARDS / "GENIUS")
    assert told["counts"] == {"start.site.json": 1}
    assert (told["led"], told["measures"]) == ("connecting", False)


def test_a_reset_that_cannot_be_finished(tmp_path):
    """The flash does not let itself be erased at the start after a power cut."""
    (tmp_path / "kept").write_text("{}")
    (tmp_path / "factory.json").mkdir()  # cannot be written
    ports = [free_port(), free_port()]
    program = START.replace(
        "made.set_led", "made.program_files += ('factory.json',)\nmade.set_led"
    )
    (told,) = play(World(cable=False), program, tmp_path, board=BOARDS / "GENIUS", portal=ports)[
        :1
    ]
    assert told["lit"] and told["counts"]["start.reset"] == 1


# A device's start, which tells how the one before has ended, and ends itself. There is no bus
# here: the gateway is what is beside it.
ENDS = """
import asyncio, sys
import gateway, hardware, start
from panel import housekeeping
from system.counters import Counters
from on_world import hardware as made_by, tell
made = made_by()
made.debug = False
hardware.make = lambda board: made
hardware.give_up = lambda: None
began = made.uptime_ms()
made.restart = lambda: tell(restarts=(made.uptime_ms() - began) // 1000)
rest = start._rest

class Gateway(housekeeping.Housekeeping):
    def __init__(self, device, board, installation, settings, improv=None):
        super().__init__(device, board, settings, Counters(), lambda: None, lambda: False)

async def run(gateway):
    running = asyncio.create_task(gateway.run())
    await asyncio.sleep({seconds})
    tell(end=gateway.ends.describe(), errors=gateway.counters.counts,
         measures=isinstance(gateway, Gateway))
    {end}

async def resting(gateway, seconds):
    tell(rests=not isinstance(gateway, Gateway), errors=gateway.counters.counts)
    await rest(gateway, seconds)

gateway.Gateway = Gateway
start._rest = resting
start._run = run
start.main()
"""
KINDS = {
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "raise MemoryError('memory allocation failed')": "MemoryError: memory allocation failed",
    "raise SystemExit": "SystemExit",
    "raise ValueError('two\\nlines')": "ValueError: two lines",
    "raise ValueError('x' * 1000)": "ValueError: " + 108 * "x",
}


@pytest.mark.parametrize("end", KINDS)
def test_whatever_ends_the_program_is_followed_by_a_new_start_which_tells_it(end, tmp_path):
    (tmp_path / "site.json").write_text(json.dumps(PLAN))
    first = ENDS.format(seconds=5, end=end)
    told, restarts = play(World(), first, tmp_path)
    assert told["end"] == {"reason": None, "reset": "power-up", "count": 0}
    assert told["measures"] and restarts["restarts"] <= 6
    told, _ = play(World(), ENDS.format(seconds=5, end="return"), tmp_path, reset="software")
    assert told["end"] == {"reason": KINDS[end], "reset": "software", "count": 1}
    assert told["errors"]["end." + KINDS[end].partition(":")[0]] == 1
    # The start after one that ended in order has nothing to tell but the count.
    told, _ = play(World(), ENDS.format(seconds=5, end="return"), tmp_path, reset="software")
    assert told["end"] == {"reason": None, "reset": "software", "count": 1}


def test_what_the_watchdog_ended_is_told(tmp_path):
    """Though the program could not say anything."""
    program = ENDS.format(seconds=5, end="return")
    told, _ = play(World(), program, tmp_path, reset="watchdog")
    assert told["end"]["reason"] == "watchdog: the program stood still"
    assert told["errors"]["end.watchdog"] == 1


def test_starts_that_fail_again_and_again_are_left_out_now_and_then(tmp_path):
    """Longer and longer; LED, hotspot and Improv are there meanwhile (Housekeeping), and after a
    start that lasted all begins anew. The cloud hears of a failure by the start after the rest."""
    (tmp_path / "site.json").write_text(json.dumps(PLAN))
    program = ENDS.format(seconds=5, end="raise MemoryError")
    rests, reasons = [], []
    for _ in range(12):
        told, *_, restarts = play(World(), program, tmp_path, reset="software")
        rests.append(restarts["restarts"] if "rests" in told else 0)
        assert ("start.rest" in told["errors"]) == ("rests" in told)
        if "rests" not in told:
            reasons.append(told["end"]["reason"])
    assert reasons == [None] + 6 * ["MemoryError"]
    assert rests == [0, 0, 0, 30, 0, 60, 0, 120, 0, 240, 0, 480]
    lasts = ENDS.format(seconds=601, end="raise MemoryError")
    for start, rest in ((lasts, False), *[(program, False)] * 3, (program, True)):
        told, *_ = play(World(), start, tmp_path, reset="software")
        assert ("rests" in told) == rest


def test_an_end_before_anything_has_begun(tmp_path):
    """Not even LED and hotspot could be made: memory is too short for them."""
    breaks = """
def fails(*what):
    raise MemoryError("memory allocation failed")
housekeeping.Housekeeping.__init__ = fails
start.main()"""
    program = ENDS.format(seconds=5, end="return").replace("start.main()", breaks)
    (restarts,) = play(World(), program, tmp_path)
    assert restarts["restarts"] < 5
    told, _ = play(World(), ENDS.format(seconds=5, end="return"), tmp_path, reset="software")
    assert told["end"]["reason"] == "MemoryError: memory allocation failed"


def test_an_engineers_console_ends_where_it_ends(tmp_path):
    """By Ctrl-C: nothing is restarted, noted or reset."""
    program = ENDS.format(seconds=5, end="raise KeyboardInterrupt").replace(
        "made.debug = False", ""
    )
    (told,) = play(World(), program, tmp_path)
    assert told["end"]["count"] == 0 and not (tmp_path / "end_kept").exists()


WATCHED = """
import asyncio
import hardware, start
from on_world import hardware as made_by, tell
made = made_by()
hardware.make = lambda board: made
{stuck}

async def run(gateway):
    asyncio.create_task(gateway.run())
    await asyncio.sleep(100)
    before = made.fed
    await asyncio.sleep(300)
    tell(fed=made.fed - before, bitten=made.bitten,
         watch=[name for name in gateway.counters.counts if name.startswith("watch.")])

start._run = run
start.main()
"""
STUCK = """
from panel import housekeeping
async def stands_still(self, beat):
    beat()
    await asyncio.Event().wait()
housekeeping.Housekeeping._watch = stands_still
"""


@pytest.mark.parametrize("stuck, fed, watch", [("", 300, []), (STUCK, 0, ["watch.housekeeping"])])
def test_the_watchdog_is_fed_while_every_task_moves(stuck, fed, watch, tmp_path):
    (told,) = play(World(), WATCHED.format(stuck=stuck), tmp_path)
    assert told == {"fed": fed, "bitten": 0, "watch": watch}


@pytest.mark.parametrize("kilobytes, measures", [(166, False), (2000, True), (4096, True)])
def test_a_chip_without_psram_measures_nothing_and_says_so(kilobytes, measures, tmp_path):
    """What MicroPython has without and with it: docs/device.md."""
    (tmp_path / "site.json").write_text(json.dumps(PLAN))
    say = "import start\nfrom on_world import tell\nstart.print = lambda line: tell(line=line)\n"
    *said, told = play(
        World(cable=False),
        say + ENDS.format(seconds=14, end="return"),
        tmp_path,
        heap_bytes=kilobytes * 1000,
        portal=[free_port(), free_port()],
    )[:-1]
    assert told["measures"] == measures
    assert ("start.psram" in told["errors"]) != measures
    lines = [one["line"] for one in said if "line" in one]
    assert len(lines) == (not measures)
    assert measures or "no PSRAM" in lines[0] and "WROVER" in lines[0] and "\n" not in lines[0]
