"""The node in C on the simulated line, beside simulated nodes, measured by the firmware in the
interpreter: three implementations of docs/a-bus.md that share no code."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from gateway_host.bench.a_bus import Watched, house_of, reported
from gateway_host.errors import UserError
from gateway_host.faults.script import Faults
from gateway_host.sim.catalogue import BLOCK
from test_bus_a_sync import TOLERANCE, errors

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "reference"))

from node import binding  # noqa: E402

REPORTS = 12
RESOLUTION = 2000  # steps in a sample in which the waveforms are worked out: 0.16 µs


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    try:
        return binding.build(tmp_path_factory.mktemp("node"))
    except UserError as error:
        pytest.skip(str(error))


class NodeInC:
    """A node of the house, played by the C program: it hears the bytes that are on the line, takes
    its samples from the house's waveforms when its own clock says so, and speaks when it is due.

    Times of the line are µs, those of the node ns of its own counter.
    """

    def __init__(self, library, installation, settings):
        self.serial = settings.serial
        self.connected = True
        self.samples = 0
        self._house, self._line = installation.house, installation.line
        self._head_clock = installation.head_clock
        self._ppm = settings.drift_ppm
        self._away = settings.metres * 0.005  # µs
        kind, number = int(self.serial[:4]), int(self.serial[4:])
        self._node = binding.Node(library, kind, number, nonce=0x5EED0001)
        self._channels = [
            3 + i for i, point in enumerate(self._house.points) if point.node == self.serial
        ]
        self._node.set_plugged((1 << len(self._channels)) - 1)
        self._rendered = {}
        self._line.disturbances.append(self._begun)

    def _local(self, time):
        return round(time * 1000 * (1 + self._ppm * 1e-6))

    def _true(self, local):
        return local / (1 + self._ppm * 1e-6) / 1000

    def _begun(self, start, sender, data):
        """Somebody has begun to send."""
        if sender is not self:
            end = start + len(data) * self._line.byte_us
            self._line.at(end, lambda _: self._hear(start + self._away, data))
        return data

    def _hear(self, start, data):
        self._sample_until(start)
        for k, byte in enumerate(data):
            self._node.receive(byte, self._local(start + k * self._line.byte_us))
        due = self._node.answer_time()
        if due is not None:
            self._line.at(self._true(due) + self._away, lambda time: self._answer(time, due))

    def _answer(self, time, due):
        if self._node.answer_time() != due:
            return  # cancelled, or given
        self._sample_until(self._true(due))
        _, answer = self._node.transmit(due)
        self._line.speak(time, self, answer)

    def _sample_until(self, time):
        while (taken := self._true(self._node.next_sample_time())) <= time:
            self._node.sample(self._values(self._head_clock.reading(taken)))
            self.samples += 1

    def _values(self, reading):
        """What the inputs give when the head's clock reads that."""
        nearest = round(reading)
        block, within = divmod(nearest, BLOCK)
        key = block, round((reading - nearest) * RESOLUTION)
        if key not in self._rendered:
            while len(self._rendered) > 4:
                del self._rendered[next(iter(self._rendered))]
            shifts = np.full(self._house.channels, key[1] / RESOLUTION)
            self._rendered[key] = self._house.render(block, shifts)[self._channels].T.tolist()
        return self._rendered[key][within]


def run(library, serial, faults="", count=REPORTS):
    """(house, reports, the node) with the C node in that node's place."""
    house = house_of(4, 4)
    settings = next(node for node in house.nodes if node.serial == serial)
    settings.__dict__["absent"] = True  # the simulated one
    installation = Watched(house, faults=Faults.parse(faults))
    node = NodeInC(library, installation, settings)
    return house, reported(installation, count), node


@pytest.mark.parametrize("serial", ["5500000193", "5600000301"], ids=["hub, 100 m", "Solid Core"])
def test_the_firmware_measures_it(library, serial):
    house, seen, node = run(library, serial)
    assert node.samples > 3200 * (REPORTS - 1)
    last = seen[-1]
    assert last["nodes"][serial]["state"] == "well"
    assert set(last["missing"]) == {0}
    assert last["noise"] == 0
    assert last["advice"] == []
    joules = [0.0] * len(house.points)
    for report in seen[1:]:
        wrong = errors(report, house)
        assert max(abs(wrong)) < TOLERANCE
        for i, watts in enumerate(report["watts"]):
            joules[i] += watts / (1 + wrong[i]) * report["samples"] / 3200  # the true ones
    for i, true in enumerate(joules):
        measured = last["import"][i] - seen[0]["import"][i]
        assert measured == pytest.approx(true, rel=TOLERANCE, abs=1)


def test_its_blocks_are_repaired(library):
    """Bit errors in what it hears and says."""
    serial = "5500000193"
    house, seen, _ = run(library, serial, "ber=1e-5 at 2 seed=2")
    assert seen[-1]["nodes"][serial]["repairs"] > 5
    assert set(seen[-1]["missing"]) == {0}
    assert max(abs(errors(seen[-1], house))) < TOLERANCE
