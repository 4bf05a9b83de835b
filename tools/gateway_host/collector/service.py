"""The collector at work: from the broker into the ledger, and on into a time-series store.

Owns the order of things: keep, acknowledge, forward, ask for holes. An error is one line on
stderr, once; the work goes on.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway_host.collector.client import Client
from gateway_host.collector.holes import Asking
from gateway_host.collector.ledger import Ledger, Taken
from gateway_host.collector.victoria import StoreError, Victoria, prune

MAX_BATCH = 500  # messages in one transaction
_ASK_EVERY_S = 10.0
_STORE_PAUSE_S = 5.0
_PRUNE_EVERY_S = 3600.0
_DAY_S = 86400


class Service:
    """Collects until nobody asks it any more. keep_days: what the store has is removed from the
    ledger after so long; None keeps all. say: takes lines for a person."""

    def __init__(
        self,
        ledger: Ledger,
        client: Client,
        victoria: Victoria | None = None,
        keep_days: float | None = None,
        asking: Asking | None = None,
        say: Callable[[str], None] | None = None,
    ):
        self.total = Taken()
        self._ledger = ledger
        self._client = client
        self._victoria = victoria
        self._keep_days = keep_days
        self._asking = asking
        self._say = say or (lambda line: print(line, file=sys.stderr, flush=True))
        self._said: dict[str, str] = {}
        self._ask_next = self._forward_next = 0.0
        self._prune_next = 0.0

    def step(self) -> Taken:
        """One round; waits a moment where nothing comes."""
        messages = self._client.receive(MAX_BATCH)
        self._trouble(
            "broker", self._client.trouble and f"{self._broker()} {self._client.trouble}"
        )
        taken = Taken()
        if messages:
            try:
                taken = self._ledger.take((one.topic, one.payload) for one in messages)
            except sqlite3.Error as error:
                self._trouble("ledger", f"the history cannot be written: {error}; is there room?")
                self._client.give_back()
                return taken
            self._trouble("ledger", None)
            self._client.acknowledge(messages)
            for name in vars(taken):
                setattr(self.total, name, getattr(self.total, name) + getattr(taken, name))
        now = time.monotonic()
        if self._victoria and now >= self._forward_next:
            self._forward(self._victoria, now)
        if self._asking and now >= self._ask_next and self._client.ready:
            self._ask_next = now + _ASK_EVERY_S
            for hole in self._asking.due(self._ledger.db):
                self._client.ask(hole.uuid, hole.first, hole.last)
        return taken

    def run(self, seconds: float | None = None) -> Iterator[Taken]:
        """Rounds, for so long or for ever."""
        until = None if seconds is None else time.monotonic() + seconds
        while until is None or time.monotonic() < until:
            yield self.step()

    def _forward(self, store: Victoria, now: float) -> None:
        try:
            store.forward(self._ledger.db)
        except StoreError as error:
            self._forward_next = now + _STORE_PAUSE_S
            self._trouble("store", f"{error}; what it has not yet waits in the history")
            return
        self._trouble("store", None)
        if self._keep_days is not None and now >= self._prune_next:
            self._prune_next = now + _PRUNE_EVERY_S
            prune(self._ledger.db, int(time.time() - self._keep_days * _DAY_S))

    def _broker(self) -> str:
        nodes = self._client.address.nodes
        return f"the broker at {', '.join(f'{host}:{port}' for host, port in nodes)}"

    def _trouble(self, what: str, text: str | None) -> None:
        """Says a trouble once, and that it is over."""
        before = self._said.get(what)
        if text and text != before:
            self._said[what] = text
            self._say(f"error: {text}")
        elif before and not text:
            del self._said[what]
            self._say(f"{what}: well again")


def open_file(file: Path) -> Ledger:
    """The ledger in this file, made where there is none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return Ledger(file)
