"""The gateway's work on the B-bus against simulated modules, in the board's time."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from gateway_host.session import ROOT, Session
from gateway_host.sim.b_input_module import InputModule
from gateway_host.sim.b_module import Module
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "bus_b_rounds.py"
HEAD = """
[head]
serial = "5020000001"
[[node]]
serial = "5500000190"
[[load]]
name = "Grid"
role = "grid"
points = [{ node = "5500000190", input = "A", ct = "AC-CT-50A", phase = "L1" }]
"""


def module_table(serial: str, **more: Any) -> str:
    kind = "output" if serial.startswith("5710") else "input"
    fields = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
    return f'[[{kind}_module]]\nserial = "{serial}"\n{fields}{kind}s = []\n'


class Run:
    """The rounds of one run: `rounds`, and the installation as it was left."""

    def __init__(
        self, tmp_path: Path, toml: str, prepare=None, board=None, head=HEAD, **task: Any
    ):
        path = tmp_path / "house.toml"
        path.write_text(head + toml)
        house = load_house(path)
        self.installation = Installation(house)
        self.line = self.installation.b_line
        if prepare:
            prepare(self.line)
        state = tmp_path / "state"
        state.mkdir(exist_ok=True)
        (state / "task.json").write_text(json.dumps(task))
        with Session(
            self.installation,
            house.site_json(),
            script=SCRIPT,
            paced=False,
            console=False,
            directory=state,
            board=board,
        ) as session:
            text = session.output.read()
            session.wait(120)
            assert session.exit_code == 0, text + session.tail()
        self.rounds = [json.loads(line) for line in text.splitlines() if line[0] == "{"]
        assert len(self.rounds) == task["seconds"], text

    def said(self, topic: str) -> list[Any]:
        return [value for one in self.rounds for name, value in one["said"] if name == topic]

    def device(self, serial: str, second: int = -1) -> dict[str, Any]:
        [bus] = [value for name, value in self.rounds[second]["said"] if name == "bBus"]
        [found] = [one for one in bus["devices"] if serial in (one["serial"], one["name"])]
        return found

    @property
    def last(self) -> dict[str, Any]:
        return self.rounds[-1]

    def advice(self, second: int = -1) -> dict[str, str]:
        return {name: text for name, text in self.rounds[second]["advice"]}


# Finding modules


def test_ten_modules_in_any_order_have_the_units_of_the_site(tmp_path):
    numbers = random.Random(5).sample(range(1000000), 10)
    serials = [f"{5700 if k % 3 else 5710}{number:06d}" for k, number in enumerate(numbers)]
    toml = "".join(module_table(serial) for serial in serials)

    def shuffle(line):
        random.Random(7).shuffle(line.slaves)

    run = Run(tmp_path, toml, shuffle, seconds=5)
    in_site = sorted(
        serials, key=lambda serial: serial[:4]
    )  # inputs first, as the site lists them
    assert {slave.serial: slave.unit for slave in run.line.slaves} == {
        serial: 11 + k for k, serial in enumerate(in_site)
    }
    assert all(run.device(serial)["state"] == "well" for serial in serials)
    assert not run.last["errors"] and not run.last["advice"]


def test_ten_modules_that_nobody_named_are_found(tmp_path):
    """Neighbouring numbers of both types: every window holds several until the last."""
    serials = [f"{5700 if k % 2 else 5710}{999990 + k:06d}" for k in range(10)]
    toml = "".join(module_table(serial, in_site=False) for serial in serials)
    run = Run(tmp_path, toml, seconds=14)
    assert sorted(slave.unit for slave in run.line.slaves) == list(range(11, 21))
    assert all(run.device(serial)["state"] == "well" for serial in serials)


def test_an_eleventh_module_is_refused_by_name(tmp_path):
    toml = "".join(module_table(f"570000010{k}") for k in range(10))
    toml += module_table("5710000555", in_site=False)
    run = Run(tmp_path, toml, seconds=5)
    assert "5710000555 is an eleventh module" in run.advice()["b_too_many"]
    assert run.line.of("5710000555").unit == 0
    assert run.line.of("5710000555").led(run.line.now) == "a short blink every s"


def test_the_order_scan_finds_what_came_later(tmp_path):
    toml = module_table("5700000001") + module_table("5700000002", in_site=False, absent=True)

    def later(line):
        line.at(3e6, lambda time: line.of("5700000002").start(time))

    run = Run(tmp_path, toml, later, seconds=9, commands={"6": [{"scan": True}]})
    assert "b_not_in_site" not in run.advice(5)
    assert "5700000002" in run.advice()["b_not_in_site"]
    assert run.device("5700000002")["state"] == "well"


def test_a_board_without_modules_names_the_way_out(tmp_path):
    run = Run(
        tmp_path,
        module_table("5700000001") + module_table("5710000002", in_site=False),
        board={"b_modules": False},
        seconds=3,
    )
    texts = [text for name, text in run.last["advice"] if name == "b_not_here"]
    assert len(texts) == 2 and all("replace it by a Genius" in text for text in texts)
    assert [slave.unit for slave in run.line.slaves] == [0, 0]


class Hub(Module):
    """A CT Hub that is plugged into the B-bus: it answers the search."""

    KIND = 5500

    def at_start(self):
        return []

    def state_words(self):
        return []


def test_a_device_of_the_other_bus_and_twins_are_named(tmp_path):
    def strangers(line):
        line.slaves += [Hub(190), InputModule(7), InputModule(7)]

    run = Run(tmp_path, module_table("5710000002"), strangers, seconds=4)
    advice = run.advice()
    assert "5500000190" in advice["b_wrong_bus"] and "A-bus" in advice["b_wrong_bus"]
    assert "5700000007" in advice["b_unclear"]
    assert run.device("5710000002")["state"] == "well"


# Pulses and levels


def test_the_led_of_an_input_shows_its_level_and_that_it_is_selected(tmp_path):
    shown = []

    def prepare(line):
        module = line.of("5700000011")
        module.inputs[0].connect(iter([(3e6, True)]))
        for second in (2, 4, 7, 10):  # commanded at 5, for 3 s
            line.at((second + 0.5) * 1e6, lambda _: shown.append(leds(module)))

    def leds(module):
        return [module.input_led(i) for i in range(4)]

    identify = {"identify": {"serial": "5700000011", "input": "B", "seconds": 3}}
    Run(tmp_path, METER, prepare, seconds=12, commands={"5": [identify]})
    blinks = "blinks 3 times a second"
    assert shown[0] == ["off"] * 4
    assert shown[1] == ["on", "off", "off", "off"]
    assert shown[2] == ["on", blinks, "off", "off"]
    assert shown[3] == shown[1]


def pulses(hertz: float, count: int, start: float = 2.0):
    for k in range(count):
        yield (start + k / hertz) * 1e6, True
        yield (start + (k + 0.5) / hertz) * 1e6, False


METER = """
[[input_module]]
serial = "5700000011"
inputs = [{ input = "A", name = "Water", mode = "pulse", unit = "m3", per_pulse = 0.0005 }]
"""


def water(run: Run, second: int = -1) -> dict[str, Any]:
    return run.device("5700000011", second)["inputs"][0]


def test_pulses_are_counted_through_restarts_of_module_and_gateway(tmp_path):
    """100 Hz for 10 s; the module loses its supply in between, then the gateway restarts."""
    counted = []

    def prepare(line):
        line.of("5700000011").inputs[0].connect(pulses(100, 1000))

        def off(time):
            line.of("5700000011").stop(time)
            counted.append(line.of("5700000011").inputs[0].counter)

        line.at(14e6, off)
        line.at(16e6, lambda time: line.of("5700000011").start(time))

    run = Run(tmp_path, METER, prepare, seconds=24)
    module = run.line.of("5700000011")
    assert counted == [1000] and module.starts == 2
    assert water(run, 12)["pulses"] == 1000
    assert water(run)["pulses"] == water(run, 12)["pulses"]
    assert f"{water(run)['total']:.4f}" == f"{water(run)['pulses'] * 0.0005:.4f}"
    total = water(run)["pulses"]

    def on(line):
        line.slaves[0].inputs[0].counter = module.inputs[0].counter + 77  # while it was off

    again = Run(tmp_path, METER, on, seconds=5)
    assert water(again)["pulses"] == total + 77
    assert not again.last["errors"]


def test_a_counter_wraps_and_one_that_is_another_is_reported(tmp_path):
    def prepare(line):
        channel = line.of("5700000011").inputs[0]
        channel.counter = 2**32 - 50
        channel.connect(pulses(20, 100, 4.0))
        line.at(12e6, lambda _: setattr(channel, "counter", 5))

    run = Run(tmp_path, METER, prepare, seconds=16)
    assert water(run, 10)["pulses"] == 100
    assert water(run)["pulses"] == 100
    assert run.last["errors"] == {"bus_b.counter_reset": 1}


def test_events_come_in_the_order_of_time(tmp_path):
    toml = "".join(
        f"""
[[input_module]]
serial = "570000001{k}"
inputs = [{{ input = "B", name = "Door {k}", mode = "state" }}]
"""
        for k in (1, 2)
    )
    dice = random.Random(3)
    happened = []  # (s, name, level): at least 30 ms apart
    levels = {1: False, 2: False}
    changes = {1: [], 2: []}
    at = 3.0
    for _ in range(60):
        at += dice.uniform(0.03, 0.4)
        k = dice.choice((1, 2))
        levels[k] = not levels[k]
        changes[k].append((at * 1e6, levels[k]))
        happened.append((at, f"Door {k}", levels[k]))

    def prepare(line):
        for k in (1, 2):
            line.of(f"570000001{k}").inputs[1].connect(iter(changes[k]))

    run = Run(tmp_path, toml, prepare, seconds=20)
    events = run.said("event")
    assert [(e["name"], e["active"]) for e in events] == [what[1:] for what in happened]
    times = [e["time"] / 1000 for e in events]
    assert times == sorted(times)
    offset = times[0] - happened[0][0]
    for said, real in zip(times, happened, strict=True):
        assert said - offset == pytest.approx(real[0], abs=0.05)  # the poll's own time


def test_events_are_reported_once_when_one_can_not_be_read(tmp_path):
    """One poll finds six; the third is damaged for as long as it is asked for. A later poll finds
    20 more, of which the first is damaged: four are lost, and counted once."""
    toml = """
[[input_module]]
serial = "5700000011"
inputs = [{ input = "B", name = "Door", mode = "state" }]
"""
    read = []

    def prepare(line):
        def spoil(answer):
            if len(answer) == 13 and answer[1] == 3:  # of one event
                read.append(answer)
                if len(read) in (3, 4, 5, 10, 11, 12):
                    return answer[:-1] + bytes([answer[-1] ^ 1])
            return answer

        line.damage = spoil
        changes = [*pulses(40, 3, 4.2), *pulses(40, 10, 8.2)]
        line.of("5700000011").inputs[1].connect(iter(changes))

    run = Run(tmp_path, toml, prepare, seconds=14)
    events = [event["active"] for event in run.said("event")]
    assert events == [True, False] * 11
    assert run.last["errors"] == {"bus_b.damaged": 2, "bus_b.events_lost": 4}


def test_too_many_events_between_two_polls_are_counted(tmp_path):
    toml = """
[[input_module]]
serial = "5700000011"
inputs = [{ input = "B", name = "Door", mode = "state" }]
"""

    def prepare(line):
        line.of("5700000011").inputs[1].connect(pulses(40, 20, 3.05))

    run = Run(tmp_path, toml, prepare, seconds=8)
    assert len(run.said("event")) + run.last["errors"]["bus_b.events_lost"] == 40


# Relays


RELAYS = """
[[output_module]]
serial = "5710000012"
outputs = [
  { output = "A", name = "Boiler", contact = "NO", fail_safe = "off", min_on = 4, group = "Heat" },
  { output = "B", name = "Valve", contact = "NC", fail_safe = "on" },
]
[[output_module]]
serial = "5710000013"
outputs = [{ output = "A", name = "Pump", contact = "NO", group = "Heat" }]
"""


def test_commands_by_name_by_group_and_by_the_originals_topic(tmp_path):
    run = Run(
        tmp_path,
        RELAYS,
        seconds=14,
        commands={
            "3": [{"switch": {"output": "Heat", "on": True}}],
            "5": [["plug/2/setstate", {"value": "OFF"}]],
            "9": [{"switch": {"output": "Pump", "on": False}}],
            "11": [{"switch": {"output": "Nobody", "on": True}}],
        },
    )
    boiler, valve = run.device("5710000012")["outputs"]
    [pump] = run.device("5710000013")["outputs"]
    assert (boiler["on"], valve["on"], pump["on"]) == (True, False, False)
    module = run.line.of("5710000012")
    assert module.relay == [True, True]  # NO: energised is on; NC: energised is off
    states = [value["value"] for value in run.said("plug/1/state")]
    assert states == ["OFF", "ON"]
    assert [value["value"] for value in run.said("plug/2/state")] == ["ON", "OFF"]
    assert "Nobody" in run.last["refusal"] and run.last["errors"] == {"order.refused": 1}


def test_an_order_is_carried_out_within_200_ms(tmp_path):
    """Beside nine other modules of which one is dead, and polls and a search going on."""
    toml = RELAYS + "".join(module_table(f"570000010{k}") for k in range(8))
    commands = {str(s): [{"switch": {"output": "Pump", "on": s % 2 == 0}}] for s in range(3, 20)}
    commands["9"].append({"scan": True})

    def prepare(line):
        line.at(5e6, lambda time: line.of("5700000103").stop(time))

    run = Run(tmp_path, toml, prepare, seconds=21, commands=commands)
    changes = [when / 1e6 for when, place, _ in run.line.of("5710000013").changes]
    assert len(changes) == 16 and not run.last["refusal"]
    assert all(change % 1 < 0.2 for change in changes)  # commands come at whole seconds
    assert run.device("5700000103")["state"] == "lost"


def test_a_module_that_goes_away_is_reported_as_unreachable(tmp_path):
    def prepare(line):
        line.at(5e6, lambda time: line.of("5710000012").stop(time))
        line.at(9e6, lambda time: line.of("5710000012").start(time))

    run = Run(tmp_path, RELAYS, prepare, seconds=14)
    said = [value["value"] for value in run.said("plug/1/connectionState")]
    assert [s for s, before in zip(said, [None, *said], strict=False) if s != before] == [
        "CONNECTED", "UNREACHABLE", "CONNECTED",
    ]  # fmt: skip


def test_least_times_are_kept_and_reported(tmp_path):
    run = Run(
        tmp_path,
        RELAYS,
        seconds=12,
        commands={
            "3": [{"switch": {"output": "Boiler", "on": True}}],
            "4": [{"switch": {"output": "Boiler", "on": False}}],
        },
    )
    on, off = run.line.of("5710000012").changes
    assert (on[2], off[2]) == (True, False)
    assert (off[0] - on[0]) / 1e6 == pytest.approx(4, abs=1e-6)
    boiler = run.device("5710000012", 5)["outputs"][0]
    assert boiler["on"] and not boiler["wanted"] and 1 <= boiler["wait"] <= 3


def test_fail_safe_after_lost_communication_and_back(tmp_path):
    """The cable to the module is off for 15 s: it takes its fail-safe states by itself; then the
    gateway commands again what was commanded."""
    states = []

    def prepare(line):
        module = line.of("5710000012")

        def off(time):
            module.heeds = lambda unit: False

        def on(time):
            states.append([module.is_on(0), module.is_on(1)])
            del module.heeds

        line.at(7e6, off)
        line.at(22e6, on)

    run = Run(
        tmp_path,
        RELAYS,
        prepare,
        seconds=40,
        commands={
            "3": [{"switch": {"output": "Boiler", "on": True}}],
            "4": [{"switch": {"output": "Valve", "on": False}}],
        },
    )
    assert states == [[False, True]]
    assert run.device("5710000012", 18)["state"] == "lost"
    assert "5710000012" in run.advice(18)["b_missing"]
    boiler, valve = run.device("5710000012")["outputs"]
    assert (boiler["on"], valve["on"]) == (True, False)
    assert run.device("5710000013")["timeouts"] == 0


def test_a_contact_that_does_not_follow_is_reported(tmp_path):
    run = Run(
        tmp_path,
        RELAYS,
        lambda line: line.of("5710000013").stuck.add(0),
        seconds=6,
        commands={"2": [{"switch": {"output": "Pump", "on": True}}]},
    )
    assert "5710000013: a contact does not follow its relay" in run.advice()["b_fault"]
    [pump] = run.device("5710000013")["outputs"]
    assert pump["wanted"] and not pump["on"]


# Automations


def test_a_rule_on_the_solar_surplus(tmp_path):
    """Surplus above 2 kW for 5 s switches on; a person switches off and is not overruled; below
    500 W for 3 s it switches off."""
    toml = (
        RELAYS
        + """
[[automation]]
output = "Pump"
rule = { value = "surplus", above = 2000, for = 5, below = 500, off_for = 3 }
"""
    )
    run = Run(
        tmp_path,
        toml,
        seconds=43,
        powers={
            "2": [-2500.0],
            "5": [-1900.0],
            "7": [-2100.0],
            "20": [100.0],
            "22": [None],
            "26": [0.0],
            "34": [-3000.0],
        },
        commands={"15": [{"switch": {"output": "Pump", "on": False}}]},
    )
    switched = [(value["value"]) for value in run.said("plug/3/state")]
    assert switched == ["OFF", "ON", "OFF", "ON"]
    changes = [(round(when / 1e6), on) for when, _, on in run.line.of("5710000013").changes]
    assert [on for _, on in changes] == [True, False, True]
    assert 12 <= changes[0][0] <= 14  # 5 s after second 7
    assert 15 <= changes[1][0] <= 16  # by hand, and it stays
    assert (
        39 <= changes[2][0] <= 41
    )  # the rule has been off since, and on again 5 s after second 34


SURPLUS = """
[[automation]]
output = "Heat"
rule = { value = "surplus", above = 2000 }
"""


def test_no_automation_on_a_board_without_modules(tmp_path):
    """Nothing is written to all the others in its place."""
    sent = []

    def prepare(line):
        write = line.write

        def written(time, data, baud):
            sent.append(data)
            write(time, data, baud)

        line.write = written

    powers = {"2": [-2500.0]}
    board = {"b_modules": False}
    run = Run(tmp_path, RELAYS + SURPLUS, prepare, board, seconds=6, powers=powers)
    assert len(sent) > 3 and not [data for data in sent if data[1] in (5, 15)]
    assert not run.last["errors"]


# When the memory is short


def test_a_task_that_fails_ends_those_beside_it(tmp_path):
    """The modules are polled once a second as before, and obey."""
    commands = {
        "4": [{"switch": {"output": "Boiler", "on": True}}],
        "9": [{"switch": {"output": "Pump", "on": True}}],
    }
    run = Run(tmp_path, RELAYS, seconds=20, no_switch=4, commands=commands)
    assert run.last["errors"] == {"task.bus_b": 1}
    answers = [run.device("5710000012", second)["answers"] for second in (11, 19)]
    assert answers[1] - answers[0] in (7, 8)
    assert run.line.of("5710000013").relay[0]


def test_what_the_site_names_is_there_when_the_first_try_fails(tmp_path):
    """A command is carried out then: nothing has to be subscribed anew."""
    commands = {"3": [["plug/1/setstate", {"value": "ON"}]]}
    run = Run(tmp_path, RELAYS, seconds=5, no_runner=True, commands=commands)
    assert run.last["errors"] == {"task.bus_b": 1}
    assert run.line.of("5710000012").relay[0]
    names = [run.device(serial)["outputs"][0]["name"] for serial in ("5710000012", "5710000013")]
    assert names == ["Boiler", "Pump"]
    assert run.device("5710000013")["state"] == "well" and not run.advice()


# A bad line


def test_a_dead_module_costs_the_others_nothing(tmp_path):
    toml = "".join(module_table(f"570000010{k}") for k in range(10))

    def prepare(line):
        for k in range(5):
            line.at(10e6, lambda time, k=k: line.of(f"570000010{k}").stop(time))

    run = Run(tmp_path, toml, prepare, seconds=40)
    answers = [run.device("5700000109", second)["answers"] for second in (9, 39)]
    assert answers[1] - answers[0] >= 29  # once a second as before
    dead = run.device("5700000100")
    assert dead["state"] == "lost" and dead["timeouts"] <= 3 + 6
    assert run.rounds[38]["share"] <= run.rounds[9]["share"]


def test_damage_is_counted_and_never_reported(tmp_path):
    dice = random.Random(11)

    def spoil(answer):
        if dice.random() < 0.3:
            at = dice.randrange(len(answer))
            answer = answer[:at] + bytes([answer[at] ^ 1 << dice.randrange(8)]) + answer[at + 1 :]
        if dice.random() < 0.1:
            answer = answer[: dice.randrange(len(answer))]
        return answer

    def prepare(line):
        line.at(4e6, lambda _: setattr(line, "damage", spoil))
        line.of("5700000011").inputs[0].connect(pulses(2, 80))

    run = Run(tmp_path, METER, prepare, seconds=50)
    counts = [water(run, second)["pulses"] for second in range(3, 50)]
    assert counts == sorted(counts) and counts[-1] <= 80
    assert run.device("5700000011")["damaged"] > 10
    assert "bus_b.counter_reset" not in run.last["errors"]


def test_who_refuses_or_is_damaged_is_reported(tmp_path):
    """A module that knows no register, and one whose answers always arrive damaged."""

    def prepare(line):
        line.of("5700000101").state_words = lambda: []
        hear = line.of("5700000102").hear
        line.of("5700000102").hear = lambda time, frame: (
            (answer := hear(time, frame)) and answer[:-1] + bytes([answer[-1] ^ 1])
        )

    toml = "".join(module_table(f"570000010{k}") for k in range(3))
    run = Run(tmp_path, toml, prepare, seconds=5)
    assert "5700000101 refuses" in run.advice()["b_refuses"]
    assert "exception 2" in run.advice()["b_refuses"]
    assert "5700000102" in run.advice()["b_damaged"]
    assert run.device("5700000100")["state"] == "well"
    assert {"bus_b.exception", "bus_b.damaged"} == set(run.last["errors"])


def test_another_configuration_after_a_restart_of_the_gateway(tmp_path):
    """The modules kept their supply and the old configuration."""
    first = Run(tmp_path, METER, seconds=3)
    old = first.line.of("5700000011")
    assert old.config[4] == 3

    def prepare(line):
        line.slaves[0] = old
        old.started = old.now = old.heard = old.deaf_until = 0.0

    Run(tmp_path, METER.replace('unit = "m3"', 'unit = "m3", debounce = 40'), prepare, seconds=3)
    assert old.config[4] == 40
