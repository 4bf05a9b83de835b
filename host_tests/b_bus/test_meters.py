"""Meters of other makers: the shipped profiles beside the makers' registers, and what a profile
can say (docs/b-bus.md section 8)."""

from __future__ import annotations

import json
import math
import struct

import pytest
from gateway_host.errors import UserError
from gateway_host.sim.b_bus_house import PROFILES as MAPS_FOLDER
from gateway_host.sim.b_meters import ProfileMeter
from gateway_host.sim.house_file import load_house
from gateway_host.sim.loads import Profile
from gateway_host.sim.modbus_line import Refused, check_sum
from in_interpreter import succeed
from meter_maps import AMPERES, APPARENT, MAPS, VARS, VOLTS, WATTS, Mapped
from test_bus_b import HEAD, Run


def meter_table(profile, unit=2, power=3600, phases=("L1",), name="M", **more):
    fields = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
    return (
        f'[[meter]]\nname = "{name}"\nunit = {unit}\nprofile = "{profile}"\nload = "{name}"\n'
        f"power = {json.dumps(power)}\nphases = {json.dumps(list(phases))}\n{fields}"
    )


def phases_of(count):
    return ("L1", "L2", "L3")[:count]


def rows(run, second=-1):
    """[W, var, VA, A, V, J imported, J exported, missed, factor] of each metered point."""
    return run.rounds[second]["metered"][1:]


# The shipped profiles


@pytest.mark.parametrize("name", MAPS)
def test_a_shipped_profile_reads_the_makers_registers(name, tmp_path):
    table = MAPS[name]
    slave = Mapped(2, table)

    def prepare(line):
        line.slaves[:] = [slave]

    head = HEAD.replace("[head]", 'scheme = "3x400+N"\n[head]')
    run = Run(
        tmp_path,
        meter_table(name, phases=phases_of(table.phases)),
        prepare,
        head=head,
        seconds=16,
    )
    assert run.last["errors"] == {} and run.last["advice"] == []
    assert max(count for _, count in slave.requests) <= table.limit
    assert len(rows(run)) == table.phases
    reactive = name != "iEM3155"
    factor = name != "DTSU666"  # holds one of its own
    for k, row in enumerate(rows(run)):
        assert row[0] == pytest.approx(WATTS[k], abs=0.06)
        assert row[4] == pytest.approx(VOLTS[k], abs=0.06)
        assert row[3] == pytest.approx(AMPERES[k], abs=0.006)
        assert row[1] == (pytest.approx(VARS[k], abs=0.06) if reactive else None)
        assert row[2] == pytest.approx(
            APPARENT[k] if reactive and factor else VOLTS[k] * AMPERES[k], 1e-3
        )
        assert row[8] == pytest.approx(WATTS[k] / APPARENT[k] if factor else 0.8, abs=0.002)
        assert not row[7]
    # Energies: from 2,000,000 kWh on, whose float has steps of 125 Wh; powers fill them.
    begun, ended = rows(run, 3), rows(run, 14)
    for k in range(table.phases):
        imported = ended[k][5] - begun[k][5]
        exported = ended[k][6] - begun[k][6]
        assert imported == pytest.approx(max(0, WATTS[k]) * 11, rel=0.1, abs=1)
        assert exported == pytest.approx(max(0, -WATTS[k]) * 11, rel=0.1, abs=1)


# What a profile can say

PLAIN = {
    "function": 4, "word_order": "high", "baud": 9600, "reply_ms": 200, "phases": 1,
    "registers": [
        {"quantity": "voltage", "phase": 1, "address": 0, "type": "float32", "unit": "V"},
        {"quantity": "current", "phase": 1, "address": 6, "type": "float32", "unit": "A"},
        {"quantity": "power", "phase": 1, "address": 12, "type": "float32", "unit": "W"},
        {"quantity": "import", "phase": 1, "address": 72, "type": "uint32", "unit": "Wh"},
    ],
}  # fmt: skip


def own(tmp_path, profile, prepare=None, seconds=12, count=1, power=3600, grid=True, **task):
    """A run with meters whose profile lies beside the house file. grid: whether the house's one
    CT, of 50 A, is the grid's."""
    (tmp_path / "own.json").write_text(json.dumps(profile))
    toml = "".join(
        meter_table("own", 21 + k, power, phases_of(profile["phases"]), name=f"M{k}")
        for k in range(count)
    )
    head = HEAD.replace("[head]", 'scheme = "3x400+N"\n[head]')
    if not grid:
        head = head.replace('role = "grid"', 'role = "circuit"\npower = 100')
    return Run(tmp_path, toml, prepare, head=head, seconds=seconds, **task)


def with_registers(*changes, **fields):
    """PLAIN with fields, and with what is changed in or added to its registers."""
    registers = [dict(entry) for entry in PLAIN["registers"]]
    for place, change in changes:
        if place is None:
            registers.append(change)
        else:
            registers[place] |= change
    return PLAIN | {"registers": registers} | fields


def works(run, watts=3600):
    """Whether all is measured, from the third second on."""
    assert run.device("M0")["state"] == "well", run.last["advice"]
    assert not run.last["advice"] and not run.last["errors"]
    for second in range(4, len(run.rounds)):
        assert rows(run, second)[0][0] == pytest.approx(watts, rel=1e-5)
    begun, ended = rows(run, 4)[0], rows(run)[0]
    seconds = len(run.rounds) - 5
    energy = ended[5] - begun[5]
    assert energy == pytest.approx(watts * seconds, abs=2 * 3600)
    assert ended[7] == begun[7]  # what was before its first answer is missing


SAYABLE = {
    "8E1": dict(parity="even"),
    "8O1": dict(parity="odd", baud=19200),
    "8N2": dict(stop_bits=2),
    "115200 baud": dict(baud=115200),
    "a pause of 60 ms": dict(pause_ms=60),
    "two registers at once": dict(max_registers=2),
    "gaps are refused": dict(gaps=False),
    "low word first": dict(word_order="low"),
}


@pytest.mark.parametrize("what", SAYABLE)
def test_a_profile_says_it_and_it_works(what, tmp_path):
    works(own(tmp_path, with_registers(**SAYABLE[what])))


@pytest.mark.parametrize("kind", ["int64", "uint64", "int32", "uint32", "float64"])
def test_energies_of_any_type(kind, tmp_path):
    works(own(tmp_path, with_registers((3, {"type": kind}))))


def test_word_orders_in_one_meter(tmp_path):
    works(own(tmp_path, with_registers((3, {"word_order": "low", "type": "int64"}))))


@pytest.mark.parametrize("lead", [b"\0", b"\xff", b"\xff\0\xff"])
def test_bytes_before_an_answer(lead, tmp_path):
    def prepare(line):
        line.slaves[0].lead = lead

    works(own(tmp_path, PLAIN, prepare))


def test_an_answer_after_more_than_a_second(tmp_path):
    def prepare(line):
        line.slaves[0].delay_us = (1_200_000, 1_200_000)

    profile = with_registers(reply_ms=1500, max_registers=80)
    run = own(tmp_path, profile, prepare, seconds=16)
    works(run)
    assert run.last["share"] < 90  # percent of a second: the round is longer than one


def test_what_the_profile_does_not_say_is_seen(tmp_path):
    """The same meters with a profile that is silent about it: none is taken wrongly."""

    def eight_e_one(line):
        line.slaves[0].parity = "E"

    def rests(line):
        line.slaves[0].rest_us = 80_000

    for prepare, changes in ((eight_e_one, {}), (rests, dict(max_registers=2))):
        run = own(tmp_path, with_registers(**changes), prepare, seconds=8)
        assert all(row[0] is None for second in range(8) for row in rows(run, second))
        assert run.last["advice"]


@pytest.mark.parametrize("kind", ["float32", "uint32"])
def test_a_wrong_word_order_is_named(kind, tmp_path):
    """230.5 V with its words exchanged is nothing, or far too much: nothing of it is believed."""

    def prepare(line):
        slave = line.slaves[0]
        words = slave._words
        slave._words = lambda register: words(register)[::-1]

    run = own(tmp_path, with_registers((0, {"type": kind})), prepare, seconds=8)
    assert all(row[0] is None for second in range(8) for row in rows(run, second))
    assert "word_order" in run.advice()["b_fault"]


# Units and scales that are wrong

WITH_ALL = with_registers(
    (None, {"quantity": "apparent", "phase": 1, "address": 18, "type": "float32", "unit": "VA"}),
    (None, {"quantity": "reactive", "phase": 1, "address": 24, "type": "float32", "unit": "var"}),
    (None, {"quantity": "factor", "phase": 1, "address": 30, "type": "float32", "unit": "1"}),
    (None, {"quantity": "frequency", "address": 70, "type": "float32", "unit": "Hz"}),
)
WITH_HERTZ = with_registers(
    (None, {"quantity": "frequency", "address": 70, "type": "float32", "unit": "Hz"})
)


def shown(**factors):
    """The meter holds values that are so many times what its profile says."""

    def prepare(line):
        slave = line.slaves[0]
        quantity = slave.quantity
        slave.quantity = lambda name, phase: quantity(name, phase) * factors.get(name, 1)

    return prepare


def without(*names, of=PLAIN):
    """A profile without what the meter has of these."""
    return of | {"registers": [one for one in of["registers"] if one["quantity"] not in names]}


POWERS = ("power", "apparent", "reactive")
# The profile, what the meter shows too large, W; the words that name it.
WRONG_UNITS = {
    "V as kV": (PLAIN, dict(voltage=1000), 3600, "its voltage cannot be"),
    "V as kV, frequency right": (WITH_HERTZ, dict(voltage=1000), 3600,
                                 "its voltage cannot be 230500 V"),
    "kV as V": (PLAIN, dict(voltage=0.001), 3600, "its voltage cannot be 0.2305 V"),
    "kV as V, nothing is used": (WITH_HERTZ, dict(voltage=0.001), 0,
                                 "its voltage cannot be 0.2305 V"),
    "0.1 V as 0.01 V": (PLAIN, dict(voltage=0.1), 3600, "its voltage cannot be 23.05 V"),
    "0.1 V as V": (WITH_HERTZ, dict(voltage=10), 3600, "its voltage cannot be 2305 V"),
    "W as kW": (PLAIN, dict(power=1000), 3600, "unit and scale of its power or current"),
    "kW as W": (PLAIN, dict(power=0.001), 3600, "unit and scale of its power or current"),
    "0.1 W as W": (PLAIN, dict(power=10), 3600, "unit and scale of its power or current"),
    "W as kW beside the rest": (WITH_ALL, dict(power=1000), 3600, "scale of its power in"),
    "all powers as kW": (WITH_ALL, dict.fromkeys(POWERS, 1000), 3600, "its power or current"),
    "all powers as W": (WITH_ALL, dict.fromkeys(POWERS, 0.001), 3600, "its power or current"),
    "A as mA": (PLAIN, dict(current=0.001), 3600, "its power or current"),
    "mA as A": (PLAIN, dict(current=1000), 2300, "its power or current"),
    "mA as A beside the rest": (WITH_ALL, dict(current=1000), 2300, "its power or current"),
    "mA as A, beyond 20 kA": (PLAIN, dict(current=1000), 36000, "its current cannot be"),
    "VA as kVA": (WITH_ALL, dict(apparent=1000), 3600, "its apparent power in"),
    "kVA as VA": (WITH_ALL, dict(apparent=0.001), 3600, "its apparent power in"),
    "var as kvar": (WITH_ALL, dict(reactive=1000), 3600, "its reactive power in"),
    "factor in percent": (WITH_ALL, dict(factor=100), 3600, "its power factor cannot be 80"),
    "0.01 Hz as Hz": (WITH_HERTZ, dict(frequency=100), 3600, "its frequency cannot be 5001 Hz"),
    "Hz as kHz": (WITH_HERTZ, dict(frequency=0.001), 3600, "its frequency cannot be 0.05001 Hz"),
    "exporting": (PLAIN, dict(power=1000), -3600, "its power or current"),
    "W as kW, no voltage": (without("voltage"), dict(power=1000), 30, "its power or current"),
    "kW as W, no voltage": (without("voltage"), dict(power=0.001), 3600, "its power or current"),
    "W as kW beside VA alone": (without("voltage", "current", of=WITH_ALL), dict(power=1000), 20,
                                "its power or apparent power"),
    "kW as W beside VA alone": (without("voltage", "current", of=WITH_ALL), dict(power=0.001,
                                reactive=0.001), 3600, "its power or apparent power"),
    "var as kvar beside VA alone": (without("voltage", "current", of=WITH_ALL),
                                    dict(reactive=1000), 3600, "its reactive power in"),
    "W as kW and nothing else": (without("voltage", "current", "import"), dict(power=1000), 3600,
                                 "its power of 3.6e+06 W is more than the grid's CTs are for"),
    "both as kilo": (without("voltage", "current"), {"power": 1000, "import": 1000}, -3600,
                     "its power of -3.6e+06 W is more than the grid's CTs are for"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_UNITS)
def test_a_wrong_unit_is_named(case, tmp_path):
    profile, factors, power, words = WRONG_UNITS[case]
    run = own(tmp_path, profile, shown(**factors), seconds=10, power=power)
    [(name, text)] = run.last["advice"]
    assert (name, text[:4]) == ("b_fault", "M0: ") and words in text and "profile" in text


def test_a_wrong_unit_of_one_phase_is_named(tmp_path):
    def prepare(line):
        slave = line.slaves[0]
        words = slave._words
        wrong = {"scale": 1000}
        slave._words = lambda register: words(
            register | wrong if register["quantity"] == "voltage" and register["phase"] == 2
            else register
        )  # fmt: skip

    profile = json.loads((MAPS_FOLDER / "SDM630.json").read_text()) | {"baud": 9600}
    run = own(tmp_path, profile, prepare, seconds=12, power=9000)
    assert "M0: its voltage of L2 cannot be 0.2305 V" in run.advice()["b_fault"]


@pytest.mark.parametrize("factor, words, watts", [(1000, "more", 3600), (0.001, "less", 3.6e6)])
@pytest.mark.parametrize("sign, name", [(1, "import"), (-1, "export"), (1, "net"), (-1, "net")])
def test_a_wrong_unit_of_a_counter_is_named(factor, words, watts, sign, name, tmp_path):
    power = sign * watts
    profile = with_registers((3, {"quantity": name, "type": "int32"}))
    run = own(tmp_path, profile, shown(**{name: factor}), seconds=24, power=power, grid=False)
    assert f"its counter of {name} counts far {words}" in run.advice()["b_fault"]


def capacitor(quantity):
    """10 A that lead by nearly 90 degrees."""
    values = {"voltage": 230.5, "current": 10.0, "power": 3.0, "reactive": -2305.0}
    values |= {"apparent": 2305.0, "factor": 0.0013, "import": 7000.0}
    return lambda name, phase: values.get(name, quantity(name, phase))


def with_a_dead_phase(quantity):
    dead = {"voltage": 3.1, "current": 0.0, "power": 0.0, "apparent": 0.0, "reactive": 0.0}
    return lambda name, phase: dead.get(name, 0) if phase == 2 else quantity(name, phase)


def small(quantity):
    """Less than the last digit of the current."""
    values = {"current": 0.0, "power": 18.0, "apparent": 22.0, "reactive": 12.0, "import": 7000.0}
    return lambda name, phase: values.get(name, quantity(name, phase))


def on_its_own_supply(quantity):
    """The mains are off, the meter has another supply."""
    off = {"voltage": 2.5, "current": 0.0, "power": 0.0, "apparent": 0.0, "reactive": 0.0}
    off["import"] = 7000.0
    return lambda name, phase: off.get(name, quantity(name, phase))


def between_lines(quantity):
    return lambda name, phase: 400.0 if name == "voltage" else quantity(name, phase)


def medium_voltage(quantity):
    """57.7 V and 1 A of its transformers."""
    values = {"voltage": 57.7, "current": 1.0, "power": 50.0, "apparent": 57.7, "reactive": 29.0}
    values["import"] = 7000.0
    return lambda name, phase: values.get(name, quantity(name, phase))


def coarse(quantity):
    """Its counter goes on by whole kWh."""
    return lambda name, phase: (
        quantity(name, phase) // 1000 * 1000 if name == "import" else quantity(name, phase)
    )


@pytest.mark.parametrize("other", [capacitor, with_a_dead_phase, small, on_its_own_supply,
                                   between_lines, medium_voltage, coarse])  # fmt: skip
def test_what_can_be_is_no_wrong_unit(other, tmp_path):
    def prepare(line):
        slave = line.slaves[0]
        slave.quantity = other(slave.quantity)

    profile = json.loads((MAPS_FOLDER / "SDM630.json").read_text()) | {"baud": 9600}
    run = own(tmp_path, profile, prepare, seconds=20, power=9000)
    assert run.last["advice"] == []


def unknown(*names):
    """A meter that has no numbers for these."""
    return lambda quantity: (
        lambda name, phase: math.nan if name in names else quantity(name, phase)
    )


def test_a_power_that_is_not_available_is_named(tmp_path):
    def prepare(line):
        slave = line.slaves[0]
        slave.quantity = unknown("voltage", "current", "power")(slave.quantity)

    run = own(tmp_path, PLAIN, prepare, seconds=10)
    assert "M0: its power is not available" in run.advice()["b_fault"]
    assert all(row[0] is None for second in range(10) for row in rows(run, second))


def test_a_phase_that_nobody_measures_with_may_be_unknown(tmp_path):
    """Some meters have no number for a phase that is not connected."""

    def prepare(line):
        slave = line.slaves[0]
        quantity = slave.quantity
        slave.quantity = lambda name, phase: math.nan if phase == 3 else quantity(name, phase)

    (tmp_path / "own.json").write_text(json.dumps(three_phases()))
    toml = meter_table("own", 21, 5000, phases_of(2), name="M0")
    head = HEAD.replace("[head]", 'scheme = "3x400+N"\n[head]')
    run = Run(tmp_path, toml, prepare, head=head, seconds=10)
    assert run.last["advice"] == []


def until(end_s, **factors):
    """So long the meter holds values that are so many times what its profile says; nan: none."""

    def prepare(line):
        slave = line.slaves[0]
        quantity = slave.quantity
        slave.quantity = lambda name, phase: (
            quantity(name, phase) * (factors.get(name, 1) if slave.now < end_s else 1)
        )

    return prepare


POWER_ALONE = without("voltage", "current")
WITH_HERTZ_ALONE = without("voltage", "current", of=WITH_HERTZ)
OVER = {
    "no power": (POWER_ALONE, dict(power=math.nan), 2000, "its power is not available"),
    "no power and no load": (PLAIN, dict(power=math.nan), 0, "its power is not available"),
    "beyond its range": (POWER_ALONE, dict(power=1e6), 2000, "its power cannot be 2e+09 W"),
    "a frequency": (WITH_HERTZ_ALONE, dict(frequency=0.001), 2000,
                    "its frequency cannot be 0.05001 Hz"),
    "a frequency beyond its range, no load": (WITH_HERTZ, dict(frequency=100), 0,
                                              "its frequency cannot be 5001 Hz"),
    "volts, no load": (WITH_HERTZ, dict(voltage=0.001), 0, "its voltage cannot be 0.2305 V"),
}  # fmt: skip


@pytest.mark.parametrize("case", OVER)
def test_what_is_over_is_not_named_any_more(case, tmp_path):
    """Also where no load says that all fits."""
    profile, factors, power, words = OVER[case]
    run = own(tmp_path, profile, until(12, **factors), seconds=16, power=power)
    assert words in run.advice(10)["b_fault"] and not run.advice()


def test_what_cannot_be_together_is_named_until_a_load_says_otherwise(tmp_path):
    power = [[10, 3600], [6, 0], [10, 3600]]
    run = own(tmp_path, PLAIN, until(14, power=1000), seconds=22, power=power)
    for second in (9, 15):
        assert "its power or current" in run.advice(second)["b_fault"]
    assert not run.advice()


def test_an_apparent_power_may_have_the_sign_of_the_power(tmp_path):
    """Its amount is what is given, and the power factor has the power's sign."""
    run = own(tmp_path, without("factor", of=WITH_ALL), shown(apparent=-1), 12, power=-5000)
    assert not run.last["advice"]
    assert rows(run)[0][2] == pytest.approx(6250) and rows(run)[0][8] == pytest.approx(-0.8)


@pytest.mark.parametrize("power, named", [(5800, True), (0, False)])
def test_a_converter_that_answers_from_its_memory_is_named(power, named, tmp_path):
    kept = {}

    def prepare(line):
        hear = line.slaves[0].hear

        def answer(time, frame):
            said = hear(time, frame)
            return kept.setdefault(frame, said) if said else None

        line.slaves[0].hear = answer

    run = own(tmp_path, PLAIN, prepare, seconds=330, power=power)
    assert not run.advice(290)
    assert ("values do not change at all" in run.advice().get("b_fault", "")) == named


def test_an_answer_with_another_function_is_not_one_behind(tmp_path):
    def prepare(line):
        hear = line.slaves[0].hear

        def answer(time, frame):
            said = hear(time, frame)
            if said is None:
                return None
            said = said[:1] + b"\3" + said[2:-2]
            return said + check_sum(said)

        line.slaves[0].hear = answer

    run = own(tmp_path, PLAIN, prepare, seconds=8)
    assert "b_behind" not in run.advice() and "b_damaged" in run.advice()


def test_loads_that_switch_between_two_requests_are_no_wrong_unit(tmp_path):
    """3 kW for half a second, again and again: current and power are of different moments."""
    profile = with_registers(gaps=False, pause_ms=70)
    run = own(tmp_path, profile, seconds=60, power=[[0.37, 9000], [0.41, 0]])
    assert all(one["advice"] == [] for one in run.rounds)


# A converter that gives each request the answer to the one before


def one_behind(line, begins=0.0, ends=1e12):
    """From `begins` on (us) until `ends` each answer is that to the request before; then the
    converter starts anew, which takes two seconds."""
    kept = []

    def behind(hear):
        def answer(time, frame):
            own = hear(time, frame)
            if own is None or not begins <= time < ends + 2e6:
                return own
            if time >= ends:
                return None
            kept.append(own)
            return kept.pop(0) if len(kept) > 1 else None

        return answer

    for slave in line.slaves:
        slave.hear = behind(slave.hear)


def phase_by_phase(phases, *more, of=("voltage", "current", "power"), step=20, **fields):
    """Each phase's values lie alike, each phase in a request of its own."""
    units = {"voltage": "V", "current": "A", "power": "W", "frequency": "Hz"}
    registers = [
        {"quantity": name, "phase": k + 1, "address": step * k + 2 * j, "type": "float32",
         "unit": units[name]}
        for k in range(phases) for j, name in enumerate(of)
    ]  # fmt: skip
    fields = {"gaps": False, "max_registers": 2 * len(of)} | fields
    return PLAIN | {"phases": phases, "registers": registers + list(more)} | fields


VOLTS_LAST = [
    {"quantity": "voltage", "phase": k + 1, "address": 60 + 2 * k, "type": "float32", "unit": "V"}
    for k in range(3)
]
BEHIND = {
    "phases that lie alike": phase_by_phase(3),
    "two of them": phase_by_phase(2),
    "powers, then voltages, one by one": phase_by_phase(3, *VOLTS_LAST, of=("power",), step=2),
    "the last two of one length": phase_by_phase(3, of=("voltage", "power"), step=14) | {
        "registers": phase_by_phase(3, of=("voltage", "power"), step=14)["registers"][1:]
    },
    "several lengths": with_registers((3, {"type": "uint64"}), gaps=False),
    "one length": with_registers(gaps=False),
    "one length, no voltage": with_registers((0, {"quantity": "frequency", "unit": "Hz"}),
                                             gaps=False),
    "two by two": with_registers(max_registers=2),
    "SDM630": json.loads((MAPS_FOLDER / "SDM630.json").read_text()) | {"baud": 9600},
    "EM24": json.loads((MAPS_FOLDER / "EM24.json").read_text()),
    "iEM3155": json.loads((MAPS_FOLDER / "iEM3155.json").read_text()),
}  # fmt: skip


SHARES = (1, 1.2, 0.8)  # of what each phase has in the house


def unlike(then):
    """Each phase has another power."""

    def prepare(line):
        slave = line.slaves[0]
        quantity = slave.quantity
        slave.quantity = lambda name, phase: (
            quantity(name, phase)
            * (SHARES[phase - 1] if phase and name not in ("voltage", "frequency") else 1)
        )
        then(line)

    return prepare


@pytest.mark.parametrize("case", BEHIND)
def test_answers_to_the_request_before_are_never_taken(case, tmp_path):
    run = own(tmp_path, BEHIND[case], unlike(one_behind), seconds=40, power=5400)
    assert all(row[0] is None for second in range(40) for row in rows(run, second))
    assert all(row[5:7] == [0, 0] for row in rows(run))
    assert "each answer of M0 is that to the request before" in run.advice()["b_behind"]


@pytest.mark.parametrize("offset", [0.0, 0.1e6, 0.2e6, 0.3e6, 0.4e6])
@pytest.mark.parametrize("case", BEHIND)
def test_a_converter_that_gets_behind_and_is_restarted(case, offset, tmp_path):
    """What is shown is right or unknown, all the time, whenever in its reads it begins."""
    begins, ends = 8e6 + offset, 40e6 + offset
    prepare = unlike(lambda line: one_behind(line, begins, ends))
    run = own(tmp_path, BEHIND[case], prepare, 80, power=5400)
    phases = BEHIND[case]["phases"]
    volts = any(one["quantity"] == "voltage" for one in BEHIND[case]["registers"])
    for second in range(4, 80):
        for row, share in zip(rows(run, second), SHARES, strict=False):
            power = 5400 / phases * share
            assert row[0] is None or row[0] == pytest.approx(power, rel=1e-3)
            assert row[4] is None or not volts or row[4] == pytest.approx(230.5, rel=1e-3)
            assert row[5] < power * second + 4000
    assert rows(run, 7)[0][0] and rows(run, 30)[0][0] is None and rows(run)[0][0]
    assert "b_behind" in run.advice(30) and not run.last["advice"]


@pytest.mark.parametrize("code", [4, 6, 11])
def test_what_has_become_of_the_last_request_is_no_refusal_of_the_closing_one(code, tmp_path):
    """A converter that is one answer behind has lost the request before, or the meter was busy:
    the first phase's values would be the second's."""

    def prepare(line):
        slave = line.slaves[0]
        read = slave.read_words

        def lost(function, address, count):
            if address == 40 and count == 6 and slave.now >= 8:
                raise Refused(code)
            return read(function, address, count)

        slave.read_words = lost
        one_behind(line, 8e6)

    run = own(tmp_path, phase_by_phase(3), unlike(prepare), seconds=30, power=5400)
    for second in range(4, 30):
        for row, share in zip(rows(run, second), SHARES, strict=True):
            assert row[0] is None or row[0] == pytest.approx(1800 * share)
    assert rows(run, 7)[0][0] and rows(run)[0][0] is None


def test_a_meter_that_refuses_to_be_read_in_part_works(tmp_path):
    """What is read last, to see whose answers they are, is a part of what is read first."""

    def prepare(line):
        slave = line.slaves[0]
        read = slave.read_words

        def whole(function, address, count):
            if count < 6:
                raise Refused(3)
            return read(function, address, count)

        slave.read_words = whole

    run = own(tmp_path, phase_by_phase(3), prepare, seconds=12, power=5400)
    assert not run.last["advice"] and all(row[0] == pytest.approx(1800) for row in rows(run))


def test_a_meter_with_one_request_is_one_read_late(tmp_path):
    """That is all that happens: nothing is taken for something else."""
    run = own(tmp_path, PLAIN, one_behind, seconds=20, power=[[10, 3600], [10, 7200]])
    assert rows(run, 9)[0][0] == pytest.approx(3600)
    assert rows(run)[0][0] == pytest.approx(7200) and not run.last["advice"]


def test_two_meters_behind_a_converter_that_is_behind(tmp_path):
    """Each gets the other's answers, which have its unit number."""
    run = own(tmp_path, PLAIN, one_behind, seconds=30, count=2)
    assert all(row[0] is None for second in range(30) for row in rows(run, second))
    assert "request before" in run.advice()["b_behind"]


@pytest.mark.parametrize("code, say", [(2, "right kind"), (6, "busy"), (11, "behind the adapter")])
def test_a_refusal_has_the_remedy_of_its_cause(code, say, tmp_path):
    def refuse(*_):
        raise Refused(code)

    def prepare(line):
        line.slaves[0].read_words = refuse

    run = own(tmp_path, PLAIN, prepare, seconds=8)
    assert all(row[0] is None for second in range(8) for row in rows(run, second))
    assert say in run.advice()["b_refuses"]


def test_a_meter_that_was_never_heard_may_have_other_settings(tmp_path):
    def prepare(line):
        line.slaves[0].baud = 19200

    run = own(tmp_path, PLAIN, prepare, seconds=8)
    assert "its unit number, speed and parity" in run.advice()["b_missing"]


def test_two_meters_with_one_unit_number_are_named(tmp_path):
    def prepare(line):
        meter = line.slaves[0]
        line.slaves.append(ProfileMeter(meter.unit, PLAIN, Profile([(1.0, 9999.0)])))

    run = own(tmp_path, PLAIN, prepare, seconds=8)
    assert all(row[0] is None for second in range(8) for row in rows(run, second))
    assert "another device has its unit number" in run.advice()["b_damaged"]


# Energy


def three_phases(*energies, **fields):
    registers = [
        {"quantity": "power", "phase": k + 1, "address": 2 * k, "type": "float32", "unit": "W"}
        for k in range(3)
    ]
    return PLAIN | {"phases": 3, "registers": registers + list(energies)} | fields


def total(quantity, address, unit="kWh", scale=0.1, kind="uint32", **more):
    entry = {"quantity": quantity, "address": address, "type": kind, "unit": unit, "scale": scale}
    return entry | more


ENERGIES = {
    "a total": [total("import", 20), total("export", 30)],
    "a net total": [total("net", 20, kind="int32")],
    "none": [],
    "import of each phase, export of all": [
        *(total("import", 20 + 4 * k, phase=k + 1, scale=0.001) for k in range(3)),
        total("export", 60),
    ],
}


@pytest.mark.parametrize("what", ENERGIES)
@pytest.mark.parametrize("power", [36000, -7200])
def test_three_phases_have_energy_whatever_the_meter_counts(what, power, tmp_path):
    run = own(tmp_path, three_phases(*ENERGIES[what]), seconds=40, power=power)
    begun, ended = rows(run, 5), rows(run)
    for k in range(3):
        joules = [ended[k][5 + d] - begun[k][5 + d] for d in (0, 1)]
        right, other = joules if power > 0 else joules[::-1]
        assert other == 0
        assert right == pytest.approx(abs(power) / 3 * 34, rel=0.1)
    assert not run.last["advice"] and not run.last["errors"]


def test_a_counter_rules_over_the_power(tmp_path):
    """The meter shows half of what it counts: in the end it is what it counts."""

    def prepare(line):
        slave = line.slaves[0]
        quantity = slave.quantity
        slave.quantity = lambda name, phase: (
            quantity(name, phase) * (0.5 if name == "power" else 1)
        )

    run = own(tmp_path, three_phases(total("import", 20, "Wh", 1)), prepare, 40, power=36000)
    counted = sum(row[5] for row in rows(run)) - sum(row[5] for row in rows(run, 5))
    assert counted == pytest.approx(36000 * 34, rel=0.04)


@pytest.mark.parametrize("kind,scale", [("float32", 1), ("int32", 0.01), ("int64", 0.001)])
def test_a_counter_of_two_million_kilowatt_hours_counts(kind, scale, tmp_path):
    def prepare(line):
        slave = line.slaves[0]
        quantity = slave.quantity
        slave.quantity = lambda name, phase: quantity(name, phase) + 2.1e9 * (name == "import")

    entry = {"type": kind, "unit": "kWh", "scale": scale}
    run = own(tmp_path, with_registers((3, entry)), prepare, 30, power=3.6e6)
    joules = rows(run)[0][5] - rows(run, 5)[0][5]
    assert joules == pytest.approx(3.6e6 * 24, rel=0.06)
    assert not run.last["errors"]


def test_a_net_register_that_goes_down_is_export(tmp_path):
    entry = {"quantity": "net", "type": "int32", "scale": 1}
    run = own(tmp_path, with_registers((3, entry)), seconds=30, power=[[15, 36000], [15, -36000]])
    row = rows(run)[0]
    assert row[5] == pytest.approx(36000 * 14, rel=0.1)
    assert row[6] == pytest.approx(36000 * 14, rel=0.15)
    assert not run.last["errors"] and not run.last["advice"]


def test_an_import_register_that_goes_down_is_named(tmp_path):
    def prepare(line):
        slave = line.slaves[0]
        quantity = slave.quantity
        slave.quantity = lambda name, phase: quantity("net" if name == "import" else name, phase)

    profile = with_registers((3, {"type": "int32"}))
    run = own(tmp_path, profile, prepare, 20, power=-36000)
    assert "goes down" in run.advice()["b_fault"]
    assert rows(run)[0][5] == 0


# Not available

NONE = [
    ("int16", 0x7FFF, []),
    ("int16", 0x8000, []),
    ("int16", 0xFFFF, ["FFFF"]),
    ("uint16", 0xFFFF, []),
    ("uint16", 0x8000, ["8000"]),
    ("int32", 0x80000000, []),
    ("int32", 0x7FFFFFFF, []),
    ("uint32", 0xFFFFFFFF, []),
    ("int64", 0x8000000000000000, []),
    ("uint64", 0xFFFFFFFFFFFFFFFF, []),
    ("float32", 0x7FC00000, []),
    ("float32", 0xFF800000, []),
    ("float32", 0xC61C3C00, ["C61C3C00"]),  # -9999
]


@pytest.mark.parametrize("kind,content,said", NONE)
@pytest.mark.parametrize("where", ["profile", "register"])
def test_what_is_not_available_is_null(kind, content, said, where, tmp_path):
    change = {"type": kind, "address": 100}
    fields = {}
    if said and where == "register":
        change["not_available"] = said
    elif said:
        fields["not_available"] = said

    def prepare(line):
        slave = line.slaves[0]
        words = slave._words

        def spoiled(register):
            found = words(register)
            if register["quantity"] == "current":
                size = len(found)
                return list(struct.unpack(f">{size}H", content.to_bytes(2 * size, "big")))
            return found

        slave._words = spoiled

    run = own(tmp_path, with_registers((1, change), **fields), prepare, seconds=5)
    row = rows(run)[0]
    assert row[3] is None and row[0] == pytest.approx(3600)


def test_a_counter_that_is_not_available_follows_the_power(tmp_path):
    """An ABB B23 whose model counts no export holds FFFFFFFFFFFFFFFF there."""

    def prepare(line):
        slave = line.slaves[0]
        words = slave._words
        slave._words = lambda register: (
            [0xFFFF] * 4 if register["quantity"] == "export" else words(register)
        )

    profile = three_phases(total("import", 20), total("export", 30, kind="uint64"))
    run = own(tmp_path, profile, prepare, 20, power=-36000)
    assert sum(row[6] for row in rows(run)) == pytest.approx(36000 * 18, rel=0.15)


# Many meters


@pytest.mark.parametrize("count", [10, 20, 36])
def test_many_meters_at_9600_baud_have_a_slower_round(count, tmp_path):
    """SDM630s; each is read in its turn, nothing is lost, memory is steady."""
    toml = "".join(
        meter_table("SDM630", 21 + k, 3 * 3600, ("L1",), name=f"M{k}") for k in range(count)
    )
    profile = json.loads((MAPS_FOLDER / "SDM630.json").read_text()) | {"baud": 9600}
    (tmp_path / "own.json").write_text(json.dumps(profile))
    head = HEAD.replace("[head]", 'scheme = "3x400+N"\n[head]')
    run = Run(tmp_path, toml.replace("SDM630", "own"), None, head=head, seconds=60, free=True)
    for k in range(count):
        assert run.device(f"M{k}")["state"] == "well"
        assert rows(run)[k][0] == pytest.approx(3600)
        joules = rows(run)[k][5] - rows(run, 29)[k][5]
        assert joules == pytest.approx(3600 * 30, rel=0.55)
    assert all(row[7] == rows(run, 29)[k][7] for k, row in enumerate(rows(run)))
    settled = [one["free"] for one in run.rounds[30:]]
    assert max(settled) - min(settled) < 4000
    assert not run.last["errors"] and not run.last["advice"]


# Profiles beside the house file


def test_an_unknown_profile_is_named_with_where_it_may_lie(tmp_path):
    house = tmp_path / "house.toml"
    house.write_text(HEAD + meter_table("mine"))
    with pytest.raises(UserError, match=r"mine\.json beside the house file.*SDM630"):
        load_house(house)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.json").write_text(json.dumps(PLAIN))
    assert load_house(house).b_bus.profiles == {"mine": PLAIN}


def test_the_simulated_meter_is_one_of_its_profile():
    assert ProfileMeter(9, PLAIN | {"parity": "even"}, None).parity == "E"


@pytest.mark.parametrize(
    "reads, counted",
    [
        ([5000, 0, 0, 0, 5003], 3),  # a meter that starts says 0 for a while
        ([5000, 0, 0, 1, 2, 5004], 4 + 2),  # what it counted from 0 is counted as well
        ([5000, 0, 0, 2, 4, 7], 7),  # reset, and stays so
        ([5000, 4000, 4001, 4002], 2),  # exchanged
    ],
)
def test_a_counter_that_falls_and_comes_back(reads, counted, bits):
    """Wh a second apart, by a meter that can take 20 MW: the jump back is no energy."""
    given = {"reads": list(enumerate(reads)), "net": False}
    assert int(succeed("add_watt_hours", given=given, bits=bits)) == counted


OFF = [
    (False, [[0, 5000], [900, 0], [901, 0], [902, 0], [903, 5003]], 3),
    (False, [[0, 5000], [900, 0], [901, 5003]], 3),
    (False, [[0, 5000], [900, 0], [901, 0], [1300, 5003]], 5003),  # long ago: it has begun anew
    (True, [[0, 5000], [1, 0], [2, 0], [3, 0], [4, 4996]], -4),
    (True, [[0, 5000], [900, 0], [901, 0], [902, 0], [903, 5003]], 3),
    (True, [[0, -5000], [900, 0], [901, 0], [902, -5003]], -3),
    (True, [[0, 5000], [1, 0], [2, 0], [3, 2], [4, -1]], -1),  # reset, and stays so
    (True, [[0, 3], [1, 0], [2, -2]], -5),
]


@pytest.mark.parametrize("net, reads, counted", OFF)
def test_a_meter_that_was_off_and_says_0_at_first(net, reads, counted, bits):
    """Also after a quarter of an hour, also of a counter that goes up and down."""
    given = {"reads": reads, "net": net}
    assert int(succeed("add_watt_hours", given=given, bits=bits)) == counted


def test_a_point_that_is_new_has_nothing_of_the_time_before():
    """A site that is applied while the meter is read: a phase had no point for two hours, another
    one has lost its point and gets it back an hour later. 1000 W each, the last second."""
    first, second, third = [0, 1], [1, 2], [2, 3]
    steps = [[1, [first, second]], [3600, [first]], [7200, [first, second, third]]]
    given = {"steps": steps, "unknown": 0}
    energies, fault = json.loads(succeed("move_meter_points", given=given))
    assert energies == [[pytest.approx(1000, abs=1), 0]] * 3
    assert "do not change at all" in fault


@pytest.mark.parametrize("when_s", [5, 9])  # before it is named, and behind that
@pytest.mark.parametrize("last, named", [([[0, 1]], False), ([[0, 1], [2, 3]], True)])
def test_a_phase_that_has_no_point_any_more_may_be_unknown(last, named, when_s):
    """And one that has a point from now on may not: a site that is applied."""
    first = [[0, 1], [2, 3]] if not named else [[0, 1]]
    given = {"steps": [[1, first], [when_s, last], [20, last]], "unknown": 3}
    _, fault = json.loads(succeed("move_meter_points", given=given))
    assert ("power of L3 is not available" in (fault or "")) == named
