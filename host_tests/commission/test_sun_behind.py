"""Where a current gives though its role consumes, or the other way round, nobody can know from
that alone: the sun is behind a circuit, an inverter charges or idles. Nothing is called wrong."""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.advise.run import WRONG
from watched import SECONDS, states

TIME = np.arange(SECONDS)
SKY = 3000 + 20 * np.sin(TIME / 50)
CLOUDS = np.where(TIME // 70 % 2, 3000, 1200)
FRIDGE = np.where(TIME // 100 % 2, 90 + 45j, 0)
BALCONY = 600 + 20 * np.sin(TIME / 50)
OVEN = np.where(TIME // 40 % 2, 2000, 0)
THREE = ("L1", "L2", "L3")
GRID = {"name": "Grid", "role": "grid"}
BARN = {"name": "Barn", "role": "circuit"}
SUN = {"name": "Sun", "role": "solar", "parent": "Barn"}
SOCKETS = {"name": "Sockets", "role": "circuit"}
HYBRID = {"name": "Hybrid", "role": "solar"}


def no_alarm(*site, **more):
    said = states(*site, **more)
    assert said
    return not any(WRONG in one for one in said)


@pytest.mark.parametrize("sun", [SKY, CLOUDS], ids=["clear", "clouds"])
def test_a_feed_with_declared_sun_behind_it(sun):
    points = [("L1", "Barn"), ("L1", "Sun")]
    assert no_alarm("1x230", [BARN, SUN], points, [400 - sun + 60j, -sun])
    powers = [700 - sun + 100j, 400 - sun + 60j, -sun]
    assert no_alarm("1x230", [GRID, BARN, SUN], [("L1", "Grid"), *points], powers)


def test_a_feed_of_three_phases_with_declared_sun_behind_it():
    points = [(phase, load) for load in ("Barn", "Sun") for phase in THREE]
    assert no_alarm("3x400+N", [BARN, SUN], points, [100 - SKY + 60j] * 3 + [-SKY] * 3)


def test_a_panel_without_points_between_the_feed_and_the_sun():
    shed = {"name": "Shed", "role": "circuit", "parent": "Barn"}
    loads = [BARN, shed, SUN | {"parent": "Shed"}]
    powers = [400 - SKY + 1j * FRIDGE.real, -SKY]
    assert no_alarm("1x230", loads, [("L1", "Barn"), ("L1", "Sun")], powers)


@pytest.mark.parametrize("rest", [80 + 20j, 20 + 20j + FRIDGE], ids=["steady", "fridge"])
@pytest.mark.parametrize("scheme", ["1x230", "3x400+N"])
def test_a_balcony_plant_that_is_not_in_the_site(rest, scheme):
    points = [("L1", "Sockets")]
    assert no_alarm(scheme, [SOCKETS], points, [rest - BALCONY])
    if scheme == "1x230":
        powers = [rest + 210 + 100j - BALCONY, rest - BALCONY]
        assert no_alarm(scheme, [GRID, SOCKETS], [("L1", "Grid"), *points], powers)


def test_a_feed_that_gives_at_many_power_factors():
    reactive = np.array([0, 500, 1000, 1600, 2400, -500])[TIME // 100]
    assert no_alarm("1x230", [BARN], [("L1", "Barn")], [-2500 + 1j * reactive], drop=0.02)


@pytest.mark.parametrize("scheme", ["1x230", "3x400+N"])
@pytest.mark.parametrize("power", [2500 + 60j, 45 - 40j, 35 - 30j, 60 - 100j, 9 - 75j])
def test_a_solar_inverter_that_charges_or_idles(scheme, power):
    assert no_alarm(scheme, [HYBRID], [("L1", "Hybrid")], [power])
    if scheme == "1x230":
        points = [("L1", "Grid"), ("L1", "Hybrid")]
        assert no_alarm(scheme, [GRID, HYBRID], points, [power + 300 + 90j, power])


def test_a_solar_inverter_of_three_phases_that_idles():
    points = [(phase, "Hybrid") for phase in THREE]
    for power in (9 - 120j, 45 - 40j):
        assert no_alarm("3x400+N", [HYBRID], points, [power] * 3)


def test_a_turned_ct_is_found_all_the_same():
    """By what the grid sees, and by the voltage that falls."""
    grid = 400 + 100j + OVEN
    loads = [GRID, {"name": "Oven", "role": "circuit"}]
    said = states("1x230", loads, [("L1", "Grid"), ("L1", "Oven")], [grid, -OVEN])
    assert (2, WRONG) in said or (1, WRONG) in said


def test_a_battery_that_switches_with_the_sun_and_twice_as_much():
    """What the grid sees is what a turned CT at the sun would show."""
    battery = {"name": "Battery", "role": "battery"}
    sun = -np.where(TIME // 30 % 2, 2000, 1000)
    stored = np.where(TIME // 30 % 2, 2000, 0)
    points = [("L1", "Grid"), ("L1", "Hybrid"), ("L1", "Battery")]
    assert no_alarm("1x230", [GRID, HYBRID, battery], points, [400 + sun + stored, sun, stored])
