"""The LEDs of the simulated nodes: docs/a-bus.md, section 7, from what they see on the bus."""

import pytest
from gateway_host.sim import leds
from gateway_host.sim.installation import Installation
from sim_bus import HEAD, HUB, IDENTIFY, SOLID, Gateway, assign, frame, house, search


def states(installation: Installation) -> list[str]:
    return [led.name for led in installation.leds().values()]


def test_communication_fault_after_three_seconds_without_poll():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.poll()
    gateway.now += 2_960_000
    installation.read(gateway.now, 1)
    assert states(installation) == ["well"] * 3
    gateway.now += 60_000
    installation.read(gateway.now, 1)
    assert states(installation) == ["communication fault"] * 3
    gateway.poll()
    assert states(installation) == ["well"] * 3


def test_configuration_fault_after_three_seconds_without_our_schedule():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign(HEAD, 1, 50)
    gateway.ask(assign(HUB, 2, 0, schedule=0))  # found, but no point is configured
    gateway.settle(145)
    assert states(installation) == ["well"] * 3
    gateway.settle(10)
    assert states(installation) == ["well", "configuration fault", "configuration fault"]
    gateway.assign(SOLID, 3, 5000)
    gateway.poll()
    assert installation.leds()[SOLID].name == "well"


def test_a_node_forgotten_by_a_new_session_shows_it_in_time():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.settle(10)
    gateway.ask(search(session=99), 3000)
    gateway.settle(140)
    assert states(installation) == ["well"] * 3
    gateway.settle(20)
    assert states(installation) == ["configuration fault"] * 3


def test_identify_blinks_the_inputs_asked_for_and_ends():
    installation = Installation(house())
    gateway = Gateway(installation)
    gateway.assign_all()
    gateway.ask(frame(IDENTIFY, 2, 0b0110, 2))
    led = installation.leds()[HUB]
    assert (led.name, led.inputs, led.pattern) == ("identify", "BC", "3 blinks per s")
    assert installation.leds()[SOLID].inputs == "A"
    gateway.settle(120)
    assert installation.leds()[HUB].name == "well"


def test_a_node_without_power_shows_nothing():
    installation = Installation(house())
    installation.unplug(HUB)
    assert installation.leds()[HUB] is None


# The table of the product's manual: blinks in 6 s.
BLINKS = [
    (leds.WELL, False, 2),
    (leds.COMMUNICATION_FAULT, False, 6),
    (leds.CONFIGURATION_FAULT, False, 12),
    (leds.IDENTIFY, False, 18),
    (leds.WELL, True, 2),
    (leds.COMMUNICATION_FAULT, True, 6),
]


@pytest.mark.parametrize(("state", "head", "blinks"), BLINKS)
def test_blinks(state, head, blinks):
    led = leds.led_of(state, 0b0100, head)
    lit = [led.lit(ms * 1000 + 500) for ms in range(6000)]
    assert sum(now and not before for before, now in zip([False, *lit], lit, strict=False)) == (
        blinks
    )
    assert 0.08 <= sum(lit) / 1000 / blinks <= 0.12  # short
    assert led.inputs == ("C" if state == leds.IDENTIFY else "A")
