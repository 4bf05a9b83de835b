"""The B-bus on a line with noise: work and memory stay bounded, polling goes on."""

from __future__ import annotations

import random

import pytest
from gateway_host.sim.b_input_module import InputModule
from gateway_host.sim.modbus_line import Slave
from test_bus_b import RELAYS, Run, module_table
from test_power_box import BoxRun

NOTHING = '[[input_module]]\nserial = "5700000001"\nabsent = true\ninputs = []\n'


class Refuser(Slave):
    """A device at the search's unit number that refuses whatever it is asked."""

    def __init__(self):
        super().__init__(247, delay_us=(1800, 4500))


def stray(line):
    line.stray = b"\0"


def echo(line):
    line.echo = True


def refuser(line):
    line.slaves.append(Refuser())


def babble(line):
    """Something else answers the search, with other bytes each time."""
    dice = random.Random(3)

    class Babbler(Slave):
        def hear(self, time, frame):
            return dice.randbytes(11) if frame[:1] == b"\xf7" else None

    line.slaves.append(Babbler(247))


@pytest.mark.parametrize("noise", [stray, echo, refuser, babble])
def test_a_search_in_noise_ends_and_says_so(noise, tmp_path):
    """Nothing that answers is on the bus: the search ends, and is not begun anew."""
    run = Run(tmp_path, NOTHING, noise, seconds=14, free=True)
    assert run.advice()["b_noise"].startswith("port B hears noise")
    assert set(run.advice()) <= {"b_noise", "b_missing"}
    assert run.last["share"] < 20  # percent: one module that is missing
    settled = [one["free"] for one in run.rounds[8:]]
    assert max(settled) - min(settled) < 2000


@pytest.mark.parametrize("noise", [stray, echo, refuser, babble])
def test_polling_and_switching_go_on_in_noise(noise, tmp_path):
    commands = {"15": [{"switch": {"output": "Pump", "on": True}}]}
    run = Run(tmp_path, RELAYS, noise, seconds=19, commands=commands)
    for serial in ("5710000012", "5710000013"):
        assert run.device(serial)["state"] == "well"
    assert run.line.of("5710000013").relay[0]
    assert not run.last["refusal"]


class Stubborn(InputModule):
    """Answers the search and takes no address."""

    def write_words(self, address, values, broadcast):
        if address != 0x7E20:
            super().write_words(address, values, broadcast)


def test_a_module_that_takes_no_address_is_named_and_ends_the_search(tmp_path):
    def prepare(line):
        line.slaves.append(Stubborn(77))

    run = Run(tmp_path, RELAYS, prepare, seconds=8)
    assert "5700000077" in run.advice()["b_unclear"]
    assert run.device("5710000012")["state"] == "well"


def test_modules_are_found_beside_a_stray_byte(tmp_path):
    toml = "".join(module_table(f"57000{k:05d}", in_site=False) for k in (7, 8, 90, 4711))
    run = Run(tmp_path, toml, stray, seconds=9)
    assert sorted(slave.unit for slave in run.line.slaves) == [11, 12, 13, 14]
    assert "b_noise" not in run.advice()


def test_a_write_is_not_confirmed_by_its_echo(tmp_path):
    """The module goes away: what comes back is the gateway's own frame."""

    def prepare(line):
        line.echo = True
        line.at(4e6, lambda time: line.of("5710000013").stop(time))

    commands = {"5": [{"switch": {"output": "Pump", "on": True}}]}
    run = Run(tmp_path, RELAYS, prepare, seconds=8, commands=commands)
    assert run.device("5710000013")["state"] == "lost"


@pytest.mark.parametrize("share", [0.05, 0.15, 0.25])
@pytest.mark.parametrize("seed", range(3))
def test_a_power_box_whose_answers_are_damaged_is_up_within_seconds(seed, share, tmp_path):
    """Of the twelve seconds two are unknown, because they follow its set-up."""
    dice = random.Random(100 * seed)

    def prepare(line):
        def damage(answer):
            if dice.random() < share:
                at = dice.randrange(len(answer))
                return (
                    answer[:at] + bytes([answer[at] ^ 1 << dice.randrange(8)]) + answer[at + 1 :]
                )
            return answer

        line.damage = damage

    run = BoxRun(tmp_path, prepare, seconds=12)
    measured = [one["points"][0][0] is not None for one in run.rounds]
    assert any(measured[:8])
    assert sum(measured) >= 4
