"""The A-bus under test: houses of any mixture of nodes, the firmware's measuring path with what it
advises the installer, and the figures of `make bench`: discovery and the share of the line's time.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway_host.errors import UserError
from gateway_host.faults.script import Faults
from gateway_host.session import ROOT, Session
from gateway_host.sim.catalogue import BLOCK
from gateway_host.sim.house import House
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "bus_advice.py"
PAUSING = ROOT / "tools" / "gateway_host" / "device" / "bus_report.py"
_PAUSE_AT_MS = 3000
_POLL = 1

_TOP = """
name = "Bench"
scheme = "3x400+N"
frequency = 50
first_sample = {first}
seed = {seed}
[head]
serial = "5020000001"
drift_ppm = 50
[[load]]
name = "All"
power = {power}
power_factor = 0.5
points = [{points}]
"""
_NODE = '[[node]]\nserial = "{}"\ndrift_ppm = {}\nmetres = {:.1f}\n'


def house_of(solid_cores: int, hubs: int, seed: int = 1, power: float = 9000) -> House:
    """A house of so many Solid Cores (3 points each) and CT Hubs (4), in turns along 100 m of
    cable, with crystals from -100 to 100 ppm. Its one load (`power`
    in W, over three phases) has a power factor of 0.5."""
    cores = [f"5600000{301 + k}" for k in range(solid_cores)]
    serials = [serial for pair in _in_turns(cores, hubs) for serial in pair]
    nodes, points = "", []
    for k, serial in enumerate(serials):
        share = (k + 1) / len(serials)
        nodes += _NODE.format(serial, 100 if k % 2 else -100, 100 * share)
        inputs = "ABC" if serial.startswith("56") else "ABCD"
        for letter in inputs:
            ct = "" if serial.startswith("56") else 'ct = "AC-CT-50A", '
            phase = f"L{1 + len(points) % 3}"
            points.append(f'{{ node = "{serial}", input = "{letter}", {ct}phase = "{phase}" }}')
    text = (
        _TOP.format(first=640_000 * seed, seed=seed, power=power, points=", ".join(points)) + nodes
    )
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.toml"
        path.write_text(text, encoding="utf-8")
        return load_house(path)


def _in_turns(cores: list[str], hubs: int) -> Iterator[list[str]]:
    for k in range(max(len(cores), hubs)):
        yield [*cores[k : k + 1], *([f"5500000{190 + k}"] if k < hubs else [])]


class Watched(Installation):
    """An installation that notes when the gateway has given every node its address: `complete`,
    in s of the line's time, None until then."""

    complete: float | None = None

    def write(self, ticks: int, data: bytes) -> None:
        """As Installation's."""
        super().write(ticks, data)
        if self.complete is None and all(node.address for node in self.nodes if node.connected):
            self.complete = self.now / 1e6


class Starts(Session):
    """A Session whose board has another `entropy` at its start."""

    def __init__(self, installation: Any, plan: dict[str, Any], *, entropy: int, **options: Any):
        self._entropy = entropy
        super().__init__(installation, plan, **options)

    def _write(self, name: str, content: Any) -> None:
        if name == "simulator.json":
            content = content | {"entropy": self._entropy}
        super()._write(name, content)


def reported(
    installation: Installation, count: int, *, entropy: int = 4711, plan: dict | None = None
) -> list[dict[str, Any]]:
    """The first `count` reports (one a second) of the firmware's measuring path, with the A-bus's
    counters and the advice (device/bus_advice.py). UserError when it ends before."""
    with Starts(
        installation,
        plan or installation.house.site_json(),
        entropy=entropy,
        script=SCRIPT,
        paced=False,
        console=False,
    ) as session:
        found = []
        while len(found) < count:
            line = session.output.readline()
            session.check(may_end=bool(line))
            if not line:
                raise UserError(f"the measuring path ended: {session.last_words()}")
            found.append(json.loads(line))
        return found


def discovery_seconds(solid_cores: int, hubs: int, seed: int = 1) -> float:
    """Seconds of the line's time from the gateway's start until all nodes have their addresses."""
    installation = Watched(house_of(solid_cores, hubs, seed))
    reported(installation, 2, entropy=4711 * seed)
    if installation.complete is None:
        raise UserError("discovery: not every node has an address after two seconds of measuring")
    return installation.complete


def utilisation(ber: float = 1e-5, seconds: int = 60) -> float:
    """Share (0 to 1) of the line's time from POLL to the last byte of the cycle's repairs, for 28
    points on 7 CT Hubs with bit errors: bytes on the line, and turn-arounds, over all time."""
    installation = Quiet(house_of(0, 7), faults=Faults.parse(f"ber={ber:g} at 3"))
    reported(installation, seconds)
    return installation.taken / (installation.now - installation.since)


class Polled(Installation):
    """An installation that notes each POLL: (s, block asked for, complete blocks from it on)."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.polls: list[tuple[float, int, int]] = []

    def write(self, ticks: int, data: bytes) -> None:
        """As Installation's."""
        super().write(ticks, data)
        if data[1] == _POLL:
            time, block = self.time_of(ticks), int.from_bytes(data[4:6], "little")
            behind = int(self.sample_number(time) // BLOCK) - block & 0xFFFF
            self.polls.append((time / 1e6, block, behind))

    def catch_up_s(self) -> float | None:
        """Seconds from the end of the longest pause between two POLLs until the newest complete
        block is asked for; None when that never happens."""
        times = [time for time, _, _ in self.polls]
        end = max(range(1, len(times)), key=lambda k: times[k] - times[k - 1])
        for time, _, behind in self.polls[end:]:
            if behind <= 1:
                return time - times[end]
        return None


def longest_catch_up_s(pause_ms: int = 2000, faults: str = "ber=1e-5 at 2") -> float:
    """Seconds of the line's time that the gateway needs after such a pause, at the most, with 28
    points on nodes of any kind. UserError when samples are lost or it never catches up."""
    longest = 0.0
    for mixture in ((9, 0), (0, 7), (4, 4)):
        installation = Polled(house_of(*mixture), faults=Faults.parse(faults))
        with Session(
            installation,
            installation.house.site_json(),
            script=PAUSING,
            arguments=[f"{_PAUSE_AT_MS}:{pause_ms}"],
            paced=False,
            console=False,
        ) as session:
            last: dict[str, Any] = {"ms": 0}
            while last["ms"] < _PAUSE_AT_MS + 5 * pause_ms:
                line = session.output.readline()
                session.check(may_end=bool(line))
                last = json.loads(line)
        found = installation.catch_up_s()
        if found is None or any(last["missing"]):
            raise UserError(f"after a pause of {pause_ms} ms: {last['missing']} samples are lost")
        longest = max(longest, found)
    return longest


class Quiet(Installation):
    """Adds up the time in which the line is taken: from the first byte of a cycle or request to
    the last of its answers, `taken` of the time after `since` (µs)."""

    taken = 0.0
    since = 3e6
    _begun: float | None = None

    def write(self, ticks: int, data: bytes) -> None:
        """As Installation's."""
        self._close()
        super().write(ticks, data)
        self._begun = max(self.time_of(ticks), self.now)

    def _close(self) -> None:
        """What was begun by the last write ended with the last byte of an answer to it."""
        if self._begun is not None and self._begun >= self.since:
            ends = [run.end for run in self.line._active if run.end > self._begun]
            self.taken += max(ends, default=self._begun) - self._begun
