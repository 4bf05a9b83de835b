"""`configure` as a user calls it: the page until Ctrl-C, files, and a run of the planned house."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from gateway_host.__main__ import main
from gateway_host.commands import configure
from gateway_host.configure import labels, reading, wiring
from gateway_host.configure.design import design
from gateway_host.interpreter import ROOT
from make_calls import left, make
from phone import Phone

PLANS = ROOT / "tools" / "plans"
COMMAND = [sys.executable, "-m", "gateway_host"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "tools")}


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_the_page_is_there_until_it_is_ended(kind):
    with subprocess.Popen(
        [*COMMAND, "configure", "--plan", PLANS / "delta.toml", "--language", "nl"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as page:
        line = page.stdout.readline()
        address = re.fullmatch(r"The configurator is at (http://127.0.0.1:\d+/) \(.*\)\.\n", line)
        with urllib.request.urlopen(address[1]) as answer:
            text = answer.read().decode()
        os.killpg(page.pid, kind)
        rest, errors = page.communicate(timeout=120)
    assert "Delta house" in text and '<html lang="nl">' in text
    assert page.returncode == 0 and errors == "" and rest.endswith("Ended.\n")
    assert left([page.pid]) == []


def test_make_writes_everything_without_a_page(tmp_path):
    out = tmp_path / "it's here"
    done = make("configure", f"PLAN={PLANS / 'villa.toml'}", f"OUT={out}", "LANGUAGE=fr")
    assert done.returncode == 0, done.stderr
    first, *_ = done.stdout.splitlines()
    assert first == "Villa: Genius 1: 21 points on 7 devices, A-bus 25.9 m, B-bus 23.9 m"
    assert {path.name for path in out.iterdir()} == {
        "bill.csv", "wiring.csv", "labels.html", "report.html", "plan.json", "site.json",
        "house.toml",
    }  # fmt: skip
    head, *rows = csv.reader((out / "bill.csv").read_text(encoding="utf-8").splitlines())
    assert head[2] == "Quantité" and ["I1-GW-1", "1"] == rows[0][::2]


def test_the_plan_that_is_handed_over_makes_the_same_again(tmp_path):
    once, again = tmp_path / "once", tmp_path / "again"
    assert main(["configure", "--plan", str(PLANS / "villa.toml"), "--out", str(once)]) == 0
    assert main(["configure", "--plan", str(once / "plan.json"), "--out", str(again)]) == 0
    for path in once.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_a_run_of_the_planned_house(tmp_path):
    assert main(["configure", "--plan", str(PLANS / "villa.toml"), "--out", str(tmp_path)]) == 0
    done = subprocess.run(
        [*COMMAND, "run", "--seconds", "4", "--house", tmp_path / "house.toml"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^Measured [\d.]+ s of 21 points", done.stdout, re.MULTILINE)
    assert "3 of 3 devices well" in done.stdout  # the modules
    (percent,) = re.findall(r"  accuracy  grid .* in truth .*: ([+-][\d.]+) %", done.stdout)
    assert abs(float(percent)) <= 0.05  # the project's limit for active power


def test_what_cannot_be_is_said_in_a_line(tmp_path, capsys):
    assert main(["configure", "--out", str(tmp_path)]) == 2
    assert "PLAN=file.toml" in capsys.readouterr().err
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = str(other.getsockname()[1])
        assert main(["configure", "--plan", str(PLANS / "delta.toml"), "--port", port]) == 2
    assert f"error: port {port} is in use" in capsys.readouterr().err
    path = tmp_path / "plan.json"
    path.write_text('{"load": 3}')
    assert main(["configure", "--plan", str(path)]) == 2
    assert f"error: {path}: not a plan" in capsys.readouterr().err


def test_a_plan_that_was_worked_on_goes_on(tmp_path, monkeypatch):
    kept = tmp_path / "plan.json"
    monkeypatch.setattr(configure, "KEPT", kept)
    words = configure.Words()
    assert configure._tables(None, words)["name"] == ""
    kept.write_text('{"name": "Kept"}')
    assert configure._tables(None, words) == {"name": "Kept"}


# Texts that do not lie within their label.
OUTSIDE = """[...document.querySelectorAll('g.label')].flatMap(label => {
    const frame = label.querySelector('rect').getBoundingClientRect();
    return [...label.querySelectorAll('text')].filter(text => {
        const box = text.getBoundingClientRect();
        return box.left < frame.left || box.right > frame.right ||
            box.top < frame.top || box.bottom > frame.bottom;
    }).map(text => text.textContent);
})"""


def test_labels_are_whole_and_name_every_input(tmp_path):
    tables = reading.read_file(PLANS / "offices.toml")
    tables["load"][0]["name"] = "W" * 40
    tables["serials"] = {"CT Hub 1": "5500004711"}
    result = design(reading.read(tables))
    path = tmp_path / "labels.html"
    path.write_text(labels.page(result, "Labels"), encoding="utf-8")
    with Phone(tmp_path / "b", 1, size=(900, 1200)) as phone:
        phone.open(path.as_uri())
        phone.wait_for("document.querySelectorAll('svg').length == 2")
        assert phone.look(OUTSIDE) == []
        sizes = "[...document.querySelectorAll('svg')].map(e => e.getBoundingClientRect().width)"
        assert phone.look(sizes) == [pytest.approx(210 / 25.4 * 96, rel=1e-3)] * 2
        written = phone.look("[...document.querySelectorAll('text')].map(e => e.textContent)")
    for row in wiring.rows(result):
        assert f"{row.device} · {row.input}" in written
    assert "5500004711" in written and "5500000002" not in written


def test_several_gateways_get_one_key_that_stays(tmp_path):
    command = ["configure", "--plan", str(PLANS / "offices.toml"), "--out", str(tmp_path)]
    assert main(command) == 0
    file = tmp_path / "site-key.json"
    text = file.read_text(encoding="utf-8")
    assert re.fullmatch("[0-9a-f]{64}", json.loads(text)["site_key"])
    assert file.stat().st_mode & 0o077 == 0
    assert main(command) == 0 and file.read_text(encoding="utf-8") == text
    assert (
        main(["configure", "--plan", str(PLANS / "villa.toml"), "--out", str(tmp_path / "v")]) == 0
    )
    assert not (tmp_path / "v" / "site-key.json").exists()


def test_no_text_becomes_markup_or_a_formula(tmp_path):
    tables = reading.read_file(PLANS / "single_phase.toml")
    tables["name"] = "<script>alert(1)</script>"
    tables["load"][2]["name"] = '=1+1","<i>'
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(tables))
    out = tmp_path / "out"
    assert main(["configure", "--plan", str(path), "--out", str(out)]) == 0
    for name in ("report.html", "labels.html"):
        assert not re.search("<script|<i>", (out / name).read_text(encoding="utf-8")), name
    rows = list(csv.reader((out / "wiring.csv").read_text(encoding="utf-8").splitlines()))
    assert '\'=1+1","<i>' in [row[5] for row in rows]
