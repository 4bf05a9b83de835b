"""Hands the history on to VictoriaMetrics, or what else takes InfluxDB's line protocol over HTTP.

The ledger is the outbox: a record is marked when the store has confirmed it. One that is sent
again has the same series and time stamp, so the store holds it once. Owns the lines' form.
"""

from __future__ import annotations

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from gateway_host.errors import UserError

MEASUREMENT = "energy"
BATCH = 500  # records in one request
_TIMEOUT_S = 10.0
_PENDING = """
SELECT r.sequence, r.first, r.time, r.seconds, r.import, r.export, r.missing, r.sent_before,
    l.points, r.device, s.uuid, r.site
FROM records r JOIN layouts l ON l.device = r.device AND l.layout = r.layout
JOIN sites s USING(site)
WHERE r.sent = 0 AND r.time IS NOT NULL LIMIT ?
"""


class StoreError(Exception):
    """The store did not take the lines: why, in one line."""


class Victoria:
    """A store at `url`, the address of its /write."""

    def __init__(self, url: str):
        if not url.startswith(("http://", "https://")):
            raise UserError(f"{url}: no address of a store: like http://127.0.0.1:8428/write")
        self._url = url

    def forward(self, db: sqlite3.Connection) -> int:
        """Sends up to BATCH records that wait; returns how many. Raises StoreError."""
        rows = db.execute(_PENDING, (BATCH,)).fetchall()
        if rows:
            self._post("".join(f"{line}\n" for row in rows for line in lines(row)))
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                "UPDATE records SET sent = 1 "
                "WHERE device = ? AND site = ? AND sequence = ? AND first = ?",
                [(row[9], row[11], row[0], row[1]) for row in rows],
            )
            db.execute("COMMIT")
        return len(rows)

    def _post(self, text: str) -> None:
        request = urllib.request.Request(self._url, text.encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            raise StoreError(f"{self._url} answers {error.code} {error.reason}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise StoreError(f"{self._url} does not answer: {reason}") from None


def prune(db: sqlite3.Connection, before: int) -> int:
    """Removes records that the store has and that ended before this time, epoch s; which
    sequences were held is still known. Returns how many."""
    done = db.execute("DELETE FROM records WHERE sent = 1 AND time < ?", (before,))
    return done.rowcount


def lines(row: tuple[Any, ...]) -> Iterator[str]:
    """The lines of one record, one for each point of which something is known: J as it ends.

    Of a record that replaces others that the store has, what these have not said yet: it has a
    series of its own, by the tag `sequences`.
    """
    sequence, first, time, seconds, imports, exports, missing, before, points, device = row[:10]
    imports, exports = json.loads(imports), json.loads(exports)
    lost = json.loads(missing) if missing else [0] * len(imports)
    had = json.loads(before) if before else [[0] * len(imports)] * 2
    many = f",sequences={sequence - first + 1}" if sequence > first else ""
    for number, point in enumerate(json.loads(points)):
        fields = [
            f"{name}={values[number] - (said[number] or 0)}i"
            for name, values, said in (("import", imports, had[0]), ("export", exports, had[1]))
            if values[number] is not None
        ]
        if fields:
            tags = {"device": device, "site": row[10], "point": str(number), "name": point["name"]}
            for name in ("role", "phase"):
                if isinstance(point.get(name), str):
                    tags[name] = point[name]
            fields += [f"missing={lost[number]}i", f"seconds={seconds}"]
            words = "".join(f",{name}={_escaped(text)}" for name, text in tags.items() if text)
            yield f"{MEASUREMENT}{words}{many} {','.join(fields)} {time}000000000"


def _escaped(text: str) -> str:
    """A tag's value in the line protocol."""
    for sign in "\\, =":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.splitlines())
