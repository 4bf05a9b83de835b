"""What was changed of the wiring from a phone: a remedy applied, or taken back.

Owns the record of that, `wiring.0` and `wiring.1`: the last 16 changes. It is written before the
site is: a power cut between leaves a change that is not in effect, and nothing that is in effect
without a record.
"""

import json

from micropython import const

from system.durable import Durable
from system.refused import Refused
from site import site_file
from cloud.json_pieces import compact

_FILE = "wiring"
_MAX_ENTRIES = const(16)
_OF_WIRING = const(6)  # of a point in an entry; what follows is of the article
_FULL = "the flash is full: nothing was changed"


class Changes:
    """`entries`: the oldest first, each {"n": its number, "time": epoch s or None, "what": "apply"
    or "undo", "load": its name, "points": [[node, input, phase and reversed before, phase and
    reversed from then on], ...]}; where the CT's article was changed as well, two more of a point:
    [article, rated current] before, and from then on. edit: Service.edit; now_s: a function, epoch
    s or None; count: of errors."""

    def __init__(self, edit: EditSite, now_s: Callable[[], int | None], count: Count):
        self._edit = edit
        self._now_s = now_s
        self._file = Durable(_FILE)
        self.entries = []
        if self._file.damaged == 2:
            count("wiring.damaged")
        if self._file.value:
            try:
                self.entries = json.loads(self._file.value)
            except ValueError:
                count("wiring.damaged")

    def find(self, number: int) -> Table | None:
        """The entry with this number."""
        for entry in self.entries:
            if entry["n"] == number:
                return entry
        return None

    async def apply(self, load: str, points: list[list[Any]]) -> str:
        """Change these points, as an entry has them; what edit() says. An article before may be
        None: it is that of site.json. Refused where site.json has another wiring by now, or where
        it cannot be kept."""
        if any(len(point) > _OF_WIRING for point in points):
            _name_articles(points)
        return await self._change("apply", load, points)

    async def undo(self, entry: Table) -> str:
        """Put back what an entry has changed, as apply()."""
        points = [
            [p[0], p[1], p[4], p[5], p[2], p[3]] + list(reversed(p[_OF_WIRING:]))
            for p in entry["points"]
        ]
        return await self._change("undo", entry["load"], points)

    async def _change(self, what, load, points):
        before = self.entries
        number = before[-1]["n"] + 1 if before else 1
        entry = {"n": number, "time": self._now_s(), "what": what, "load": load}
        entry["points"] = points
        self._keep((before + [entry])[-_MAX_ENTRIES:])
        try:
            return await self._edit(lambda table: _alter(table, points))
        except Exception:
            if not _is_stored(points):
                self._keep(before)
            raise

    def _keep(self, entries):
        try:
            self._file.write(compact(entries).encode())
        except OSError:
            raise Refused(_FULL)
        self.entries = entries


def _is_stored(points):
    """Whether site.json has what these points were to become; also where it cannot be known."""
    try:
        places = _stored()
    except MemoryError:
        return True
    return all(_has(places.get((p[0], p[1])), p, 4, 7) for p in points)


def _stored():
    return _places(json.loads(site_file.read() or '{"points":[]}'))


def _places(table):
    return {(one.get("node"), one["input"]): one for one in table["points"]}


def _has(one, point, wiring, article):
    """Whether site.json's point has the wiring, and the article, that stand there in an entry's
    point."""
    if one is None or [one["phase"], one.get("reversed", False)] != point[wiring : wiring + 2]:
        return False
    return len(point) == _OF_WIRING or one.get("ct") == point[article][0]


def _name_articles(points):
    try:
        places = _stored()
    except MemoryError:
        raise Refused("too little memory: nothing was changed")
    for point in points:
        if len(point) > _OF_WIRING:
            point[6][0] = places.get((point[0], point[1]), {}).get("ct")


def _alter(table, points):
    """Change the points in site.json's table."""
    places = _places(table)
    for point in points:
        node, name = point[:2]
        one = places.get((node, name))
        if one is None or not _has(one, point, 2, 6):
            raise Refused("the wiring of input %s of %s was changed meanwhile" % (name, node))
        one["phase"], one["reversed"] = point[4:6]
        if len(point) > _OF_WIRING:
            one["ct"] = point[7][0]
