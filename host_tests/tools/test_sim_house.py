"""The simulated house: its samples in numpy's terms, and what its file may not say."""

from pathlib import Path

import numpy as np
import pytest
from gateway_host.errors import UserError
from gateway_host.faults.script import Faults
from gateway_host.sim.catalogue import VOLT_PER_COUNT, ampere_per_count
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation

DEFAULT = Path(__file__).parents[2] / "tools" / "houses" / "default.toml"

SMALL = """
name = "Small"
scheme = "3x400+N"
frequency = 50
[mains]
voltages = [230, 225, 235]
[head]
serial = "5020000001"
[[node]]
serial = "5500000001"
[[node]]
serial = "5600000001"
[[load]]
name = "Grid"
role = "grid"
points = [{ node = "5600000001", input = "A", phase = "L1" }]
[[load]]
name = "Heater"
power = 3000
power_factor = 0.8
points = [
  { node = "5500000001", input = "A", ct = "AC-CT-50A", phase = "L1" },
  { node = "5500000001", input = "B", ct = "AC-CT-50A", phase = "L2", reversed = true },
  { node = "5500000001", input = "C", ct = "AC-CT-50A", phase = "L3" },
]
"""


def house_of(tmp_path: Path, text: str):
    path = tmp_path / "house.toml"
    path.write_text(text)
    return load_house(path)


def in_si(house, first: int, count: int) -> np.ndarray:
    """V and A as metering sees them: reversed points turned back."""
    raw = house.waveforms(first, count).astype(float)
    raw[:3] *= VOLT_PER_COUNT
    for row, point in enumerate(house.points, 3):
        raw[row] *= ampere_per_count(point.ct) * (-1 if point.reversed else 1)
    return raw


def test_default_house_uses_every_point():
    house = load_house(DEFAULT)
    site = house.site_json()
    assert len(site["points"]) == 28
    assert len(house.nodes) <= 9
    assert {load["role"] for load in site["loads"]} == {"grid", "solar", "battery", "circuit"}
    assert {p["load"] for p in site["points"]} == {load["name"] for load in site["loads"]}


def test_grid_is_the_sum_of_everything_else_on_each_phase():
    house = load_house(DEFAULT)
    si = in_si(house, house.first_sample + 3200, 3200)
    steps = {row: ampere_per_count(p.ct) for row, p in enumerate(house.points, 3)}
    for phase in ("L1", "L2", "L3"):
        rows = [r for r, p in enumerate(house.points, 3) if p.phase == phase]
        grid = [r for r in rows if house.points[r - 3].load == "Grid"]
        others = [r for r in rows if r not in grid]
        # Every input rounds to its own count by at most half a count.
        rounding = 0.51 * sum(steps[r] for r in rows)
        assert len(grid) == 1
        assert np.abs(si[grid[0]] - si[others].sum(axis=0)).max() <= rounding


def test_power_and_power_factor_are_those_of_the_file(tmp_path):
    house = house_of(tmp_path, SMALL)
    si = in_si(house, 0, 3200)  # 50 whole cycles
    for phase, volt in enumerate((230.0, 225.0, 235.0)):
        v, i = si[phase], si[4 + phase]
        v_rms, i_rms = np.sqrt((v**2).mean()), np.sqrt((i**2).mean())
        assert v_rms == pytest.approx(volt, rel=1e-4)
        assert (v * i).mean() == pytest.approx(1000, rel=1e-3)
        assert (v * i).mean() / v_rms / i_rms == pytest.approx(0.8, abs=1e-3)
        # Inductive: the current at its rising zero comes after the voltage's.
        assert (np.roll(v, 16) * i).mean() == pytest.approx(1000 * 0.75, rel=2e-3)


def test_voltage_spectrum_holds_the_harmonics_of_the_file(tmp_path):
    harmonics = "harmonics = [{ order = 5, percent = 4, angle = 30 }, { order = 7, percent = 2 }]"
    voltages = "voltages = [230, 225, 235]"
    house = house_of(tmp_path, SMALL.replace(voltages, f"{voltages}\n{harmonics}"))
    spectrum = np.abs(np.fft.rfft(in_si(house, 0, 3200)[0])) / 1600
    assert spectrum[50] == pytest.approx(230 * np.sqrt(2), rel=1e-4)
    assert spectrum[250] / spectrum[50] == pytest.approx(0.04, rel=1e-3)
    assert spectrum[350] / spectrum[50] == pytest.approx(0.02, rel=1e-3)
    spectrum[[50, 250, 350]] = 0
    assert spectrum.max() < VOLT_PER_COUNT / 2


def test_frequency_is_that_of_the_file(tmp_path):
    voltages = "voltages = [230, 225, 235]"
    house = house_of(tmp_path, SMALL.replace(voltages, f"{voltages}\nfrequency = 49.37"))
    v = in_si(house, 0, 64000)[0]
    rising = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
    exact = rising - v[rising] / (v[rising + 1] - v[rising])
    assert 3200 * (len(exact) - 1) / (exact[-1] - exact[0]) == pytest.approx(49.37, abs=2e-4)


def test_a_shift_moves_the_wave_in_time(tmp_path):
    house = house_of(tmp_path, SMALL)
    shifts = np.full(house.channels, 0.25)
    late = house.render(3, shifts)[0]
    n = np.arange(3 * 64, 4 * 64) + 0.25
    exact = 230 * np.sqrt(2) * np.cos(2 * np.pi * 50 * n / 3200) / VOLT_PER_COUNT
    assert np.abs(late - exact).max() <= 0.5001


def test_the_same_file_gives_the_same_samples():
    first, again = load_house(DEFAULT), load_house(DEFAULT)
    start = first.first_sample
    late = again.waveforms(start + 64000, 640)  # asked for in another order
    assert np.array_equal(first.waveforms(start, 640), again.waveforms(start, 640))
    assert np.array_equal(first.waveforms(start + 64000, 640), late)


def test_power_changes_over_seconds():
    house = load_house(DEFAULT)
    si = in_si(house, house.first_sample, 60 * 3200).reshape(house.channels, 60, 3200)
    current = np.sqrt((si[3:] ** 2).mean(axis=2))
    assert (current.max(axis=1) > 1.02 * current.min(axis=1)).all()


def test_a_ct_with_errors_reads_wrong_by_them(tmp_path):
    point = 'input = "A", ct = "AC-CT-50A", phase = "L1"'
    wrong = f"{point}, ratio_error_percent = 2, phase_error_degrees = 3"
    good = in_si(house_of(tmp_path, SMALL), 0, 3200)[4]
    bad = in_si(house_of(tmp_path, SMALL.replace(point, wrong)), 0, 3200)[4]
    ratio = np.fft.rfft(bad)[50] / np.fft.rfft(good)[50]
    assert abs(ratio) == pytest.approx(1.02, rel=1e-3)
    assert np.degrees(np.angle(ratio)) == pytest.approx(3, abs=0.02)


def test_delta_circuit_lies_between_two_lines(tmp_path):
    text = """
        scheme = "3x230"
        [head]
        serial = "5400000001"
        [[node]]
        serial = "5500000001"
        [[load]]
        name = "Grid"
        role = "grid"
        points = [
          { node = "5500000001", input = "A", ct = "AC-CT-50A", phase = "L1" },
          { node = "5500000001", input = "B", ct = "AC-CT-50A", phase = "L2" },
        ]
        [[load]]
        name = "Boiler"
        power = 2300
        points = [{ node = "5500000001", input = "C", ct = "AC-CT-50A", phase = "L3" }]
    """
    si = in_si(house_of(tmp_path, text), 0, 3200)
    assert ((si[0] - si[1]) * si[5]).mean() == pytest.approx(2300, rel=1e-3)  # L1 to L2
    # Two-wattmeter method against L3, which carries nothing.
    supplied = (si[0] - si[2]) * si[3] + (si[1] - si[2]) * si[4]
    assert supplied.mean() == pytest.approx(2300, rel=1e-3)


TWENTY_NINE = "".join(
    f'[[node]]\nserial = "55000001{n:02d}"\n[[load]]\nname = "Load {n}"\npower = 1\npoints = ['
    + ",".join(
        f'{{ node = "55000001{n:02d}", input = "{letter}", ct = "AC-CT-50A", phase = "L1" }}'
        for letter in "ABCD"
    )
    + "]\n"
    for n in range(7)
)

BAD = [
    ('ct = "AC-CT-50A", phase = "L1"', 'ct = "AC-CT-60A", phase = "L1"', 22, "AC-CT-60A"),
    ('input = "B", ct', 'input = "A", ct', 23, "used twice"),
    ('input = "C", ct', 'input = "E", ct', 24, "no input 'E'"),
    ('phase = "L3"', 'phase = "L4"', 24, "L4"),
    ('node = "5500000001", input = "C"', 'node = "5500000009", input = "C"', 24, "5500000009"),
    ("power = 3000", "power = [3000", 20, "not valid TOML"),
    ("power = 3000\n", "", 17, "'power' is missing"),
    ("power = 3000", 'power = "much"', 19, "'power' must be"),
    ('serial = "5020000001"', 'serial = "5500000002"', 8, "not a Power Box"),
    ('scheme = "3x400+N"', 'scheme = "3x500"', 3, "unknown scheme"),
    ('name = "Heater"', 'name = "Heater"\ncolour = "red"', 19, "unknown field 'colour'"),
    ("[mains]", "[maims]", 5, "unknown table 'maims'"),
    ("voltages = [230, 225, 235]", "voltages = [230, 225]", 6, "list of 3 numbers"),
    ('[[load]]\nname = "Heater"', TWENTY_NINE + '[[load]]\nname = "Heater"', None, "28"),
]


@pytest.mark.parametrize(("good", "bad", "line", "problem"), BAD, ids=[b[3] for b in BAD])
def test_bad_files_are_refused_in_one_line(tmp_path, good, bad, line, problem):
    assert good in SMALL
    with pytest.raises(UserError) as refused:
        house_of(tmp_path, SMALL.replace(good, bad, 1))
    message = str(refused.value)
    assert "\n" not in message
    assert problem in message
    assert message.startswith(f"{tmp_path / 'house.toml'}:{'' if line is None else f'{line}:'}")


def test_a_house_may_have_more_nodes_than_points_and_absent_ones(tmp_path):
    more = "".join(f'[[node]]\nserial = "55200001{n:02d}"\n' for n in range(12))
    absent = SMALL.replace('serial = "5500000001"', 'serial = "5500000001"\nabsent = true')
    house = house_of(tmp_path, absent.replace("[[load]]", more + "[[load]]", 1))
    assert len(house.nodes) == 14
    assert [p["node"] for p in house.site_json()["points"]] == ["5600000001"] + ["5500000001"] * 3
    installation = Installation(house, faults=Faults.parse("plug 5500000001 at 2"))
    dark = [serial for serial, led in installation.leds().items() if led is None]
    assert dark == ["5500000001"]
    unused = installation.node("5520000103")
    assert (unused.connected, unused.plugged) == (True, 0)
    installation.read(2_100_000, 1)
    assert installation.leds()["5500000001"].name == "well"
    assert np.array_equal(installation.truth(0, 64), house.waveforms(0, 64))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere.toml"):
        load_house(tmp_path / "nowhere.toml")
