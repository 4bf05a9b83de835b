"""The engineer's console: of a gateway that runs, beside Improv on one line; and at the start of
an image that is delivered. The lock itself: host_tests/device/test_lock.py."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from gateway_host import interpreter
from gateway_host.image import BOARDS, COMMON
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.radio import Network, World
from improv_line import Line, command
from in_interpreter import program
from running_gateway import PATIENCE_S, free_port, mqtt_at

PASSWORD = "k7m2xw9pq4ht"
PLAN = load_house(DEFAULT_HOUSE).site_json()
LABEL = json.dumps({"serial": "5020000042", "hotspot_key": PASSWORD})


class Console(Line):
    """What an engineer types, and reads."""

    def until(self, text: str) -> str:
        """All that comes up to that text."""
        end = time.monotonic() + PATIENCE_S
        while text.encode() not in self.held:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"waited in vain for {text!r}; there is {self.held!r}"
            self.held += os.read(self.master, 1000)
        before, _, self.held = self.held.partition(text.encode())
        return before.decode(errors="replace") + text

    def type(self, line: str) -> None:
        self.send(line.encode() + b"\r")


def soon(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


def test_gw_behind_the_lock_and_improv_beside_it(tmp_path):
    (tmp_path / "factory.json").write_text(LABEL)
    world = World([Network("house", "geheim123")])
    with contextlib.closing(Console()) as line:
        with Session(
            Installation(load_house(DEFAULT_HOUSE)),
            PLAN,
            mqtt=mqtt_at(free_port()),
            directory=tmp_path,
            world=world,
            board={"improv": line.path, "portal": [free_port(), free_port()], "debug": False},
        ) as session:
            log = session.log.read_text
            line.send(command(b"\x03\x00"))
            line.expect(b"IMPROV\x01\x02\x01\x00")  # no error
            line.type(f"unlock {PASSWORD}")  # nobody has pressed the button
            line.type("gw.status()")
            soon(lambda: "advice:" in log(), "the first look at what is wrong")
            world.hold_button(0.3)
            soon(lambda: world.hotspot, "service mode")
            line.type("unlock " + PASSWORD[:-1])
            line.until("not the password")
            line.type(f"unlock {PASSWORD}")
            line.until("--> ")
            assert "version" not in log()
            line.type("gateway.measuring.reports")
            line.until("--> ")
            for call in ("status", "readings", "bus", "led", "heap", "log"):
                line.type(f"gw.{call}()")
                line.until("--> ")
            soon(lambda: re.search(r"^internal|^free +\d+ bytes", log(), re.M), "the tables")
            said = log()
            line.type("exit")
            line.until("locked")
            line.type("gw.led()")
            line.send(command(b"\x02\x00"))
            line.expect(b"IMPROV\x01\x02\x01\x00")
            assert log().count("pattern") == 1
            assert session.exit_code is None and "Traceback" not in log()
    assert PASSWORD not in said
    assert re.search(r"^version +0\.\d+\.\d+$", said, re.M)
    rows = re.findall(r"^(\d{10}) ([A-D]) +(\S+) +(\S+) +(\S+) +(\S+)$", said, re.M)
    assert [(row[0], row[1]) for row in rows] == [
        (point["node"], point["input"]) for point in PLAN["points"]
    ]
    volts = re.findall(r"^L\d +(\S+) V$", said, re.M)
    assert [float(text) for text in volts] == [pytest.approx(230, abs=12)] * 3
    nodes = {node for node, _ in re.findall(r"^(\d{10}) (well) +\d+ +\d+ +\d+$", said, re.M)}
    assert {point["node"] for point in PLAN["points"]} <= nodes
    assert max(map(len, said.splitlines())) < 200


def ask(typed: str, directory: Path) -> bool:
    path = [BOARDS / "GENIUS", COMMON, ROOT / "firmware", ROOT / "build" / "lib"]
    file = program("ask_at_start")
    done = interpreter.run(
        [file],
        bits=64,
        heap="1M",
        path=[*path, file.parent],
        cwd=directory,
        stdin=None,
        input=typed,
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout
    return json.loads(done.stdout.splitlines()[-1].rpartition(" ")[2])


def test_a_delivered_image_asks_for_the_password_at_its_start(tmp_path):
    """Whoever holds the button, or has left a file `debug`, gets nothing without it."""
    (tmp_path / "factory.json").write_text(LABEL)
    assert not ask(PASSWORD + "\n", tmp_path)  # nobody asks for it
    (tmp_path / "debug").touch()
    assert not ask("", tmp_path)
    assert not ask("wrong\nwrong\n", tmp_path)
    assert ask(PASSWORD + "\n", tmp_path)
    assert ask("wrong\n" + PASSWORD + "\r", tmp_path)
    assert not ask("w\n" * 9 + PASSWORD + "\n", tmp_path)  # it has to wait
    assert not ask(PASSWORD + "\n", tmp_path)  # also after a new start
    (tmp_path / "factory.json").unlink()
    for name in ("tries.0", "tries.1"):
        (tmp_path / name).unlink()
    assert not ask("\n", tmp_path)  # no label, no password
