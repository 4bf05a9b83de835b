"""What the arrays of a record are about: a site's points, as JSON, and the number of 32 bits that
stands for them.

Owns the files `journal/<layout>.json`: those of records that are kept.
"""

import json
from binascii import crc32

from journal.segments import FOLDER, make_folder

_INPUTS = "ABCD"


def describe(site: Site) -> Table:
    """As `layout` in docs/history.md has it, but for the gateway and the sequence."""
    return {
        "name": site.name,
        "timezone": site.timezone,
        "points": [
            {
                "name": site.loads[point.load].name,
                "role": site.loads[point.load].role,
                "node": point.node,
                "input": _INPUTS[point.input],
                "phase": None if point.phaseless else "L%d" % (point.phase + 1),
            }
            for point in site.points
        ],
    }


def number_of(site: Site) -> int:
    """Changes whenever what the site is changes."""
    check = 0
    table = describe(site)
    for part in [[table["name"], table["timezone"]]] + table["points"]:
        values = part if isinstance(part, list) else [part[key] for key in sorted(part)]
        check = crc32(json.dumps(values).encode(), check)
    return check


class Layouts:
    """`current`: of the site, 8 hexadecimal digits."""

    def __init__(self, site: Site):
        self._site = site
        self.number = number_of(site)
        self.current = "%08x" % self.number
        self.kept = self._read(self.current) is not None

    @staticmethod
    def _path(name):
        return "%s/%s.json" % (FOLDER, name)

    def _read(self, name):
        try:
            with open(self._path(name)) as file:
                text = file.read()
        except (OSError, ValueError):
            return None
        return text if text.endswith("}") else None  # a power cut may leave nothing in it

    def _text(self, since):
        table = describe(self._site)
        table["layout"] = self.current
        table["since"] = since
        return json.dumps(table)

    def text(self, name: str) -> str | None:
        """As docs/history.md has it, but for `device`; None where it is not known."""
        text = self._read(name)
        if text is None and name == self.current:
            text = self._text(None)
        return text

    def leave_out(self) -> None:
        """What is there is another site's."""
        self.kept = False

    def keep(self, since: int) -> None:
        """Write the current one; since: the first sequence that has it. OSError where there is no
        room."""
        make_folder()
        with open(self._path(self.current), "w") as file:
            file.write(self._text(since))
        self.kept = True
