"""Ten minutes of the default house: no sample lost, energy exact, no heap lost; and 20 s in real
time."""

from __future__ import annotations

from typing import Any

import numpy as np
from gateway_host.sim.catalogue import VOLT_PER_COUNT, ampere_per_count
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from measuring_run import Measured
from on_bus import NUMBERS, Eventful, Report, first, reports

SECONDS = {32: 600, 64: 60}  # the 32-bit interpreter has the device's words
WRAP = 1 << 32  # of the head's counter
# Mean square of the counts under which a current is none: 0.04 % of the rated current.
NO_LOAD = (0.0004 * 32767 / (1.5 * 2**0.5)) ** 2
HEAP_NOISE = 1024  # bytes; garbage that a collection takes for an address is kept by chance


class Wire:
    """What was on the wire: samples are dropped once they have been used."""

    def __init__(self, plan: dict[str, Any]):
        points = plan["points"]
        self._blocks: dict[int, np.ndarray] = {}
        self._phase = [int(point["phase"][1]) - 1 for point in points]
        self._watts = np.array(
            [
                VOLT_PER_COUNT * ampere_per_count(point["ct"]) * (-1 if "reversed" in point else 1)
                for point in points
            ]
        )

    def keep(self, number: int, samples: np.ndarray) -> None:
        """The installation's tap."""
        self._blocks[number % NUMBERS] = samples

    def joules(self, report: Report) -> np.ndarray:
        """Net energy of each point over the report, by float64."""
        start, count = report["first_sample"], report["samples"]
        blocks = range(start // 64, (start + count - 1) // 64 + 1)
        numbers = [block * 64 % NUMBERS for block in blocks]
        whole = np.concatenate([self._blocks[number] for number in numbers], axis=1)
        samples = whole[:, start % 64 : start % 64 + count].astype(np.float64)
        for number in numbers[:-1]:
            del self._blocks[number]
        energy = np.sum(samples[self._phase] * samples[3:], axis=1) * self._watts / 3200
        return energy * ((samples[3:] ** 2).mean(axis=1) >= NO_LOAD)


def contiguous(run: list[Report]) -> None:
    """Every sample is in one report of each point, and none is missing."""
    for report, following in zip(run, run[1:], strict=False):
        assert (report["first_sample"] + report["samples"]) % NUMBERS == following["first_sample"]
    for report in run:
        assert set(report["counts"]) == {report["samples"]}
        assert set(report["missed"]) == {0}


def test_ten_minutes(bits):
    """Nothing missing, over the wrap of the head's counter too; import less export is what
    float64 makes of the samples on the wire."""
    house = load_house(DEFAULT_HOUSE)
    wire = Wire(house.site_json())
    installation = Eventful(house, tap=wire.keep)
    source = reports(installation, bits=bits)
    run = [next(source)]
    net = np.zeros(len(house.points))
    gross = np.zeros(len(house.points))
    try:
        for _ in range(SECONDS[bits]):
            run.append(next(source))  # the samples of the one before have been reported by now
            joules = wire.joules(run[-2])
            net += joules
            gross += np.abs(joules)
    finally:
        source.close()
    contiguous(run)
    last = run[-2]
    assert set(last["missing"]) == {0}
    assert last["lost"] == last["skipped"] == last["restarts"] == last["noise"] == 0
    for node in last["nodes"].values():
        assert node["state"] == "well"
        assert node["gaps"] == node["timeouts"] == node["damaged"] == 0
    if bits == 32:
        assert house.first_sample < WRAP <= installation.sample_number()
    measured = np.array(last["import"]) - np.array(last["export"])
    assert np.all(gross > 1000)
    assert np.all(np.abs(measured - net) <= 0.0005 * gross)
    # The sums are exact: what is left is a joule not yet complete in each register.
    assert np.all(np.abs(measured - net) <= 1 + 1e-6 * gross)
    # The parts are the whole: what the grid gave is what all others took. (A water heater of 3 W
    # is under the no-load threshold.)
    grid = np.array([point["load"] == "Grid" for point in house.site_json()["points"]])
    parts = measured[~grid].sum()
    assert abs(measured[grid].sum() - parts) <= 0.0005 * gross[~grid].sum()
    settled = run[10]["heap"]
    assert max(report["heap"] for report in run[10:]) <= settled + HEAP_NOISE


def test_the_sum_of_the_windows(bits):
    """Every window of twelve seconds, in integers: a point's registers hold exactly what the
    samples on the wire give, window by window; what is lost is less than a joule."""
    measured = Measured(load_house(DEFAULT_HOUSE), bits=bits, whole=False)
    run = list(measured.reports(75))
    phases = measured.phases()
    taken, given = [0] * len(phases), [0] * len(phases)
    for report in run[:-1]:  # samples are reported late
        samples = measured.samples(report).astype(np.int64)
        for i, point in enumerate(measured.plan["points"]):
            total = int((samples[phases[i]] * samples[3 + i]).sum())
            total *= -1 if point.get("reversed") else 1
            total *= (samples[3 + i] ** 2).mean() >= NO_LOAD
            taken[i] += max(0, total)
            given[i] += max(0, -total)
    for i, point in enumerate(measured.plan["points"]):
        joule = VOLT_PER_COUNT * ampere_per_count(point["ct"]) / 3200
        last = run[-2]["points"][i]
        assert 0 <= taken[i] * joule * (1 + 1e-9) - last["import"] < 1.001
        assert 0 <= given[i] * joule * (1 + 1e-9) - last["export"] < 1.001


def test_in_real_time():
    """Twenty seconds at the pace of a device."""
    run = first(20, reports(Eventful(load_house(DEFAULT_HOUSE)), paced=True))
    contiguous(run)
    assert run[-1]["lost"] == 0
    assert sum(report["samples"] for report in run) >= 19.5 * 3200
