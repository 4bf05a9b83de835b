"""The commands of whoever looks after a gateway: what it is set up with, read and changed, its
log, and a new start (docs/gateway-commands.md). Owns nothing: site.site_file and site.settings own
the files.
"""

import asyncio
import json

from micropython import const

from system.modules import unload
from system.refused import Refused
from site import document, settings, site_file
from cloud.json_pieces import compact

_SHOWN = ("link", "apn", "publish", "time_servers")
_FAREWELL_S = const(10)
_NEW_START = const(5)  # writes of the flash, with those of the command's own file
_RESTARTS = '{"restarts":true}'
_FULL = "the flash is full: nothing was changed"
_WAITING = (
    "%d minutes are not delivered and would be lost: wait until they are, or give losing: true"
)
_UNKEPT = "the label cannot be kept: nothing is erased, give it again"
_NONE_BEFORE = "there is no site before this one"
_FILES = {"site": site_file.FILE, "site_before": site_file.BEFORE}


class Maintenance:
    """uuid: of the site; requested: settings.Settings; meters_of, own: see
    document.load(); apply: a coroutine function, whether a site is used from now on, without a new
    start; close: a coroutine function, a clean end; restart: a function, the new start, which
    comes once the answer has gone; undelivered: journal.Journal.undelivered; give_back: a
    function: the next start erases all, OSError where it cannot."""

    def __init__(
        self,
        uuid: str,
        requested: Settings,
        meters_of: MetersOf | None,
        own: str,
        apply: Callable[[Site], Awaitable[bool]],
        log: Log,
        commands: Commands,
        close: Callable[[], Awaitable[object]],
        restart: Callable[[], object],
        undelivered: Callable[[], int],
        give_back: Callable[[], object],
    ):
        self._uuid = uuid
        self._own = own
        self._apply = apply
        self._settings = requested
        self._meters_of = meters_of
        self._log = log
        self._commands = commands
        self._close = close
        self._restart = restart
        self._undelivered = undelivered
        self._give_back = give_back
        self._writing = asyncio.Lock()  # of site.json, until it is used

    def declare(self) -> None:
        """Enter the commands."""
        commands = self._commands
        commands.on("get", self._get, reads=True)
        commands.on("log", self._read_log, reads=True)
        commands.on("configure", self._configure, lasts=_NEW_START)
        commands.on("reapply", self._reapply, lasts=_NEW_START)
        commands.on("free", self._free, lasts=_NEW_START)
        commands.on("restart", self.begin_anew, lasts=_NEW_START)

    def _read_log(self, fields):
        log = self._log
        log.set_level(fields["level"] or log.level)
        return compact({"level": log.level, "lines": log.lines(), "before": log.before})

    def _get(self, fields):
        what = fields["what"]
        if what == "settings":
            return compact(shown(self._settings))
        text = site_file.read(_FILES[what])
        if text is None:
            raise Refused(_NONE_BEFORE)
        return text

    def _configure(self, fields):
        given = [name for name in fields if fields[name] is not None]
        if len(given) != 1:
            raise Refused("configure: give one of site, site_before, settings", "malformed")
        if given[0] == "settings":
            self._change(fields["settings"])
            return self.begin_anew(None)
        if given[0] == "site":
            return self._replace(fields["site"])
        return self._replace(self._table(site_file.BEFORE))

    def _change(self, changes):
        try:
            settings.change(self._settings, changes)
        except ValueError as error:
            raise Refused(str(error))
        except OSError:
            raise Refused(_FULL)

    async def edit(self, change: Callable[[Table], object]) -> str:
        """Apply site.json as `change`, which is given its table, alters it; the command's answer.
        Refused, also by `change`: all stays as it is."""
        async with self._writing:
            table = self._table(site_file.FILE)
            change(table)
            return await self._written(table)

    async def _replace(self, table):
        async with self._writing:
            return await self._written(table)

    async def _written(self, table):
        site = await self._checked(table)
        try:
            site_file.replace(compact(table))
        except OSError:
            raise Refused(_FULL)
        return await self._used(site)

    async def _reapply(self, _):
        """What the files say is applied to every node and module anew, as at every start."""
        async with self._writing:
            site = await self._checked(self._table(site_file.FILE))
            return self.begin_anew(None) if site.b_bus else await self._used(site)

    @staticmethod
    def _table(name):
        text = site_file.read(name)
        if text is None:
            raise Refused(_NONE_BEFORE)
        try:
            return json.loads(text)
        except ValueError:
            raise Refused("site: not JSON: send it anew")

    async def _used(self, site):
        if await self._apply(site):
            return compact({"restarts": False, "fingerprint": site.fingerprint})
        return self.begin_anew(None)

    def _free(self, fields):
        """For another site: all that this one has given is erased."""
        if fields["site"] != self._uuid:
            raise Refused("free.site: must be %s, of this site" % self._uuid)
        if fields["gateway"] != self._own:  # another one of the same site, which hears it too
            raise Refused("free.gateway: is not %s, this one" % self._own)
        waiting = self._undelivered()
        if waiting > 0 and not fields["losing"]:
            raise Refused(_WAITING % waiting)
        try:
            self._give_back()
        except OSError:
            raise Refused(_UNKEPT)
        return self.begin_anew(None)

    def begin_anew(self, _: object = None) -> str:
        """A clean end and a new start, once what is to be answered has gone; the answer. What was
        written is used, whatever comes between: also where nothing can be said of it any more."""
        try:
            asyncio.create_task(self._end())
        except MemoryError:
            self._restart()
        return _RESTARTS

    async def _end(self):
        try:
            for _ in range(_FAREWELL_S):
                await asyncio.sleep(1)
                if self._commands.is_idle():
                    break
            await self._close()
        finally:
            self._restart()

    async def _checked(self, table):
        """The Site; Refused unless it is a site.json that this gateway can use."""
        steps = document.steps(table, self._meters_of, self._own)
        site = None
        try:
            while site is None:
                try:
                    next(steps)
                    await asyncio.sleep_ms(0)
                except StopIteration as end:
                    site = end.value
        except ValueError as error:
            raise Refused("site: %s" % error)
        if site.uuid != self._uuid:
            raise Refused("site.uuid: must be %s, of this site" % self._uuid)
        return site


def shown(requested: Settings) -> Table:
    """The settings as JSON has them, without what must stay secret."""
    from site.certificate import Certificate

    table: Table = {name: getattr(requested, name) for name in _SHOWN}
    table["networks"] = [network[0] for network in requested.networks]
    if requested.mqtt:
        mqtt = {name: requested.mqtt.get(name) for name in ("host", "port", "home_broker")}
        mqtt["password"] = bool(requested.mqtt.get("password"))
        tls = requested.mqtt.get("tls")
        if tls:
            mqtt["tls"] = {"name": tls.get("name")}
            if tls.get("certificate"):
                certificate = Certificate(tls["certificate"])
                mqtt["tls"]["begins"] = certificate.begins_s
                mqtt["tls"]["ends"] = certificate.ends_s
        table["mqtt"] = mqtt
    unload("site.certificate")
    return table
