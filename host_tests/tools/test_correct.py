"""The correction of a CT: its least squares beside numpy's, what is refused, and the whole
way with a simulated CT that is off."""

from __future__ import annotations

import cmath
import json
import math
from pathlib import Path

import numpy as np
import pytest
from gateway_host.__main__ import main
from gateway_host.correct.fit import fit, student
from gateway_host.correct.judge import Correction
from gateway_host.correct.reading import Pair, Pairs
from gateway_host.sim.catalogue import VOLT_PER_COUNT, ampere_per_count
from gateway_host.sim.house import House
from gateway_host.sim.house_file import load_house
from gateway_host.site_document import fingerprint
from measuring_run import Measured

NODE, ACCURATE = "5500000001", "5500000002"
LOADS = [(600, 0.98), (2300, 0.6), (5000, 0.9), (11000, 1.0)]  # W, power factor
HOUSE = """
name = "Correction"
scheme = "3x400+N"
frequency = 50
[head]
serial = "5020000001"
[[node]]
serial = "5500000001"
[[node]]
serial = "5500000002"
"""
CT = 'ct = "AC-CT-50A", phase = "L1"'


def house(
    tmp_path: Path, percent: float, degrees: float, scheme: str = "3x400+N", turned: bool = False
):
    """Each load has a CT that is right and, on the other node, one that is off, `turned` and
    configured so."""
    text = HOUSE.replace("3x400+N", scheme)
    for k, (watts, factor) in enumerate(LOADS):
        off = f"ratio_error_percent = {percent}, phase_error_degrees = {degrees}"
        if turned:
            off += ", reversed = true"
        text += f"""
[[load]]
name = "Load {k}"
power = {watts}
power_factor = {factor}
points = [
  {{ node = "{NODE}", input = "{"ABCD"[k]}", {CT}, {off} }},
  {{ node = "{ACCURATE}", input = "{"ABCD"[k]}", {CT} }},
]
"""
    path = tmp_path / "house.toml"
    path.write_text(text)
    return load_house(path)


def compared(made: House, correction: dict | None) -> list:
    """[(P + jQ of the right CT by float64 numpy on its samples, what the firmware says of the
    other)] of each load, in the third second."""
    run = Measured(made)
    for point in run.plan["points"]:
        if correction and point["node"] == NODE:
            point["correction"] = correction
    *_, report = run.reports(3)
    counts = made.waveforms(report["first_sample"], report["samples"]).astype(np.float64)
    volts, amperes = counts[:3] * VOLT_PER_COUNT, counts[3:] * ampere_per_count("AC-CT-50A")
    voltage = volts[0] - volts[2] if made.scheme == "3x230" else volts[0]  # L1 is L1 to L3 there
    angle = 2 * np.pi * report["frequency"] * np.arange(volts.shape[1]) / 3200
    basis = np.array([np.cos(angle), np.sin(angle)]).T
    found = []
    for k in range(len(LOADS)):
        phasors = [
            complex(*np.linalg.lstsq(basis, wave, rcond=None)[0] * (1, -1))
            for wave in (voltage, amperes[2 * k + 1])
        ]
        reactive = (phasors[0] * phasors[1].conjugate()).imag / 2
        right = complex((voltage * amperes[2 * k + 1]).mean(), reactive)
        said = report["points"][2 * k]
        assert (said["node"], said["input"]) == (NODE, "ABCD"[k])
        found.append((right, complex(said["P"], said["Q"])))
    return found


def files(
    tmp_path: Path, pairs, change: dict | None = None, plan: dict | None = None, **top
) -> list[str]:
    """The arguments of `correct` for a site and these pairs."""
    site = tmp_path / "site.json"
    plan = plan or house(tmp_path, 0, 0).site_json()
    plan["points"][0] |= change or {}
    site.write_text(json.dumps(plan))
    fields = {
        "node": NODE, "input": "A", "site": fingerprint(plan), "date": "2026-11-30",
        "reference": "Analyser", "accuracy": 0.2,
    } | top  # fmt: skip
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())
    for pair in pairs:
        text += "[[pair]]\n" + "".join(f"{name} = {value!r}\n" for name, value in pair.items())
    path = tmp_path / "pairs.toml"
    path.write_text(text)
    return ["correct", "--pairs", f"{path}", "--site", f"{site}", "--out", f"{tmp_path}/new.json"]


def pair(right: complex, said: complex) -> dict[str, float]:
    return {
        "watts": right.real, "vars": right.imag,
        "measured_watts": said.real, "measured_vars": said.imag,
    }  # fmt: skip


# Of IEC 61869-2, class 0.2: % of the rated current: % of ratio, minutes of angle.
CLASS = [(5, 0.75, 30), (20, 0.35, 15), (100, 0.2, 10)]


STAR, DELTA = "3x400+N", "3x230"
CASES = [(-2.5, 1.4, STAR, False), (4, -3, STAR, False), (0.8, 0.4, STAR, False)]
CASES += [(-2.5, 1.4, STAR, True), (3, -2, DELTA, False), (-2.5, 1.4, DELTA, True)]


@pytest.mark.parametrize(("percent", "degrees", "scheme", "turned"), CASES)
def test_a_ct_that_is_off_is_within_its_class_behind(
    tmp_path, capsys, percent, degrees, scheme, turned
):
    made = house(tmp_path, percent, degrees, scheme, turned)
    before = compared(made, None)
    for right, said in before:  # the table of pairs is that of the CT's errors
        assert 100 * (abs(said / right) - 1) == pytest.approx(percent, abs=0.1)
        assert math.degrees(cmath.phase(right / said)) == pytest.approx(degrees, abs=0.1)
    assert main(files(tmp_path, [pair(*one) for one in before], plan=made.site_json())) == 0
    table = capsys.readouterr().out.splitlines()
    for k, line in enumerate(table[1:5]):
        number, _, watts, _, ratio, _, ratio_after, _, angle, angle_after = line.split()
        assert int(number) == k + 1
        assert float(watts) == pytest.approx(LOADS[k][0], rel=0.1)
        assert float(ratio) == pytest.approx(percent, abs=0.1)
        assert float(angle) == pytest.approx(degrees, abs=0.1)
        assert abs(float(ratio_after)) < 0.1 and abs(float(angle_after)) < 0.1
    plan = json.loads((tmp_path / "new.json").read_text())
    correction = plan["points"][0].pop("correction")
    assert plan == json.loads((tmp_path / "site.json").read_text())
    assert correction["date"] == "2026-11-30" and correction["reference"] == "Analyser"
    assert correction["error_after"] < 0.15 < correction["error_before"]
    for right, said in compared(made, correction):
        load = 100 * abs(right) / (230 * 50)
        limits = [(ratio, minutes) for at, ratio, minutes in CLASS if load >= at]
        ratio, minutes = limits[-1]
        assert abs(100 * (abs(said / right) - 1)) < ratio
        assert abs(60 * math.degrees(cmath.phase(right / said))) < minutes


def noisy(
    count: int, factor: complex, seed: int, reactive: bool = True, sizes: tuple[int, ...] = ()
) -> list[Pair]:
    """Pairs of a gateway that must be multiplied with `factor`, 0.3 % of noise."""
    random = np.random.default_rng(seed)
    made = []
    for k in range(count):
        size = sizes[k] if sizes else random.uniform(300, 9000)
        said = size * cmath.exp(1j * random.uniform(-1, 1.2))
        right = factor * said * (1 + 0.003 * complex(*random.normal(size=2)))
        made.append(Pair(right.real, right.imag if reactive else None, said.real, said.imag))
    return made


@pytest.mark.parametrize("reactive", [True, False])
@pytest.mark.parametrize("seed", range(10))
def test_least_squares_are_numpys(seed, reactive):
    pairs = noisy(3 + seed, 1.02 * cmath.exp(0.03j), seed, reactive)
    size = np.array([abs(one.measured) for one in pairs])
    p = np.array([one.measured_watts for one in pairs]) / size
    q = np.array([one.measured_vars for one in pairs]) / size
    matrix, target = np.array([p, -q]).T, np.array([one.watts for one in pairs]) / size
    if reactive:
        matrix = np.concatenate([matrix, np.array([q, p]).T])
        target = np.concatenate([target, np.array([one.vars for one in pairs]) / size])
    right, left, *_ = np.linalg.lstsq(matrix, target, rcond=None)
    found = fit(pairs)
    assert [found.factor.real, found.factor.imag] == pytest.approx(list(right), abs=1e-10)
    free = len(target) - 2
    spread = np.sqrt(np.diag(np.linalg.inv(matrix.T @ matrix)) * left[0] / free)
    assert found.scatter == pytest.approx(tuple(spread * student(free)), rel=1e-6)


def test_95_of_100_lie_within_the_scatter():
    factor = 0.98 * cmath.exp(-0.02j)
    inside = sum(
        abs(found.factor.real - factor.real) <= found.scatter[0]
        for found in (fit(noisy(4, factor, seed)) for seed in range(1000))
    )
    assert 930 < inside < 970


def test_the_angle_lies_within_what_it_is_sure_to(tmp_path):
    """95 of 100, of a reference that is nearly exact."""
    plan = house(tmp_path, 0, 0).site_json()
    place = NODE, "A", fingerprint(plan), "2026-11-30", "", 0.01
    factor = 0.98 * cmath.exp(-0.02j)
    inside = 0
    for seed in range(1000):
        pairs = noisy(4, factor, seed, sizes=(300, 1000, 3000, 9000))
        found = Correction(plan, Pairs(*place, pairs))
        inside += abs(found.degrees - math.degrees(-0.02)) <= found.degrees_sure
    assert 930 < inside < 970


@pytest.mark.parametrize(("factor", "known"), [(0.81, True), (0.82, False)])
def test_from_which_power_factor_on_the_angle_is_known(factor, known):
    """Two kettles and a motor, beside a reference without vars."""
    said = [1000 + 0j, 2000 + 0j, 3000 * complex(factor, math.sqrt(1 - factor**2))]
    pairs = [Pair(one.real, None, one.real, one.imag) for one in said]
    assert fit(pairs).angle_known == known


def test_resistive_loads_say_nothing_of_the_angle(tmp_path, capsys):
    """Only watts of the reference, kettles and heaters: the ratio is found, the angle stays."""
    old = {"ratio": 1.01, "degrees": 0.7, "date": "2025-01-31"}
    pairs = [
        {"watts": 1.02 * w, "measured_watts": w, "measured_vars": 0.01 * w}
        for w in (800.0, 2000.0, 3000.0)
    ]
    assert main(files(tmp_path, pairs, {"correction": old})) == 0
    assert "nothing of the angle" in capsys.readouterr().out
    correction = json.loads((tmp_path / "new.json").read_text())["points"][0]["correction"]
    assert correction["ratio"] == pytest.approx(1.01 * 1.02, abs=2e-5)
    assert correction["degrees"] == 0.7


def test_energies_in_place_of_powers(tmp_path):
    pairs = [
        {"minutes": minutes, "kwh": watts * minutes / 60000,
         "measured_kwh": 0.97 * watts * minutes / 60000, "measured_kvarh": 0.0}
        for watts, minutes in ((800, 60), (2000, 30), (3000, 20))
    ]  # fmt: skip
    assert main(files(tmp_path, pairs)) == 0
    correction = json.loads((tmp_path / "new.json").read_text())["points"][0]["correction"]
    assert correction["ratio"] == pytest.approx(1 / 0.97, abs=2e-5)
    assert correction["error_before"] == pytest.approx(3.0, abs=0.01)


def turned(factor: complex, loads=(600, 2300, 9000)) -> list[dict]:
    """Pairs that the gateway's values, times factor, fit."""
    return [pair(factor * w * (0.8 + 0.6j), w * (0.8 + 0.6j)) for w in loads]


OFF = 1.03 * cmath.exp(0.01j)
SCATTERED = [
    {"watts": part * w, "measured_watts": w, "measured_vars": 0.0}
    for part, w in ((1.0, 800.0), (1.012, 2000.0), (1.008, 3000.0))
]
REFUSED = [
    (turned(OFF)[:2], {}, "[[pair]]: 2, and at least 3 are wanted"),
    (turned(OFF, (60, 2300, 9000)), {}, "[[pair]] 1: 0.52 % of the CT's rated current"),
    (turned(OFF, (200, 400, 500)), {}, "the largest load is 4.3 %"),
    (turned(OFF, (5000, 5500, 6000)), {}, "the loads are alike (43.5 to 52.2 %"),
    (turned(OFF)[:2] + turned(1.08 * OFF)[2:], {}, "[[pair]] 3: "),
    (turned(2.0), {}, "the gateway's values must be multiplied with 2.000"),
    (turned(0.88), {}, "the gateway's values must be multiplied with 0.880"),
    (turned(-1), {}, "the CT is turned, or the other meter is: see what the advisor"),
    (turned(cmath.exp(2j * math.pi / 3)), {}, "the point has a wrong phase: see what"),
    (turned(cmath.exp(-1j * math.pi / 3)), {}, "the point has a wrong phase and its CT is tur"),
    (turned(cmath.exp(0.2j)), {}, "the gateway's angle is 11.5 degrees off"),
    (turned(1.001), {}, "nothing to correct: the ratio is off by 0.10 %, within 0.20 %, "),
    # Three kettles that scatter by more than what they say together.
    (SCATTERED, {}, "nothing to correct: the ratio is off by 0.67 %, within"),
    (turned(OFF), {"site": "00000000"}, "site: the pairs were measured with 00000000"),
    (turned(OFF), {"node": "5500000009"}, "node, input: the site has no point on A of 5500000009"),
    (turned(OFF), {"date": "yesterday"}, "pairs.toml:4: file: 'date' must be a day"),
    (turned(OFF), {"input": "E"}, "pairs.toml:2: file: unknown input 'E'"),
    (turned(OFF), {"colour": 1}, "pairs.toml:7: file: unknown field 'colour'"),
    ([{"watts": 5.0}] * 3, {}, "pairs.toml:7: [[pair]] 1: 'measured_watts' is missing; add it"),
]


@pytest.mark.parametrize(("pairs", "top", "line"), REFUSED)
def test_what_is_refused(tmp_path, capsys, pairs, top, line):
    assert main(files(tmp_path, pairs, **top)) == 2
    said = capsys.readouterr()
    assert line in said.err and said.err.count("\n") == 1 and not said.out
    assert not (tmp_path / "new.json").exists()


def test_a_phase_that_nobody_knows(tmp_path, capsys):
    assert main(files(tmp_path, turned(OFF), {"phase": "unknown"})) == 2
    assert "nobody knows the phase of A of 5500000001" in capsys.readouterr().err


def test_a_voltage_that_is_computed(tmp_path, capsys):
    plan = house(tmp_path, 0, 0).site_json()
    plan["synthesised"] = {"L1": {"from": "L2", "degrees": 120}}
    assert main(files(tmp_path, turned(OFF), plan=plan)) == 2
    assert "input: the voltage of L1, on which A of 5500000001 is" in capsys.readouterr().err


def test_a_correction_on_another_one(tmp_path, capsys):
    """They are multiplied; the same pairs cannot be used for the new document; and both together
    stay plausible."""
    old = {"ratio": 1.01, "degrees": 0.2, "date": "2025-01-31"}
    assert main(files(tmp_path, turned(OFF), {"correction": old})) == 0
    correction = json.loads((tmp_path / "new.json").read_text())["points"][0]["correction"]
    assert correction["ratio"] == pytest.approx(1.0403, abs=1e-5)
    assert correction["degrees"] == pytest.approx(0.2 + math.degrees(0.01), abs=1e-3)
    (tmp_path / "site.json").write_bytes((tmp_path / "new.json").read_bytes())
    again = [f"{tmp_path}/{name}" for name in ("pairs.toml", "site.json", "new.json")]
    assert main(["correct", "--pairs", again[0], "--site", again[1], "--out", again[2]]) == 2
    assert "the pairs were measured with" in capsys.readouterr().err
    old["ratio"] = 1.08
    assert main(files(tmp_path, turned(OFF), {"correction": old})) == 2
    assert "with the correction of 2025-01-31 the CT is off by 1.112" in capsys.readouterr().err


def test_the_document_is_refused_where_it_is_wrong(tmp_path, capsys):
    words = files(tmp_path, turned(OFF))
    (tmp_path / "site.json").write_text("{")
    assert main(words) == 2
    assert "not JSON" in capsys.readouterr().err
