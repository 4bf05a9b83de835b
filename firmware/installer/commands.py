"""What a phone may have done by the commissioning page: apply a remedy, take a change back, let a
LED blink, look for modules.

Owns the token, the check of what was sent, and the job that is under way: one at a time, in a task
of its own, because a phone may fall off the hotspot in mid-change.
"""

import asyncio
import json
import os
import sys
from binascii import hexlify

from micropython import const

from system.refused import Refused
from hotspot.form import form
from commission.ct_types import ARTICLES
from cloud.command_schema import checked
from cloud.json_pieces import compact
from installer.changes import Changes

_FORM = "application/x-www-form-urlencoded"
_BLINK_S = const(30)
_WRITES = const(5)  # of the flash by a command that lasts, as by a `configure`
_MAX_DIGITS = const(9)


class Wrong(Exception):
    """What was sent cannot be done: `status`, and (name, text) for the page."""

    def __init__(self, status: int, name: str, text: str = ""):
        super().__init__(status, name, text)
        self.status = status
        self.said = name, text


class PhoneCommands:
    """`token`: of 64 random bits, which every command must have; `changes`: changes.Changes;
    `job`: [its number, state, why]; states: "none", "busy", "done", "restarts" (a new start
    follows), "refused", "unknown" (it failed on its way). reach: service_page.Reach; now_s: a
    function, epoch s or None; count: of errors."""

    def __init__(self, reach: Reach, now_s: Callable[[], int | None], count: Count):
        self._reach = reach
        self._count = count
        self.token = hexlify(os.urandom(8)).decode()
        self.changes = Changes(reach.edit, now_s, count)
        self.job = [0, "none", ""]

    async def carry_out(self, request: Request, name: str) -> str:
        """Do what the phone has asked for, JSON for its page. Wrong where it cannot be done."""
        if not request.fields.get("content-type", "").lower().startswith(_FORM):
            raise Wrong(400, "malformed", "Content-Type: must be " + _FORM)
        if int(request.fields.get("content-length", "0")) > len(request.body):
            raise Wrong(413, "malformed", "the form is too long")
        try:
            pairs = form(request.body)
            fields = {key.decode(): value.decode() for key, value in pairs.items()}
        except ValueError:
            raise Wrong(400, "malformed", "not a form in UTF-8")
        if fields.pop("token", None) != self.token:
            raise Wrong(403, "stale")
        try:
            if name == "identify":
                asked: Table = {"seconds": _BLINK_S}
                asked.update(fields)
                self._reach.identify(checked("identify", asked))
            elif name == "scan":
                self._reach.scan(None)
            elif name == "apply":
                await self._apply(fields)
            else:
                await self._undo(fields)
        except Refused as error:
            raise Wrong(400 if error.name == "malformed" else 409, error.name, str(error))
        return compact({"job": self.job})

    async def _apply(self, fields):
        site = self._reach.site()
        k = _whole(fields, "load", len(site.loads) - 1)
        points, shown = [], []
        for one in self._reach.advice().describe():
            await asyncio.sleep_ms(0)
            remedy = one["remedy"]
            if remedy is None or site.points[one["point"]].load != k:
                continue
            point = site.points[one["point"]]
            now = one["node"], one["input"], one["phase"], bool(point.reversed)
            points.append(list(now + (remedy["phase"], remedy["reversed"])))
            shown.append("%d:%s:%d" % (one["point"], remedy["phase"], remedy["reversed"]))
            if "ct" in remedy:
                [rated] = [rated for rated, article in ARTICLES if article == remedy["ct"]]
                points[-1] += [[None, point.rated], [remedy["ct"], rated]]
                shown[-1] += ":" + remedy["ct"]
        # It must be what the phone has shown, of this very site.
        if site is not self._reach.site() or fields.get("site") != site.fingerprint:
            raise Wrong(409, "changed")
        if not shown or ",".join(shown) != fields.get("remedy"):
            raise Wrong(409, "changed")
        self._begin(lambda: self.changes.apply(site.loads[k].name, points))

    async def _undo(self, fields):
        entry = self.changes.find(_whole(fields, "change", 1 << 29))
        if entry is None or fields.get("site") != self._reach.site().fingerprint:
            raise Wrong(409, "changed")
        self._begin(lambda: self.changes.undo(entry))

    def _begin(self, work):
        if self.job[1] == "busy":
            raise Wrong(409, "busy")
        self._reach.spend(_WRITES)
        self.job = [self.job[0] + 1, "busy", ""]
        asyncio.create_task(self._run(work))

    async def _run(self, work):
        state, why = "done", ""
        try:
            if json.loads(await work())["restarts"]:
                state = "restarts"
        except Refused as error:
            state, why = "refused", str(error)
        except Exception as error:
            self._count("wiring.failed")
            sys.print_exception(error)
            state = "unknown"
        self.job = [self.job[0], state, why]


def _whole(fields, name, most):
    text = fields.get(name, "")
    if not text.isdigit() or len(text) > _MAX_DIGITS or int(text) > most:
        raise Wrong(400, "malformed", "%s: must be a whole number from 0 to %d" % (name, most))
    return int(text)
