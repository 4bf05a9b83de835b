"""A soak: gateways, a network that does harm, a broker, a collector; faults for so long, then
quiet until everything that was made is delivered.

Owns the order of things and the figures.
"""

from __future__ import annotations

import contextlib
import itertools
import operator
import random
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway_host import certificates
from gateway_host.broker import Broker
from gateway_host.collector.ledger import Ledger
from gateway_host.errors import UserError
from gateway_host.fleet.surroundings import BROKER_LINES
from gateway_host.soak.collector import Collector
from gateway_host.soak.faults import Faults
from gateway_host.soak.gateways import Driven, Kind
from gateway_host.soak.proxy import Proxy
from gateway_host.soak.real import Real
from gateway_host.soak.verdict import Verdict, held, judge

KINDS = (Kind(28), *15 * [Kind(3)])
CALM_S = 15.0
_MAX_CALM_S = 30.0
_PATIENCE_S = 240.0  # without anything new
_MORE_S = 15.0  # then there is one more minute
_SAY_S = 10.0


@dataclass(frozen=True)
class Options:
    """seconds: of faults; records, starts: more of them until so many records are made, the driven
    gateways have started so often, or None; calm_s: the longest pause before a fault; seed: of
    chance; only: names of the driven gateways' faults, none: all."""

    seconds: float
    records: int | None = None
    starts: int | None = None
    calm_s: float = CALM_S
    seed: int = 1
    kinds: tuple[Kind, ...] = KINDS
    real: bool = True
    bits: int = 32
    only: Collection[str] = ()


def play(options: Options, directory: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """The figures of a run; directory: of all files."""
    state = directory / "broker"
    lines = [*BROKER_LINES, f"persistence_location {state}/"]
    with contextlib.ExitStack() as stack:
        tls = certificates.make() if options.real else None
        broker = stack.enter_context(Broker(0, state, "mosquitto", tls, lines=lines))
        proxy = stack.enter_context(Proxy(broker.port))
        collector = stack.enter_context(Collector(broker.port, directory))
        ledger = stack.enter_context(contextlib.closing(Ledger(collector.file)))
        gateways = []
        for device, kind in enumerate(options.kinds):
            one = Driven(device, kind, proxy.port, directory, options.bits)
            gateways.append(one)
            stack.callback(one.end)
            one.start()
        chance = random.Random(options.seed)
        faults = Faults(broker, proxy, collector, gateways, state, chance, options.only)
        real = None
        if options.real:
            real = stack.enter_context(Real(broker, directory, random.Random(options.seed)))
        run = _Run(options, ledger, gateways, real, faults, chance, say)
        return run.play()


class _Run:
    """One soak."""

    def __init__(
        self,
        options: Options,
        ledger: Ledger,
        gateways: list[Driven],
        real: Real | None,
        faults: Faults,
        chance: random.Random,
        say: Callable[[str], None],
    ):
        self._options = options
        self._ledger = ledger
        self._gateways = gateways
        self._real = real
        self._faults = faults
        self._chance = chance
        self._say = say
        self._said = 0.0
        self._real_last = 0

    def play(self) -> dict[str, Any]:
        """Faults, quiet, verdict."""
        began = time.monotonic()
        counts: Counter[str] = Counter()
        while not self._is_enough(time.monotonic() - began):
            self._report(counts)
            self._calm()
            counts[self._faults.play()] += 1
            self._look()
        self._say("quiet: what was made is delivered")
        for gateway in self._gateways:
            gateway.stop_measuring()
        if self._real:
            self._real.calm()
            counts.update(self._real.faults)
            self._real_last = self._real.judge(self._ledger.db)["records"]
        complete = self._settle()
        verdict = Verdict()
        if self._real:
            found = self._real.judge(self._ledger.db)
            verdict.add(Verdict(found["records"] + found["lost"], found["lost"] + found["wrong"]))
        for gateway in self._gateways:
            verdict.add(judge(self._ledger.db, gateway))
        aside = self._ledger.db.execute("SELECT count(*) FROM aside").fetchone()[0]
        return {
            "faults": sum(counts.values()),
            "records": verdict.records,
            "lost": verdict.lost,
            "doubled": verdict.doubled,
            "complete": complete,
            "coarser": verdict.coarser,
            "sent_again": verdict.sent_again,
            "put_aside": aside,
            "starts": self._starts(),
            "seconds": round(time.monotonic() - began, 1),
            "fault": dict(sorted(counts.items())),
        } | self._of_real()

    def _calm(self) -> None:
        """Until something of half of the gateways has come again, so that the next fault meets a
        delivery at work; not of all: one may be in a long pause."""
        end = time.monotonic() + _MAX_CALM_S
        before = [held(self._ledger.db, gateway) for gateway in self._gateways]
        while time.monotonic() < end:
            now = [held(self._ledger.db, gateway) for gateway in self._gateways]
            if 2 * sum(map(operator.gt, now, before)) >= len(now):
                break
            self._look()
            time.sleep(0.2)
        time.sleep(self._chance.uniform(0, self._options.calm_s))

    def _of_real(self) -> dict[str, Any]:
        if not self._real:
            return {}
        found = self._real.judge(self._ledger.db)
        found["samples_lost"] = self._real.samples_lost(self._ledger.db)
        found |= {"starts": self._real.starts, "faults": sum(self._real.faults.values())}
        worst_s = self._real.worst_live_s
        worst_s = None if worst_s is None else round(worst_s, 2)
        return {"worst_live_delay_s": worst_s, "whole_gateway": found}

    def _is_enough(self, seconds: float) -> bool:
        records = sum(gateway.state["kept"] for gateway in self._gateways)
        wanted = self._options
        made = records >= (wanted.records or 0) and self._starts() >= (wanted.starts or 0)
        return seconds >= wanted.seconds and made

    def _starts(self) -> int:
        return sum(gateway.starts for gateway in self._gateways)

    def _settle(self) -> bool:
        """Whether all that was made has come, in good time."""
        before, end, more = -1, 0.0, 0.0
        while True:
            self._look(calm=True)
            now = sum(held(self._ledger.db, gateway) for gateway in self._gateways)
            if now != before:
                before, end = now, time.monotonic() + _PATIENCE_S
                more = time.monotonic() + _MORE_S
            elif time.monotonic() > end:
                return False
            elif time.monotonic() > more:
                more += _MORE_S
                for gateway in itertools.filterfalse(self._is_settled, self._gateways):
                    gateway.measure_more()
            self._report(Counter())
            if all(map(self._is_settled, self._gateways)) and self._is_real_settled():
                return True
            time.sleep(0.5)

    def _look(self, calm: bool = False) -> None:
        """All are alive; the whole gateway's faults go on."""
        for gateway in self._gateways:
            gateway.check()
        if self._real:
            self._real.check()
            if not calm:
                self._real.play()

    def _is_real_settled(self) -> bool:
        """It has sent something since, and nothing is missing before that."""
        if not self._real:
            return True
        found = self._real.judge(self._ledger.db)
        return found["records"] > self._real_last and not found["lost"]

    def _is_settled(self, gateway: Driven) -> bool:
        state = gateway.state
        kept = gateway.is_at_rest() and state["kept"] == state["made"] > 0
        return kept and held(self._ledger.db, gateway) >= state["last"]

    def _report(self, counts: Counter[str]) -> None:
        if time.monotonic() - self._said < _SAY_S:
            return
        self._said = time.monotonic()
        parts = []
        for one in self._gateways:
            state = one.state
            parts.append(
                f"{state['kept']} kept, the last one {state['last']}, "
                f"{state['acknowledged']} acknowledged, {held(self._ledger.db, one)} held"
                + ("" if state.get("connected") else ", away")
            )
        faults = f"{sum(counts.values())} faults, {self._starts()} starts; "
        self._say(faults + "; ".join(parts))


def check(options: Options) -> None:
    """UserError where the options make no sense."""
    if options.seconds <= 0 or (options.records or 1) < 1 or (options.starts or 1) < 1:
        raise UserError("--minutes, --records and --starts must be above 0")
