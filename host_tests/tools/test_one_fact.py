"""One fact, one place: a const does not fold across files, so viper code repeats some. The sources
are read here, and each repetition is compared with the fact, which is docs/a-bus.md's or that of
the module that owns it.
"""

import ast
import math
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


def constants(module):
    """The numbers that a module gives names to, const() or not."""
    names = {}
    for node in ast.parse((FIRMWARE / module).read_text()).body:
        if not isinstance(node, ast.Assign):
            continue
        value = node.value
        if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "const":
            value = value.args[0]
        try:
            code = compile(ast.Expression(value), module, "eval")
            result = eval(code, {"__builtins__": {"range": range}}, names)
        except (NameError, TypeError):
            continue  # no number
        target = node.targets[0]
        if isinstance(target, ast.Tuple) and len(target.elts) == len(tuple(result)):
            names |= {name.id: one for name, one in zip(target.elts, result, strict=True)}
        elif isinstance(target, ast.Name):
            names[target.id] = result
    return names


def table(module, name):
    """The literal to which a module gives this name."""
    for node in ast.parse((FIRMWARE / module).read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{module} has no {name}")


# What is a fact, and by which names it is repeated.
FACTS = {
    ("site/sampling.py", "SAMPLE_RATE"): [
        ("measure/oscillator.py", "_SAMPLE_RATE"),
        ("measure/power_events.py", "_RATE"),
    ],
    ("site/sampling.py", "BLOCK"): [
        ("measure/oscillator.py", "_BLOCK"),
        ("measure/line_voltages.py", "_BLOCK"),
        ("measure/phantom_voltages.py", "_BLOCK"),
    ],
    ("a_bus/cycle.py", "GAP"): [("a_bus/collect.py", "_GAP")],
    ("a_bus/frame.py", "_START"): [
        ("a_bus/collect.py", "_START"),
        ("a_bus/receive.py", "_START"),
    ],
    ("b_bus/manner.py", "BAUD"): [("a_bus/misplaced.py", "_BAUD")],
    ("a_bus/frame.py", "HEADER_BYTES"): [("a_bus/collect.py", "_HEADER_BYTES")],
    ("a_bus/frame.py", "TIMING_BYTES"): [("a_bus/collect.py", "_TIMING_BYTES")],
    ("a_bus/frame.py", "SECTION_BYTES"): [("a_bus/collect.py", "_SECTION_BYTES")],
    ("a_bus/frame.py", "TIMING_FLAG"): [("a_bus/collect.py", "_TIMING_FLAG")],
    ("a_bus/frame.py", "HEAD"): [("a_bus/collect.py", "_HEAD")],
    ("a_bus/frame.py", "DATA"): [("a_bus/frame.py", "_DATA")],
    ("a_bus/frame.py", "NODATA"): [("a_bus/frame.py", "_NODATA")],
    ("a_bus/frame.py", "ASSIGN"): [("a_bus/frame.py", "_ASSIGN")],
    ("a_bus/frame.py", "SEARCH"): [("a_bus/frame.py", "_SEARCH")],
    ("a_bus/frame.py", "FOUND"): [("a_bus/frame.py", "_KINDS")],
    ("a_bus/frame.py", "ADDRESS"): [("a_bus/collect.py", "_ADDRESS")],
    ("a_bus/frame.py", "ARGUMENT"): [("a_bus/collect.py", "_ARGUMENT")],
    ("a_bus/frame.py", "BLOCK"): [("a_bus/collect.py", "_FRAME_BLOCK")],
    ("a_bus/frame.py", "BODY"): [("a_bus/collect.py", "_BODY")],
    ("a_bus/frame.py", "BAD_SECTIONS"): [("a_bus/collect.py", "_BAD_SECTIONS")],
    ("measure/oscillator.py", "WINDOW"): [("measure/harmonics.py", "_WINDOW")],
    ("measure/oscillator.py", "OFFSET"): [("measure/power_events.py", "_OFFSET")],
    ("measure/oscillator.py", "FILL_PHASE"): [
        ("measure/harmonics.py", "_FILL_PHASE"),
        ("measure/power_events.py", "_FILL_PHASE"),
    ],
    ("measure/oscillator.py", "FILL_STEP"): [
        ("measure/harmonics.py", "_FILL_STEP"),
        ("measure/power_events.py", "_FILL_STEP"),
    ],
    ("measure/oscillator.py", "_ENTRIES"): [("measure/harmonics.py", "_ENTRIES")],
    ("measure/oscillator.py", "_QUARTER"): [("measure/harmonics.py", "_QUARTER")],
    ("measure/oscillator.py", "_ENTRY_SHIFT"): [("measure/harmonics.py", "_ENTRY_SHIFT")],
    ("measure/oscillator.py", "UNIT"): [("measure/harmonics.py", "_UNIT")],
    ("measure/oscillator.py", "_PART"): [
        ("metering.py", "_PART"),
        ("measure/harmonics.py", "_PART"),
        ("measure/power_events.py", "_PART"),
    ],
    ("measure/oscillator.py", "_FIRST"): [("measure/kernel.py", "_FIRST")],
    ("measure/oscillator.py", "_SECOND"): [("measure/kernel.py", "_SECOND")],
    ("measure/oscillator.py", "_WAVE"): [("measure/kernel.py", "_WAVE")],
    ("measure/oscillator.py", "_ROW_BYTES"): [
        ("measure/kernel.py", "_ROW_BYTES"),
        ("measure/power_events.py", "_ROW_BYTES"),
    ],
    ("measure/oscillator.py", "_PHASE_BYTES"): [
        ("measure/products.py", "_PHASE_BYTES"),
        ("measure/power_events.py", "_ROWS_BYTES"),
    ],
    ("measure/oscillator.py", "ROW_WORDS"): [("measure/kernel.py", "_ROW")],
    ("metering.py", "_SUMS_BYTES"): [
        ("measure/kernel.py", "_SUMS_BYTES"),
        ("measure/oscillator.py", "_SUMS_BYTES"),
    ],
    ("metering.py", "WORDS"): [("measure/oscillator.py", "_SUMS")],
    ("measure/quantities.py", "COUNTS_AT_PEAK"): [("measure/saturation.py", "_FULL")],
    ("energy/intervals.py", "QUARTER"): [("journal/minutes.py", "_QUARTER")],
    ("cloud/subscriptions.py", "_REFUSED"): [("cloud/acceptance.py", "_REFUSED")],
    ("cloud/uplink.py", "_STEADY_S"): [
        ("cloud/renewal.py", "_STEADY_S"),
        ("cloud/uplink_troubles.py", "_STEADY_S"),
    ],
    ("hotspot/own_key.py", "_FACTORY"): [("panel/factory_reset.py", "_FACTORY")],
    ("measure/kernel.py", "_PLAN"): [("metering.py", "_PLAN")],
    ("measure/kernel.py", "_PLAN_BYTES"): [("measure/saturation.py", "_PLAN_BYTES")],
    ("measure/kernel.py", "_PEAK"): [("measure/saturation.py", "_PEAK")],
    ("measure/kernel.py", "_VI"): [("measure/products.py", "_VI")],
    ("measure/kernel.py", "_VI_HIGH"): [("measure/products.py", "_VI_HIGH")],
    ("metering.py", "N"): [("measure/kernel.py", "_N"), ("measure/oscillator.py", "_N")],
    ("metering.py", "_MISSING"): [("measure/kernel.py", "_MISSING")],
    ("metering.py", "_A_HIGH"): [
        ("measure/kernel.py", "_A_HIGH"),
        ("measure/oscillator.py", "_A_HIGH"),
    ],
    ("metering.py", "_B_HIGH"): [
        ("measure/kernel.py", "_B_HIGH"),
        ("measure/oscillator.py", "_B_HIGH"),
    ],
    ("metering.py", "IMPORT"): [("metering.py", "_IMPORT")],
    ("metering.py", "EXPORT"): [("metering.py", "_EXPORT")],
    ("metering.py", "QUADRANT"): [("metering.py", "_QUADRANT")],
    ("metering.py", "SQUARE"): [("metering.py", "_SQUARE")],
    ("metering.py", "COUNT"): [("metering.py", "_COUNT")],
    ("metering.py", "MISSED"): [("metering.py", "_MISSED")],
    ("metering.py", "FOLLOWED"): [("metering.py", "_FOLLOWED")],
}


@pytest.mark.parametrize(("fact", "repeated"), FACTS.items(), ids=str)
def test_what_is_repeated_is_the_same(fact, repeated):
    module, name = fact
    value = constants(module)[name]
    assert {place: constants(place[0])[place[1]] for place in repeated} == {
        place: value for place in repeated
    }


def test_sampling_and_points_are_the_protocols():
    text = (FIRMWARE.parent / "docs" / "a-bus.md").read_text()
    known = constants("site/sampling.py")
    assert f"sampled {known['SAMPLE_RATE']} times a second" in text
    assert f"A *block* is {known['BLOCK']} consecutive samples (20 ms)" in text
    assert known["BLOCK_US"] * known["SAMPLE_RATE"] == known["BLOCK"] * 1000000
    most = constants("site/devices.py")["MAX_POINTS"]
    assert f"1 head and up to {most} measuring points" in text


def test_the_weight_of_energy_follows_from_the_scales():
    volt, ampere = 0.015, 1.5 * math.sqrt(2) / 32767  # docs/a-bus.md section 2, of a CT rated 1 A
    weight = volt * ampere / constants("site/sampling.py")["SAMPLE_RATE"] * 2**60
    assert constants("energy/registers.py")["_WEIGHT"] == round(weight)


def test_articles_of_which_a_ct_may_be_are_those_of_a_site():
    """The catalogue is not kept in memory: what is judged has a part of it."""
    known = table("site/schemes.py", "CTS")
    articles = table("commission/ct_types.py", "ARTICLES")
    assert all(known[article][0] == rated for rated, article in articles)
    kinds = {(rated, article[:7]) for rated, article in articles}
    assert kinds == {
        (rated, article[:7])
        for article, (rated, _) in known.items()
        if article not in ("AC-CT-S-50A", "SOLID-CORE")  # as AC-CT-50A; built in
    }
