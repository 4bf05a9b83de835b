"""The history in SQLite: takes messages in transactions, each record once.

Owns what is kept, what counts as a double, and what is put aside. A record of several minutes
takes the place of those minutes of it that are there already: nothing of it counts twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gateway_host.collector import placing, schema
from gateway_host.collector.messages import Layout, Malformed, Record, Records, read
from gateway_host.collector.placing import OWN, Own

MAX_ASIDE = 10_000  # messages that cannot be used; the oldest go
_MAX_ASIDE_BYTES = 4096  # of each


@dataclass
class Taken:
    """What a call of `take` has found."""

    messages: int = 0
    records: int = 0
    doubles: int = 0
    replaced: int = 0
    aside: int = 0


class Ledger:
    """An open history. Every method is one transaction; sqlite3.Error leaves all as it was."""

    def __init__(self, file: Path, create: bool = True):
        self.db = schema.connect(file, create)

    def close(self) -> None:
        """Ends the use of the file."""
        self.db.close()

    def take(self, messages: Iterable[tuple[str, bytes]]) -> Taken:
        """Keeps what these messages (topic, payload) say. On return it is on the disk."""
        taken = Taken()
        self.db.execute("BEGIN IMMEDIATE")
        try:
            for topic, payload in messages:
                taken.messages += 1
                self._take(topic, payload, taken)
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        return taken

    def _take(self, topic: str, payload: bytes, taken: Taken) -> None:
        try:
            message = read(topic, payload)
            if isinstance(message, Layout):
                self._take_layout(message)
            elif message:
                self._check_points(message)
        except Malformed as error:
            self._put_aside(topic, payload, str(error), taken)
            return
        if isinstance(message, Records):
            own = self._take_device(message)
            if message.lost:
                self._add_range("lost", own, *message.lost)
            for record in message.records:
                if reason := self._keep(own, message, record, taken):
                    self._put_aside(topic, payload, reason, taken)

    def _take_layout(self, message: Layout) -> None:
        points = json.dumps(message.points)
        before = self.db.execute(
            "SELECT points FROM layouts WHERE device = ? AND layout = ?",
            (message.device, message.layout),
        ).fetchone()
        if before and len(json.loads(before[0])) != len(message.points):
            raise Malformed("layout: has the name of one with other points")
        self.db.execute(
            "INSERT OR REPLACE INTO layouts VALUES(?, ?, ?, ?, ?, ?)",
            (message.device, message.layout, message.since, message.name)
            + (message.timezone, points),
        )

    def _check_points(self, message: Records) -> None:
        row = self.db.execute(
            "SELECT json_array_length(points) FROM layouts WHERE device = ? AND layout = ?",
            (message.device, message.layout),
        ).fetchone()
        if row and any(len(record.imports) != row[0] for record in message.records):
            raise Malformed("import: not as many points as the layout has")

    def _take_device(self, message: Records) -> Own:
        self.db.execute("INSERT OR IGNORE INTO sites(uuid) VALUES(?)", (message.uuid,))
        row = self.db.execute("SELECT site FROM sites WHERE uuid = ?", (message.uuid,)).fetchone()
        own = message.device, row[0]
        self.db.execute(
            "INSERT INTO devices(device, site, oldest, heard) VALUES(?, ?, ?, ?) "
            "ON CONFLICT(device, site) DO UPDATE SET heard = excluded.heard, "
            "oldest = max(oldest, excluded.oldest)",
            (*own, message.oldest, int(time.time())),
        )
        return own

    def _keep(self, own: Own, message: Records, record: Record, taken: Taken) -> str | None:
        """Keeps one record; returns why it cannot be."""
        held = self.db.execute(
            f"SELECT first, last FROM held WHERE {OWN} AND first <= ? AND last >= ?",
            (*own, record.sequence, record.first),
        ).fetchall()
        sent_before = None
        if held:
            if len(held) == 1 and held[0][0] <= record.first and record.sequence <= held[0][1]:
                return self._take_double(own, record, taken)
            parts = self.db.execute(
                "SELECT sequence, first, sent, sent_before, import, export FROM records "
                f"WHERE {OWN} AND sequence >= ? AND first <= ?",
                (*own, record.first, record.sequence),
            ).fetchall()
            if any(
                row[0] > record.sequence
                or row[1] < record.first
                or len(json.loads(row[4])) != len(record.imports)
                for row in parts
            ):
                return f"sequence {record.sequence}: overlaps another record"
            sent_before = _sent_of(parts)
            self.db.execute(
                f"DELETE FROM records WHERE {OWN} AND sequence BETWEEN ? AND ?",
                (*own, record.first, record.sequence),
            )
            self._count(own, "replaced", len(parts))
            taken.replaced += len(parts)
        self.db.execute(
            "INSERT INTO records VALUES(?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
            (*own, record.sequence, record.first, record.time, record.seconds)
            + (record.boot, message.layout, message.historical)
            + (json.dumps(record.imports), json.dumps(record.exports))
            + (record.missing and json.dumps(record.missing), json.dumps(record.rest))
            + (sent_before,),
        )
        self._add_range("held", own, record.first, record.sequence)
        placing.place(self.db, own, record.sequence)
        taken.records += 1
        return None

    def _take_double(self, own: Own, record: Record, taken: Taken) -> str | None:
        row = self.db.execute(
            "SELECT boot, import, export, first, time, worked_out, sent FROM records "
            f"WHERE {OWN} AND sequence = ?",
            (*own, record.sequence),
        ).fetchone()
        if row and row[3] == record.first:
            if (row[0], json.loads(row[1]), json.loads(row[2])) != (
                record.boot,
                record.imports,
                record.exports,
            ):
                return f"sequence {record.sequence}: was given twice, for another record"
            if record.time is not None and (row[4] is None or row[5]) and not row[6]:
                self.db.execute(
                    f"UPDATE records SET time = ?, worked_out = 0 WHERE {OWN} AND sequence = ?",
                    (record.time, *own, record.sequence),
                )
                placing.place(self.db, own, record.sequence)
        self._count(own, "doubles", 1)
        taken.doubles += 1
        return None

    def _count(self, own: Own, what: str, count: int) -> None:
        self.db.execute(f"UPDATE devices SET {what} = {what} + ? WHERE {OWN}", (count, *own))

    def _add_range(self, table: str, own: Own, first: int, last: int) -> None:
        """Adds to the ranges of `held` or `lost`, joining those that touch."""
        touching = self.db.execute(
            f"SELECT first, last FROM {table} WHERE {OWN} AND first <= ? AND last >= ?",
            (*own, last + 1, first - 1),
        ).fetchall()
        for start, end in touching:
            self.db.execute(f"DELETE FROM {table} WHERE {OWN} AND first = ?", (*own, start))
            first, last = min(first, start), max(last, end)
        self.db.execute(f"INSERT INTO {table} VALUES(?, ?, ?, ?)", (*own, first, last))

    def _put_aside(self, topic: str, payload: bytes, reason: str, taken: Taken) -> None:
        taken.aside += 1
        self.db.execute(
            "INSERT INTO aside(at, topic, reason, payload) VALUES(?, ?, ?, ?)",
            (int(time.time()), topic, reason, payload[:_MAX_ASIDE_BYTES]),
        )
        self.db.execute(
            "DELETE FROM aside WHERE number <= (SELECT max(number) FROM aside) - ?", (MAX_ASIDE,)
        )


def _sent_of(parts: list[tuple]) -> str | None:
    """What a time-series store has of these records together: [import, export], or None."""
    sums = None
    for _sequence, _first, sent, before, imports, exports in parts:
        have = (
            [json.loads(imports), json.loads(exports)] if sent else before and json.loads(before)
        )
        if have and sums is None:
            sums = have
        elif have:
            sums = [
                [(a or 0) + (b or 0) for a, b in zip(one, other, strict=True)]
                for one, other in zip(sums, have, strict=True)
            ]
    return json.dumps(sums) if sums else None
