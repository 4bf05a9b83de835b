"""A run of the fleet: a broker, a collector, so many gateways; then the region's power goes, and
the broker goes, and all of them come back.

Owns the phases and what is measured in them.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway_host import processes
from gateway_host.broker import HOST, Broker
from gateway_host.certificates import Certificates, make
from gateway_host.cluster import Cluster
from gateway_host.collector.ledger import Ledger
from gateway_host.errors import UserError
from gateway_host.fleet import rates, records, surroundings
from gateway_host.fleet.member import Member, Place, Tally

_RAMP_PER_S = 200
_PATIENCE_S = 600.0
_LAST_S = 120.0
_NOTICED_S = 1.0  # until the clients of a node know that it is dead
_SAY_S = 10.0


@dataclass(frozen=True)
class Options:
    """What is played. backlog: minutes that each gateway has after the region's blackout;
    outage_s: how long the broker is dead, 0 if not at all."""

    gateways: int
    seconds: float
    profile: str = "ethernet"
    backlog: int = 60
    tls: bool = False
    outage_s: float = 20.0
    hurry: float = 1.0
    engine: str = "mosquitto"


def play(options: Options, directory: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """The figures of a run; directory: of the broker's and the collector's files."""
    surroundings.allow_files(options.gateways)
    tls = make() if options.tls else None
    if tls and options.engine != "mosquitto":
        raise UserError(f"--tls: only with mosquitto, not with {options.engine}")
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(surroundings.engine(options.engine, directory, tls))
        history = directory / "history.db"
        collector = surroundings.collector(broker, history, directory)
        stack.callback(processes.stop, collector)
        ledger = stack.enter_context(contextlib.closing(Ledger(history)))
        run = _Run(options, broker, ledger, tls, say)
        figures = asyncio.run(run.play())
    return figures


class _Run:
    """One run, in the event loop."""

    def __init__(
        self,
        options: Options,
        broker: Broker | Cluster,
        ledger: Ledger,
        tls: Certificates | None,
        say: Callable[[str], None],
    ):
        self._options = options
        self._broker = broker
        self._ledger = ledger
        self._say = say
        self._tally = Tally()
        place = Place(
            HOST,
            broker.ports,
            rates.PROFILES[options.profile],
            surroundings.context(tls) if tls else None,
            options.hurry,
        )
        self._members = [Member(n, place, self._tally) for n in range(options.gateways)]
        self._most_kb = self._attempts = 0
        self._say_at = 0.0

    async def play(self) -> dict[str, Any]:
        """All phases."""
        before = self._broker.resident_kb()
        self._say(f"{self._options.gateways} gateways connect")
        took = await self._ramp()
        await asyncio.sleep(2)
        with_all = self._broker.resident_kb()
        self._say(f"all traffic for {self._options.seconds:.0f} s")
        figures = {
            "gateways": self._options.gateways,
            "engine": self._options.engine,
            "profile": self._options.profile,
            "tls": self._options.tls,
            **await self._steady(),
            "connect_s": round(took, 1),
            "broker_kb_per_gateway": round((with_all - before) / len(self._members), 1),
        }
        self._say("the region is dark; all gateways start at once")
        figures["blackout"] = await self._blackout()
        if self._options.outage_s:
            self._say("the broker, or a node of it, is killed and comes back")
            figures["outage"] = await self._outage()
        self._say("no more minutes: what is open is delivered")
        for member in self._members:
            member.measuring = False
        target = sum(one.made for one in self._members)
        end = time.monotonic() + _LAST_S  # what has not come by then is lost, and counted
        await self._collect(target, "the last records", end)
        for member in self._members:
            member.switch_off()
        checked = [records.check(self._ledger.db, one.number, one.made) for one in self._members]
        aside = self._ledger.db.execute("SELECT count(*) FROM aside").fetchone()[0]
        again = self._ledger.db.execute("SELECT coalesce(sum(doubles), 0) FROM devices").fetchone()
        return figures | {
            "records": sum(one.made for one in self._members),
            "lost": sum(lost for lost, _ in checked),
            "doubled": sum(doubled for _, doubled in checked),
            "sent_again": again[0],
            "put_aside": aside,
            "broker_peak_mb": round(self._most_kb / 1024, 1),
        }

    def _begin(self) -> None:
        """Of a return: what is counted begins anew."""
        self._tally.connects.clear()
        self._attempts = self._tally.attempts

    async def _ramp(self) -> float:
        began = time.monotonic()
        for number, member in enumerate(self._members):
            member.switch_on()
            if number % _RAMP_PER_S == _RAMP_PER_S - 1:
                await asyncio.sleep(1)
        await self._connect_all()
        return time.monotonic() - began

    async def _steady(self) -> dict[str, Any]:
        tally, began = self._tally, time.monotonic()
        messages, sent, left_out = tally.messages, tally.sent_bytes, tally.left_out
        busy = self._broker.processor_s()
        heard = await asyncio.to_thread(surroundings.heard, self._broker)
        await self._until(lambda: time.monotonic() - began >= self._options.seconds, "")
        took = time.monotonic() - began
        heard = await asyncio.to_thread(surroundings.heard, self._broker) - heard
        messages = tally.messages - messages
        return {
            "messages_per_s": round(messages / took, 1),
            "kbytes_per_s": round((tally.sent_bytes - sent) / took / 1000, 1),
            "broker_share_of_core": round((self._broker.processor_s() - busy) / took, 3),
            "broker_heard_per_s": round(heard / took, 1),
            "left_out": tally.left_out - left_out,
        }

    async def _blackout(self) -> dict[str, Any]:
        for member in self._members:
            member.switch_off()
        await asyncio.sleep(2)
        self._begin()
        for member in self._members:
            member.switch_on(self._options.backlog)
        return await self._return(asyncio.get_running_loop().time())

    async def _outage(self) -> dict[str, Any]:
        """The broker is away for so long; of a cluster one node is, and the others go on."""
        self._begin()
        self._broker.kill()
        began = asyncio.get_running_loop().time()
        if isinstance(self._broker, Cluster):
            await asyncio.sleep(_NOTICED_S)
            figures = await self._return(began)
            await asyncio.sleep(self._options.outage_s)
            await asyncio.to_thread(self._broker.revive)
            return figures
        await asyncio.sleep(self._options.outage_s)
        await asyncio.to_thread(self._broker.revive)
        return await self._return(asyncio.get_running_loop().time())

    async def _return(self, began: float) -> dict[str, Any]:
        """From when the broker can be reached until everything is in the collector."""
        loop = asyncio.get_running_loop()
        busy = self._broker.processor_s()
        await self._connect_all()
        back = loop.time() - began
        self._say(f"all are back after {back:.1f} s")
        target = sum(one.made for one in self._members)
        await self._collect(target, "the backlog")
        done = loop.time() - began
        each = Counter(int(at - began) for at in self._tally.connects)
        return {
            "all_back_s": round(back, 1),
            "backlog_done_s": round(done, 1),
            "attempts": self._tally.attempts - self._attempts,
            "most_connects_in_a_second": max(each.values(), default=0),
            "broker_share_of_core": round((self._broker.processor_s() - busy) / done, 3),
        }

    async def _connect_all(self) -> None:
        everybody = len(self._members)

        def are_there() -> bool:
            self._report(lambda: f"{self._tally.connected} of {everybody} are connected")
            return self._tally.connected == everybody

        await self._until(are_there, "all connections")

    async def _collect(self, target: int, what: str, end: float = math.inf) -> None:
        """Until the collector holds so many records, or the time is over."""

        def are_there() -> bool:
            held = records.held(self._ledger.db)
            self._report(lambda: f"{held} of {target} records are collected")
            return held >= target or time.monotonic() > end

        await self._until(are_there, what, 0.5)

    def _report(self, words: Callable[[], str]) -> None:
        """How far it is, now and then."""
        if time.monotonic() >= self._say_at:
            self._say_at = time.monotonic() + _SAY_S
            self._say("  " + words())

    async def _until(self, done: Callable[[], bool], what: str, every_s: float = 0.1) -> None:
        end = time.monotonic() + _PATIENCE_S + self._options.seconds
        while not done():
            if time.monotonic() > end:
                raise UserError(f"waited in vain for {what}")
            self._broker.check()
            self._most_kb = max(self._most_kb, self._broker.resident_kb())
            await asyncio.sleep(every_s)
