"""A Power Box and meters of other makers on the B-bus: what the gateway makes of them, beside
numpy on the same samples and the values that the meters hold."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from gateway_host.session import ROOT
from gateway_host.sim.catalogue import SAMPLE_RATE, VOLT_PER_COUNT, ampere_per_count
from in_interpreter import succeed
from test_bus_b import Run
from test_meters import one_behind

HOUSE = ROOT / "tools" / "houses" / "power_box.toml"


class BoxRun(Run):
    """A run of the house with a Power Box."""

    def __init__(self, tmp_path: Path, prepare=None, **task):
        super().__init__(tmp_path, HOUSE.read_text(), prepare, head="", **task)
        self.plan = self.installation.house.site_json()

    @property
    def box(self):
        return self.line.of("5400000077")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return BoxRun(tmp_path_factory.mktemp("box"), seconds=9)


def wanted(run, second):
    """[W, VA, A, V] of each point of that second, and its reactive power's sign."""
    house = run.installation.house
    samples = house.waveforms(house.first_sample + second * SAMPLE_RATE, SAMPLE_RATE)
    for i, point in enumerate(house.points):
        volts = samples[int(point.phase[1]) - 1] * VOLT_PER_COUNT
        amperes = samples[3 + i] * ampere_per_count(point.ct) * (-1 if point.reversed else 1)
        voltage, current = (math.sqrt((x**2).mean()) for x in (volts, amperes))
        v, a = (np.fft.rfft(x * np.hanning(SAMPLE_RATE))[50] for x in (volts, amperes))
        sign = np.sign((v * np.conj(a)).imag)
        yield [(volts * amperes).mean(), voltage * current, current, voltage], sign


def test_each_point_is_what_numpy_makes_of_its_samples(run):
    """The box goes on to the next second while it is read: each value is of one of the two."""
    second = int(run.box._second)
    for row, (late, sign), (early, _) in zip(
        run.last["points"], wanted(run, second), wanted(run, second - 1), strict=False
    ):
        power, reactive, apparent, current, voltage = row[:5]
        for said, one, other in zip((power, apparent, current, voltage), late, early, strict=True):
            assert any(
                said == pytest.approx(right, rel=1e-5, abs=0.0051) for right in (one, other)
            )
        assert np.sign(reactive) == sign or abs(reactive) < 0.02 * apparent


def test_reports_are_as_long_as_the_time(run):
    """Together, to a fifth of a second: when in its second the box is read varies."""
    each = [second["samples"] for second in run.rounds[4:]]
    assert [len(one) for one in each] == [1] * len(each)
    lengths = [samples for [[samples, _]] in each]
    assert sum(lengths) == pytest.approx(len(each) * SAMPLE_RATE, abs=SAMPLE_RATE // 5)
    assert not any(missed for [[_, missed]] in each)


def test_the_boxs_own_energies_are_counted(run):
    """What its counters advance, in whole Wh, is in the registers, whatever they began with."""
    first, last = run.rounds[4]["points"], run.last["points"]
    for i, point in enumerate(run.installation.house.points):
        slot = run.box.slots.index((point.node, point.input))
        imported, exported = run.box.energy(slot)
        assert last[i][5] // 3600 in (imported, imported - 1)
        assert last[i][6] // 3600 in (exported, exported - 1)
        assert (last[i][5] - first[i][5]) % 3600 == 0
        assert last[i][7] == first[i][7]  # missing: what was before its set-up


def test_a_bad_energy_is_not_counted(tmp_path):
    """The box has counted for years. For one read it says 0, later for one read far too much; then
    it is exchanged for one that has counted less, and more than nothing."""
    years, jump, other = 9_000_000 * 3600, 500_000, 20_000 * 3600
    took = []

    def prepare(line):
        box = line.of("5400000077")
        box._joules += years
        measure = box._measure

        def spoiled(first):
            measure(first)
            second = box._second
            if second == 12:
                took.append(box._joules.copy())
                box._joules[:] = other
            for address, words in box._values.items():
                if address >= 0x3000 and second in (4, 8):
                    value = words[0] + (words[1] << 16) + jump if second == 8 else 0
                    box._values[address] = [value & 0xFFFF, value >> 16]

        box._measure = spoiled

    run = BoxRun(tmp_path, prepare, seconds=20)
    [before] = took
    counted = (before - years) + (run.box._joules - other)
    for i, point in enumerate(run.installation.house.points):
        slot = run.box.slots.index((point.node, point.input))
        for k in (0, 1):
            assert abs(run.last["points"][i][5 + k] - counted[slot, k]) < 4 * 3600 + 3000
    on_box = len(run.installation.house.points)
    assert run.last["errors"] == {"bus_b.range": 3 * 2 * on_box}


def test_a_meter_that_is_exchanged_goes_on_from_its_value(tmp_path):
    """No number for a while, 0 for one read, then another meter; 36 Wh a second all the time."""

    def kilowatt_hours(time):
        if 5 <= time < 7:
            return float("nan")
        if 9 <= time < 10:
            return 0.0
        return (15 if time < 13 else 8) * 1000 + 0.036 * time

    def prepare(line):
        [meter] = [slave for slave in line.slaves if slave.unit == 2]
        meter._quantities[0x48] = kilowatt_hours

    run = BoxRun(tmp_path, prepare, seconds=20)
    rows = [i for i, one in enumerate(run.plan["points"]) if one.get("meter") == "Pump meter"]
    [row] = rows
    said = [one["points"][row][5] // 3600 for one in run.rounds]
    assert run.last["errors"] == {"bus_b.range": 4}
    rate = [said[second] - said[second - 1] for second in (15, 16, 17, 18, 19)]
    assert all(abs(one - 36) <= 8 for one in rate)
    assert said[11] - said[4] == pytest.approx(7 * 36, abs=3)
    assert said[19] - said[4] == pytest.approx(14 * 36, abs=3)


def test_the_site_is_written_and_saved(run):
    mapping, types = run.box.saved
    codes = {"L1": (1, 16), "L2": (2, 32), "L3": (4, 64)}
    for point in run.installation.house.points:
        slot = run.box.slots.index((point.node, point.input))
        assert mapping[slot] == codes[point.phase][point.reversed]
        assert types[slot] == {"SOLID-CORE": 12}.get(point.ct, 3)
    assert not run.last["errors"] and not run.last["advice"]


@pytest.mark.parametrize("back", [12.0, 12.3, 12.6, 12.9])
def test_a_box_that_was_off_is_set_up_again(back, tmp_path):
    """And for two seconds what it says may be of before that: no power of 0 W is one, and no
    energy is lost."""

    def prepare(line):
        box = line.of("5400000077")
        line.at(5e6, lambda _: setattr(box, "connected", False))

        def on(_):
            box.connected, box.saved = True, ([0] * 28, [0] * 28)
            box.restart()

        line.at(back * 1e6, on)

    run = BoxRun(tmp_path, prepare, seconds=22)
    assert not run.rounds[6]["advice"]  # one request may be lost
    assert run.rounds[10]["advice"][0][0] == "b_missing"
    samples = [one for second in run.rounds[4:] for one in second["samples"] if one[1]]
    assert all(missed == length for length, missed in samples)
    away = sum(missed for _, missed in samples)
    assert 7 < away / SAMPLE_RATE < 15
    begun, last = run.rounds[3]["points"], run.last["points"]
    for i, point in enumerate(run.installation.house.points):
        energies = run.box.energy(run.box.slots.index((point.node, point.input)))
        for k in (0, 1):
            assert last[i][5 + k] // 3600 in (energies[k], energies[k] - 1)
        assert last[i][7] == begun[i][7] + away
    has_true_powers(run)
    assert any(run.box.saved[0]) and not run.last["advice"]
    assert run.last["errors"]["bus_b.timeout"] >= 1
    assert run.last["points"][0][0] is not None


def starts_as_it_was_saved(box, saved, time=0.0):
    """Switched on, with a set-up that is right: its first second has no powers."""
    box.pass_time(time)
    box.connected, box.saved = True, saved
    box.restart()
    box._used = [0] * len(box._used)


def has_true_powers(run):
    """Whether each power is one of those of its point, or unknown."""
    true = [[values[0] for values, _ in wanted(run, second)] for second in range(len(run.rounds))]
    for second in run.rounds:
        for i, row in enumerate(second["points"][: len(true[0])]):
            right = [powers[i] for powers in true]
            assert row[0] is None or any(row[0] == pytest.approx(one, abs=0.01) for one in right)


@pytest.mark.parametrize("back", [8.1, 8.5, 8.9])
def test_a_box_that_was_off_for_one_poll_has_no_power_of_its_start(back, tmp_path):
    """Nobody was told that it was away, and nothing was written."""

    def prepare(line):
        box = line.of("5400000077")
        line.at(6.3e6, lambda _: setattr(box, "connected", False))
        line.at(back * 1e6, lambda time: starts_as_it_was_saved(box, box.saved, time))

    run = BoxRun(tmp_path, prepare, seconds=18)
    assert not any(one["advice"] for one in run.rounds[4:])
    assert run.last["errors"]["bus_b.timeout"] == 1
    has_true_powers(run)
    assert run.rounds[5]["points"][0][0] and run.last["points"][0][0]


def test_a_box_that_starts_with_the_gateway_has_no_power_of_its_start(tmp_path, run):
    saved = run.box.saved
    seen = BoxRun(
        tmp_path, lambda line: starts_as_it_was_saved(line.of("5400000077"), saved), seconds=9
    )
    has_true_powers(seen)
    assert seen.last["points"][0][0] and not seen.last["errors"]


@pytest.mark.parametrize("begins", [0.0, 6.4e6])
def test_a_box_behind_a_converter_that_is_one_answer_behind(begins, tmp_path, run):
    """Four of its blocks have one length: none is taken for another, and nothing is written that
    rests on one."""

    def prepare(line):
        one_behind(line, begins)
        box = line.of("5400000077")
        write = box.write_words

        def noted(address, values, broadcast):
            if not broadcast:
                written.append(line.now)
            write(address, values, broadcast)

        box.write_words = noted

    written = []
    seen = BoxRun(tmp_path, prepare, seconds=30)
    assert all(time < (begins or 1) for time in written)
    assert "is that to the request before" in seen.advice()["b_behind"]
    for second in range(4, 30):
        for row, right in zip(seen.rounds[second]["points"], run.last["points"], strict=False):
            for k in (0, 2, 3, 4):
                assert row[k] is None or row[k] == pytest.approx(right[k], rel=0.2, abs=5)


def test_the_led_of_a_slot_shows_that_it_is_identified(tmp_path):
    seen = []

    def prepare(line):
        box = line.of("5400000077")
        for second in (4, 8, 13):
            line.at(second * 1e6, lambda _: seen.append(set(box.identified)))

    identify = {"identify": {"serial": "5600000301", "input": "B", "seconds": 3}}
    run = BoxRun(tmp_path, prepare, seconds=14, commands={"5": [identify]})
    slot = run.box.slots.index(("5600000301", "B"))
    assert seen == [set(), {slot}, set()]


@pytest.mark.parametrize("value", [float("nan"), -3e7])
def test_a_value_that_can_not_be_is_not_used(value, tmp_path):
    words = list(struct.unpack("<HH", struct.pack("<f", value)))

    def prepare(line):
        box = line.of("5400000077")
        measure = box._measure

        def spoiled(first):
            measure(first)
            box._values[0x0100] = words  # power of slot 0

        line.at(4e6, lambda _: setattr(box, "_measure", spoiled))

    run = BoxRun(tmp_path, prepare, seconds=8)
    assert run.rounds[3]["points"][0][0] is not None
    assert run.last["points"][0][0] is None and run.last["points"][1][0] is not None
    assert run.last["errors"]["bus_b.range"] >= 2


def test_an_input_that_the_box_has_not_is_named(tmp_path):
    def prepare(line):
        box = line.of("5400000077")
        box.devices.remove("5500000191")
        box.slots = [slot for slot in box.slots if slot[0] != "5500000191"]

    text = HOUSE.read_text().replace(
        'node = "5500000192", input = "B"', 'node = "5500000191", input = "B"'
    )
    run = Run(tmp_path, text, prepare, head="", seconds=5)
    assert "input B of 5500000191" in run.advice()["b_fault"]


def test_meters_are_read_at_their_own_speed(run):
    plan = run.plan["points"]
    for meter, power in (("Pump meter", 750.0), ("Workshop meter", 5200.0 / 3)):
        rows = [i for i, point in enumerate(plan) if point.get("meter") == meter]
        device = run.device(meter)
        assert device["state"] == "well" and not device["damaged"] and not device["timeouts"]
        for i in rows:
            watts, reactive, apparent, current, voltage = run.rounds[5]["points"][i][:5]
            assert watts == pytest.approx(power, rel=1e-6, abs=0.0051)
            assert reactive == pytest.approx(power * 0.75, rel=1e-6, abs=0.0051)
            assert apparent == pytest.approx(power / 0.8, rel=1e-6, abs=0.0051)
            assert current == pytest.approx(power / 0.8 / 230.5, rel=1e-6, abs=0.0051)
            assert voltage == pytest.approx(230.5)


# Profiles

GOOD = json.loads((ROOT / "firmware" / "b_bus" / "profiles" / "SDM120.json").read_text())


def changed(**fields):
    return GOOD | fields


def register(**fields):
    return changed(registers=[*GOOD["registers"], GOOD["registers"][6] | fields])


IMPOSSIBLE = [
    (changed(function=6), "function"),
    (changed(word_order="middle"), "word_order"),
    (changed(baud=300), "baud"),
    (changed(reply_ms=0), "reply_ms"),
    (changed(phases=4), "phases"),
    (changed(registers=GOOD["registers"][:2]), "power of phase 1"),
    (changed(registers=None), "registers"),
    (register(), "twice"),
    (register(phase=1, type="float16"), "registers[9].type"),
    (register(phase=1, unit="bar"), "registers[9].unit"),
    (register(phase=1, quantity="colour"), "registers[9].quantity"),
    (register(phase=1, address=65535), "registers[9].address"),
    (register(phase=2), "registers[9].phase"),
    (register(phase=1, scale=0), "registers[9].scale"),
    (register(phase=1, scale=1e37), "registers[9].scale"),
    (register(phase=1, unit=["kWh"]), "registers[9].unit"),
    (register(phase=1, address=True), "registers[9].address"),
    # Of a meter of one phase the total and the phase are one: the energy would count twice.
    (register(phase=1 - GOOD["registers"][6].get("phase", 0)), "twice"),
    (changed(colour="red"), "colour: is not known"),
    (register(phase=1, colour="red"), "registers[9].colour: is not known"),
    (changed(parity="mark"), "parity"),
    (changed(stop_bits=3), "stop_bits"),
    (changed(pause_ms=-1), "pause_ms"),
    (changed(max_registers=1), "max_registers: float32 has 2"),
    (changed(gaps=1), "gaps"),
    (changed(not_available=[7]), "not_available"),
    (register(quantity="net", phase=1, unit="kWh"), "net and import"),
    ([], "registers"),
]


def test_profiles(bits):
    sdm630 = json.loads((ROOT / "firmware" / "b_bus" / "profiles" / "SDM630.json").read_text())
    tables = [GOOD, sdm630, *(table for table, _ in IMPOSSIBLE)]
    said = succeed("read_profiles", given=tables, bits=bits, heap="1M")
    first, second, *refused = map(json.loads, said.splitlines())
    assert first == [[[0, 32], [70, 6]], 9]
    assert second == [[[0, 36], [70, 2], [346, 12]], 25]
    for (_, field), said in zip(IMPOSSIBLE, refused, strict=True):
        assert field in said, said
