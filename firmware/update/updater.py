"""Updates of the program: takes an order by the command `update`, fetches what it names, has it
started, and says of itself that it works.

Owns the order, kept over restarts until what it names is confirmed or has gone back. Who may sign,
which program runs: signature and slots.
"""

import asyncio
import hashlib
import json
import os
from binascii import hexlify, unhexlify

from micropython import const

from system.durable import Durable
from system.refused import Refused
from system.version import SECURITY
from update.fetch import fetch, parts
from update.key import MODULUS
from update.manifest import architecture, read
from update.slots import Slots, enter, look_for_room, make_folder, path_of, running
from update.trial import Trial

_ORDER = "order"  # not beside the programs: a factory reset leaves these
_MANIFEST, _SIGNATURE, _PROGRAM = "manifest.json", "manifest.sig", "program"
_MAX_MANIFEST, _MAX_SIGNATURE = const(1024), const(512)
_WRITES = const(8)  # of flash pages, beside those of the program itself, which are 80 to 120
_BLOCK = const(4096)  # written at once
_SMALL_S = const(60)  # for the whole of a small file
_FETCH_S = const(900)  # of a program; what came by then stays
_LOOK_S, _AGAIN_S, _SOON_S = const(60), const(30), const(1)
_CALM_MS, _CALM_LOOKS = const(20), const(250)
_BUSY = "update: another one is being installed: %s"


class Updater:
    """hardware: its name, serial number and uptime_ms(); network: connection.Connection;
    counters; set_event: see led.Led; is_calm: whether the buses can wait for the flash; reports:
    how many were measured; in_cloud: whether the cloud has accepted us; begin_anew: a function,
    after which a clean end and a new start come soon."""

    def __init__(
        self,
        hardware: BoardHardware,
        network: Connection,
        counters: Counters,
        set_event: Callable[[str, LedFact], object],
        is_calm: Callable[[], bool],
        reports: Callable[[], int],
        in_cloud: Callable[[], bool],
        begin_anew: Callable[[], object],
    ):
        self._article, self._serial = hardware.name, hardware.serial
        self._name_server = network.name_server
        self._count = counters.count
        self._set_event = set_event
        self._is_calm = is_calm
        self._least_security = max(SECURITY, hardware.security_kept())
        self._slots = Slots()
        way = is_calm, reports, in_cloud, begin_anew
        self._trial = Trial(hardware, self._slots, counters.count, *way)
        self._kept = Durable(_ORDER)
        self._order: Table | None = json.loads(self._kept.value or b"null")
        self._wanted = asyncio.Event()
        self._error: str | None = None
        self._fetched = 0  # bytes
        self._installing = False
        self._running = running()
        if self._slots.runs != self._running and not self._slots.trial:
            self._count("update.damaged")  # the file of its slot

    def declare(self, commands: Commands) -> None:
        """Enter the command."""
        commands.on("update", self._take, lasts=_WRITES)

    def tasks(self) -> list[WatchedTask]:
        """What is to run without end, with the seconds within which it must show that it moves."""
        return [("update", 120, self.run)]

    def describe(self) -> Table | None:
        """For people: what is being installed and how far it is; what went wrong last; the version
        that went back. None where there is nothing to say."""
        order = self._order
        if not (order or self._error or self._slots.back or self._running):
            return None
        return {
            "slot": self._running or None,
            "version": order and order["version"],
            "trial": bool(self._slots.trial),
            "fetched": self._fetched,
            "size": order and order["size"],
            "error": self._error,
            "back": self._slots.back or None,
        }

    def glance(self) -> object:
        """What of it is published at once."""
        return self._order and self._order["version"], self._error, self._slots.trial

    async def run(self, beat: Beat) -> Never:
        """Settle what is on trial; then install what is ordered, without end."""
        self._look_back()
        await self._trial.settle(self._verifies, beat)
        if self._order and self._order["slot"] == self._running:
            self._forget()  # it was confirmed
        while True:
            beat()
            before = self._fetched
            if self._order:
                await self._try(beat)
            pause = _LOOK_S
            if self._order:  # at once, where some of it came
                pause = _SOON_S if self._fetched > before else _AGAIN_S
            try:
                await asyncio.wait_for(self._wanted.wait(), pause)
            except asyncio.TimeoutError:
                pass
            self._wanted.clear()

    async def _take(self, fields):
        """The command: its manifest is fetched and checked before anything is written."""
        self._refuse_if_busy()
        url = fields["url"].rstrip("/") + "/"
        try:
            parts(url)
            text = await self._small(url + _MANIFEST, _MAX_MANIFEST)
            signature = await self._small(url + _SIGNATURE, _MAX_SIGNATURE)
        except asyncio.TimeoutError:
            raise Refused("update: %s does not answer to its end for %d s" % (url, _SMALL_S))
        except (OSError, ValueError) as error:
            raise Refused("update: %s" % error)
        table = self._read(text, signature)
        slot = self._slots.free()
        order = {
            "url": url,
            "manifest": text.decode(),
            "signature": hexlify(signature).decode(),
            "slot": slot,
            "version": table["version"],
            "size": table["size"],
            "sha256": table["sha256"],
        }
        self._refuse_if_busy()  # it took a while
        make_folder()
        try:
            self._kept.write(b"null")
            self._order = None
            self._slots.clear(slot)
            _remove(path_of(slot))
            look_for_room(table["size"])
            self._kept.write(json.dumps(order).encode())
        except OSError:
            raise Refused("update: the flash is full")
        self._order, self._error, self._fetched = order, None, 0
        self._wanted.set()
        return json.dumps({"version": table["version"], "size": table["size"]})

    def _refuse_if_busy(self):
        """An order of which nothing comes just now is replaced by another one."""
        if self._slots.trial or self._installing:
            raise Refused(_BUSY % (self._order["version"] if self._order else "it is on trial"))

    def _read(self, text, signature):
        way = self._article, architecture(), self._least_security, self._serial
        assert MODULUS  # it is not made without one
        return read(text, signature, MODULUS, *way)

    async def _small(self, url, most):
        got = bytearray()

        async def take(data):
            got.extend(data)

        way = self._name_server(), 0, most, take, True
        await asyncio.wait_for(fetch(url, *way), _SMALL_S)
        return bytes(got)

    async def _try(self, beat):
        self._installing = True
        self._set_event("updating", True)
        try:
            await self._install(self._order, beat)
        except Exception as error:  # whatever it is, it is tried again, and others may be ordered
            self._error = str(error) or type(error).__name__
            self._count("update.interrupted")
        finally:
            self._installing = False
            self._set_event("updating", False)

    async def _install(self, order, beat):
        """OSError: it goes on later, from where it was."""
        if not self._verifies():  # another program has been flashed since it was ordered
            self._count("update.wrong")
            self._forget()
            return
        path = path_of(order["slot"])
        try:
            self._fetched = os.stat(path)[6]
        except OSError:
            self._fetched = 0
        if self._fetched < order["size"]:
            await self._fetch(order, path, beat)
        digest = hashlib.sha256()
        for _ in enter(path, digest):
            beat()
            await asyncio.sleep_ms(0)
        if hexlify(digest.digest()).decode() != order["sha256"]:
            self._error = "what was fetched is not what was signed: it is dropped"
            self._count("update.wrong")
            _remove(path)
            self._forget()
            return
        self._slots.begin_trial(order["slot"], order["sha256"], order["version"])
        await self._trial.end(beat)

    async def _fetch(self, order, path, beat):
        waiting = bytearray()

        async def write():
            for _ in range(_CALM_LOOKS):
                if self._is_calm():
                    break
                await asyncio.sleep_ms(_CALM_MS)
            with open(path, "ab") as file:
                file.write(waiting)
            self._fetched += len(waiting)
            waiting[:] = b""

        async def take(data):
            beat()
            waiting.extend(data)
            if len(waiting) >= _BLOCK:
                await write()

        try:
            way = self._name_server(), self._fetched, order["size"]
            await asyncio.wait_for(fetch(order["url"] + _PROGRAM, *way, take), _FETCH_S)
        except asyncio.TimeoutError:
            raise OSError("not all came in %d s: it goes on" % _FETCH_S)
        finally:
            if waiting:
                await write()

    def _verifies(self):
        """Whether the next update will be possible, too."""
        order = self._order or {}
        try:
            return self._read(order["manifest"].encode(), unhexlify(order["signature"]))
        except Exception as error:  # an order that cannot be read, or that was lost, too
            self._error = str(error)
            return None

    def _forget(self):
        self._order = None
        try:
            self._kept.write(b"null")
        except OSError:
            self._count("update.unkept")

    def _look_back(self):
        """What was on trial and cannot run goes back; what is over is forgotten."""
        slots, order = self._slots, self._order
        if slots.trial and slots.trial != self._running:
            slots.give_up()
        if order and slots.digest(order["slot"]) == order["sha256"] and not slots.trial:
            self._forget()  # it is confirmed, or has gone back
            if slots.back:
                self._count("update.back")
                self._error = "%s did not work and has gone back" % slots.back


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass  # there is none
