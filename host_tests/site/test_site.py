"""Configuration files and houses that cannot be: the gateway at its start, `run` as a user calls
it, and `make run`. One line, exit code not 0, no traceback. What each field must be is in
device/test_site.py."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gateway_host.errors import UserError
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from in_interpreter import program
from make_calls import make
from running_gateway import mqtt_at

ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "tools")}


def plan() -> dict[str, Any]:
    return load_house(DEFAULT_HOUSE).site_json()


# At the gateway's start: which file, what is in it instead, the line it ends with.
STARTS = [
    ("site.json", b"{", "error: site.json: not JSON"),
    ("site.json", b"\xff\xfe", "error: site.json: not a text in UTF-8"),
    ("site.json", json.dumps({**plan(), "scheme": "9x9"}).encode(),
     'error: site.json: scheme: "9x9" is not known'),
    ("settings.json", b'{"mqtt": null}', "error: settings.json: mqtt is missing"),
    ("settings.json", json.dumps({"mqtt": mqtt_at(1883, host="a..b")}).encode(),
     "error: settings.json: mqtt.host: "),
    ("settings.json", json.dumps({"mqtt": mqtt_at(1883, user="u")}).encode(),
     "error: settings.json: mqtt.user and mqtt.password: "),
    ("settings.json", b'{"mqtt": {"host": "192.168.1.20", "port": 1883}}',
     "error: settings.json: mqtt.tls is missing: give it; only a broker in the own network does"),
    ("settings.json", b'{"mqttt": {"host": "192.168.1.20"}}',
     "error: settings.json: mqttt: is not known (known: mqtt, link"),
    ("settings.json", b'{"publish": {"sites": 5}}',
     "error: settings.json: publish.sites: is not known"),
    ("settings.json", b'{"publish": {"site": 1.5}}',
     "error: settings.json: publish.site: must be 1 to 86400 s, or 0 for never"),
]  # fmt: skip


@pytest.mark.parametrize("name, content, line", STARTS, ids=[row[2][7:30] for row in STARTS])
def test_the_gateway_refuses_to_start(tmp_path, name, content, line):
    arguments = [name]
    if content is not None:
        (tmp_path / "new").write_bytes(content)
        arguments.append(str(tmp_path / "new"))
    house = load_house(DEFAULT_HOUSE)
    with Session(
        Installation(house),
        house.site_json(),
        mqtt=mqtt_at(1883),
        script=program("break_file_and_start"),
        arguments=arguments,
        heap="256K",
    ) as session:
        assert session.wait(120) == 1
        session.wait_for_output()
        lines = session.tail().splitlines()
        assert len(lines) == 1 and lines[0].startswith(line), lines
        with pytest.raises(UserError, match=re.escape(line.removeprefix("error: "))):
            session.check()


def house_with(tmp_path: Path, old: str, new: str) -> tuple[Path, int]:
    """The default house with one change, and the line of it."""
    text = DEFAULT_HOUSE.read_text(encoding="utf-8")
    before, _, after = text.partition(old)
    assert after
    path = tmp_path / "house.toml"
    path.write_text(before + new + after, encoding="utf-8")
    return path, before.count("\n") + 1


LAST = 'points = [{ node = "5500000192", input = "D", ct = "AC-CT-S-50A", phase = "L3" }]'
TOO_MANY = LAST.replace(" }]", ' },\n  { node = "5500000194", input = "A", ct = "AC-CT-50A", '
                        'phase = "L3" }]')  # fmt: skip

# Issue 2's bad input of a house: what is replaced by what, words of the line.
HOUSES = [
    ('ct = "AC-CT-S-50A", phase = "L3"', 'ct = "AC-CT-55A", phase = "L3"', "AC-CT-55A"),
    ('scheme = "3x400+N"', 'scheme = "3x400"', "scheme"),
    ('role = "solar"', 'role = "wind"', "role"),
    ("[mains]", "[mains", ""),
    ("voltages = [231.2,", 'voltages = ["x",', "voltages"),
    (LAST, TOO_MANY, "5500000194"),
]


def refused(result: subprocess.CompletedProcess, begin: str, word: str) -> None:
    assert result.returncode == 2, result.stdout + result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith(begin), line
    assert word in line


def run(*arguments: Any) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "gateway_host", "run", *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize("old, new, word", HOUSES, ids=[row[2] or "TOML" for row in HOUSES])
def test_run_refuses_a_house(tmp_path, old, new, word):
    """The line names the file, its line and the field."""
    path, line = house_with(tmp_path, old, new)
    result = run("--house", path)
    refused(result, f"error: {path}:", word)
    named = int(re.match(rf"error: {path}:(\d+): ", result.stderr)[1])
    assert line <= named <= line + new.count("\n")


def test_run_refuses_a_29th_point(tmp_path):
    """On one more hub, so that only the number is wrong."""
    assert len(plan()["points"]) == 28
    text = DEFAULT_HOUSE.read_text(encoding="utf-8")
    text = text.replace("[[load]]", '[[node]]\nserial = "5500000199"\n\n[[load]]', 1)
    one_more = '{ node = "5500000199", input = "A", ct = "AC-CT-50A", phase = "L1" }]'
    path = tmp_path / "house.toml"
    path.write_text(text.replace(LAST, f"{LAST[:-1]}, {one_more}"), encoding="utf-8")
    refused(run("--house", path), f"error: {path}:", "28")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"ct": "AC-CT-60A"}, r'points\[27\]\.ct: "AC-CT-60A" is not known'),
        ({"phase": "N"}, r"points\[27\]\.phase: N does not exist in 3x400\+N: choose L1 or"),
        ({"load": "Nobody"}, r'points\[27\]\.load: "Nobody" is not one of loads'),
    ],
)
def test_make_run_refuses_a_site(tmp_path, change, words):
    """The one line, and then make's own that says the same exit code."""
    site = plan()
    site["points"][-1].update(change)
    path = tmp_path / "site.json"
    path.write_text(json.dumps(site))
    done = make("run", f"SITE={path}")
    assert done.returncode == 2
    ours, *makes = done.stderr.splitlines()
    assert re.match(f"error: {re.escape(str(path))}: {words}", ours)
    assert all(line.startswith("make") for line in makes)
    assert "Traceback" not in done.stdout + done.stderr
