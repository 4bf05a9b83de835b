"""`run`, `replay` and `repl` as a user calls them: real interpreter, real broker, real signals."""

import itertools
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from gateway_host import broker, interpreter
from gateway_host.__main__ import main
from gateway_host.commands import repl
from gateway_host.console import Console
from gateway_host.errors import UserError
from gateway_host.session import ROOT, Session, has_repl
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from gateway_host.view import live
from gateway_host.view.truth import Truth
from gateway_host.world import send
from in_interpreter import program

HOUSE = ROOT / "tools" / "houses" / "default.toml"
RECORDING = ROOT.parent / "shared" / "recordings" / "ygz.cfg"
NO_RECORDING = "no recording: put ygz.cfg and ygz.dat into shared/recordings beside this folder"
COMMAND = [sys.executable, "-m", "gateway_host"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "tools")}


def call(*arguments, timeout=240):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def children(pid):
    """Every process that descends from pid, by the kernel's own list."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children(child)]
    return found


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("bits", [32, 64])
def test_measures_for_some_seconds_and_says_what_it_did(bits):
    result = call("run", "--seconds", 4, "--bits", bits)
    assert result.returncode == 0, result.stdout + result.stderr
    opening, *_ = lines = result.stdout.splitlines()
    assert re.match(r"MicroPython 1\.\d+\.\d+ \(\d\d bits\) runs firmware/; \w+ on 127", opening)
    assert "28 points on 8 nodes" in opening
    assert "  lost      nothing" in lines
    (measured,) = re.findall(r"^Measured ([\d.]+) s of 28 points", result.stdout, re.MULTILINE)
    assert float(measured) >= 3.9
    (got, wanted) = re.search(r"(\d+) of (\d+) realtime", result.stdout).groups()
    assert got == wanted and int(got) >= 4


def test_says_how_far_the_grid_is_from_the_truth():
    result = call("run", "--seconds", 5)
    (percent,) = re.findall(r"  accuracy  grid .* in truth .*: ([+-][\d.]+) %", result.stdout)
    assert abs(float(percent)) <= 0.05  # the project's limit for active power


def test_a_house_with_a_power_box_has_its_line_and_its_accuracy():
    result = call("run", "--seconds", 7, "--house", ROOT / "tools" / "houses" / "power_box.toml")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "A-bus" not in result.stdout
    (well, of, answers) = re.search(
        r"  B-bus     (\d+) of (\d+) devices well, (\d+) answers", result.stdout
    ).groups()
    assert well == of == "3" and int(answers) > 15
    (percent,) = re.findall(r"  accuracy  grid .* in truth .*: ([+-][\d.]+) %", result.stdout)
    assert abs(float(percent)) <= 0.05  # the project's limit for active power


def test_a_broker_that_ends_is_named():
    with subprocess.Popen(
        [*COMMAND, "run"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        kind = re.search(r"; (\w+) on 127", run.stdout.readline())[1]
        for pid in children(run.pid):
            words = Path(f"/proc/{pid}/cmdline").read_text()
            if "mosquitto" in words or "embedded_broker" in words:
                os.kill(pid, signal.SIGKILL)
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 2
    assert re.fullmatch(rf"error: the broker {kind} has ended \(exit code -9\).*\n", errors)


GRID = {
    "scheme": "3x400+N",
    "loads": [{"name": "Lamp", "role": "circuit"}, {"name": "Grid", "role": "grid"}],
    "points": [
        {"load": "Lamp", "ct": "AC-CT-50A", "phase": "L1"},
        {"load": "Grid", "ct": "AC-CT-100A", "phase": "L1"},
        {"load": "Grid", "ct": "AC-CT-100A", "phase": "L2", "reversed": True},
    ],
}


def true_watts(samples):
    """Of the site above, by the scale in docs/a-bus.md, section 2."""
    volts = samples[:2] * 0.015
    amps = samples[4:6] * (1.5 * 2**0.5 * 100 / 32767)
    return volts[0] * amps[0] - volts[1] * amps[1]


def test_in_a_world_silence_is_waited_for(monkeypatch, capsys):
    """Docs/connection.md's own example, until somebody plugs the cable in."""
    monkeypatch.setattr(live, "_PATIENCE_S", 2.0)
    plugging = threading.Timer(8.0, lambda: send("cable in"))
    plugging.start()
    try:
        world = "wifi house password=geheim123; cable out"
        # 1: what nobody could take was dropped.
        assert main(["run", "--seconds", "1", "--world", world]) == 1
    finally:
        plugging.cancel()
    opening, first, *_ = capsys.readouterr().out.splitlines()
    assert re.search(r"the hotspot's page is http://127\.0\.0\.1:\d+/; ", opening)
    assert first.startswith("no way from the gateway to the broker")


@pytest.mark.parametrize("error", [1.0, 1.01])
def test_truth_finds_where_the_reports_began(error):
    random = np.random.default_rng(7)
    samples = random.integers(-32768, 32768, (6, 64 * 250)).astype(np.int16)
    truth = Truth(GRID)
    for first in range(0, samples.shape[1], 64):
        truth.tap(first, samples[:, first : first + 64])
    watts = true_watts(samples.astype(float))
    counts, reports, at = [3120, 3200, 3199, 3201, 3200], [], 777
    for count in counts:
        reports.append(
            (count, error * float(watts[at : at + count].mean()) if at < 13000 else 5.0)
        )
        at += count
    measured, true, seconds = truth.energy(reports)  # the samples do not cover the last report
    assert seconds == pytest.approx(sum(counts[:4]) / 3200)
    assert true == pytest.approx(watts[777 : 777 + sum(counts[:4])].sum() / 3200, rel=1e-9)
    assert measured == pytest.approx(error * true, rel=1e-9)


# When the gateway has read the box (s), and how many s of its reports there are: steady; a busy
# machine, so that a second of the box comes twice and another one never; a round without a report.
READS = [
    ([2.4, 3.4, 4.4, 5.4, 6.4], [0, 1, 2, 3, 4]),
    ([2.4, 3.9, 4.05, 5.98, 7.01, 7.99], [0, 1, 2, 3, 4, 5]),
    ([1.5, 2.4, 3.9, 4.4, 5.05, 6.1, 7.2, 8.1], [1, 2, 3, 5, 6, 7]),
]


@pytest.mark.parametrize("reads, reported", READS, ids=["steady", "busy", "lost"])
@pytest.mark.parametrize("error", [1.0, 1.01])
def test_truth_of_a_power_box_is_that_of_the_seconds_that_it_has_answered(reads, reported, error):
    random = np.random.default_rng(9)
    samples = random.integers(-32768, 32768, (6, 9 * 3200)).astype(np.int16)
    samples[4:6] = samples[4:6] * random.random(9).repeat(3200)  # each second another power
    samples[2:4] = 0
    truth, start = Truth(GRID), 4294000000
    for first in range(0, samples.shape[1], 64):
        truth.tap(start + first, samples[:, first : first + 64])
    watts = true_watts(samples.astype(float)).reshape(9, 3200).mean(axis=1)
    for read in reads:
        truth.answered(read * 1e6, start + 3200 * (int(read) - 1))
    counts, reports = [3200], []
    for before, now in itertools.pairwise(reported):
        counts.append(round((reads[now] - reads[before]) * 3200))
    for k, count in zip(reported, counts, strict=True):
        reports.append((count, error * watts[int(reads[k]) - 1]))
    measured, true, seconds = truth.energy(reports)
    assert seconds == pytest.approx(sum(counts) / 3200)
    by_hand = [watts[int(reads[k]) - 1] * n for k, n in zip(reported, counts, strict=True)]
    assert true == pytest.approx(sum(by_hand) / 3200, rel=1e-9)
    assert measured == pytest.approx(error * true, rel=1e-9)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_ends_cleanly_when_asked_and_leaves_no_process(kind):
    """The signal goes to the whole process group, as a terminal sends it."""
    process = subprocess.Popen(
        [*COMMAND, "run"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    opening = process.stdout.readline()
    status = process.stdout.readline()  # after five seconds
    family = children(process.pid)
    os.killpg(process.pid, kind)
    rest, errors = process.communicate(timeout=120)
    assert opening.startswith("MicroPython") and " V  " in status
    assert process.returncode == 0, errors
    assert "Measured" in rest and errors == ""
    assert len(family) >= 2
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]


def test_dies_with_its_children_when_killed(tmp_path):
    process = subprocess.Popen(
        [*COMMAND, "run", "--state", tmp_path], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    family = children(process.pid)
    process.kill()
    process.communicate(timeout=120)
    assert len(family) >= 2
    assert wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 10)


def bad_site(tmp_path, change):
    site = load_house(HOUSE).site_json()
    change(site)
    path = tmp_path / "site.json"
    path.write_text(json.dumps(site))
    return path


BAD_SITES = [
    ("ct", lambda site: site["points"][3].update(ct="AC-CT-60A"), r"points\[3\]\.ct.*AC-CT-60A"),
    ("29 points", lambda site: site["points"].append(site["points"][0]), r"28"),
    ("no head", lambda site: site.pop("head"), r"head"),
]


@pytest.mark.parametrize("change, words", [row[1:] for row in BAD_SITES], ids=lambda v: str(v)[:9])
def test_a_site_that_the_firmware_refuses(tmp_path, change, words):
    path = bad_site(tmp_path, change)
    refused(call("run", "--site", path), rf"error: {path}: .*{words}")


def refused(result, pattern):
    """One line on stderr, no traceback, exit code 2."""
    assert result.returncode == 2, result.stdout + result.stderr
    assert re.fullmatch(pattern + r".*\n", result.stderr)


@pytest.mark.parametrize(
    "content, words",
    [(b'{"a": 1,\n "b": }', r":2: not JSON"), (b"[1]", ": "), (b"\xff", ": is not UTF-8")],
)
def test_a_site_file_that_is_not_one(tmp_path, content, words):
    path = tmp_path / "site.json"
    path.write_bytes(content)
    refused(call("run", "--site", path), rf"error: {path}{words}")


def test_a_house_that_is_not_one(tmp_path):
    path = tmp_path / "house.toml"
    path.write_text('name = "open\n')
    refused(call("run", "--house", path), rf"error: {path}:1: ")
    refused(call("run", "--house", tmp_path / "none.toml"), rf"error: {tmp_path}/none.toml: ")


def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        refused(call("run", "--port", port), rf"error: port {port} is in use")


def run_here(capsys, *arguments):
    """`run` within this process, so that what it looks for can be taken away."""
    code = main(["run", *arguments])
    return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())


def test_no_interpreter(tmp_path, monkeypatch, capsys):
    (tmp_path / "build" / "bin").mkdir(parents=True)
    monkeypatch.setattr(interpreter, "ROOT", tmp_path)
    monkeypatch.setattr(interpreter, "BIN", tmp_path / "build" / "bin")
    refused(run_here(capsys), "error: no 32-bit MicroPython interpreter .*make setup")


def test_no_broker(monkeypatch, capsys):
    monkeypatch.setattr(broker, "available", list)
    refused(run_here(capsys), "error: no MQTT broker: .*make setup")


def test_a_directory_that_cannot_be_made(tmp_path):
    place = tmp_path / "file" / "state"
    place.parent.write_text("")
    refused(call("run", "--state", place), f"error: {place}: cannot be made")


def start_script(tmp_path, source, **options):
    script = tmp_path / "broken.py"
    script.write_text(source)
    house = load_house(HOUSE)
    return Session(Installation(house), house.site_json(), script=script, **options)


@pytest.mark.parametrize(
    "source, words",
    [
        ("raise ValueError('cold solder')", "exit code 1.*ValueError: cold solder"),
        ("import sys; print('error: site.json: no.'); sys.exit(1)", "^site.json: no.$"),
        ("import sys; sys.exit(3)", "exit code 3.*nothing"),
    ],
)
def test_a_firmware_that_dies_is_reported_in_one_line(tmp_path, source, words):
    with start_script(tmp_path, source, directory=tmp_path / "state") as session:
        session.wait(120)
        with pytest.raises(UserError, match=words) as caught:
            session.check()
    assert "\n" not in str(caught.value)


def test_a_firmware_that_hangs_is_ended(tmp_path):
    source = program("hang").read_text()
    session = start_script(tmp_path, source, directory=tmp_path / "state")
    pid = session.pid
    assert wait_for(lambda: "here" in session.tail())
    session.stop()
    assert session.exit_code == -signal.SIGTERM
    assert not Path(f"/proc/{pid}").exists()


def test_a_gateway_that_restarts_says_so(tmp_path):
    session = start_script(tmp_path, "raise SystemExit(0)")
    try:
        assert session.wait(120) == 0
        with pytest.raises(UserError, match="restarts, as after a factory reset"):
            session.check()
    finally:
        session.stop()


def test_stopping_leaves_no_directory(tmp_path):
    with start_script(tmp_path, "print('well')") as session:
        directory = session.directory
        assert (directory / "site.json").exists()
        session.wait(120)
    assert not directory.exists()


def test_console_joins_the_two_ptys(tmp_path):
    console = Console(tmp_path / "log")
    command = [sys.executable, "-u", program("cpython/answer_once")]
    echo = subprocess.Popen(command, stdin=console.inner, stdout=console.inner)
    console.start()
    assert wait_for(lambda: (tmp_path / "log").read_bytes() == b"hello\n")
    with open(console.path, "r+b", buffering=0) as terminal:
        time.sleep(0.3)  # the console looks for a visitor ten times a second
        terminal.write(b"there\n")
        seen = b""
        while not seen.endswith(b"xx\r\n") and select.select([terminal], [], [], 10)[0]:
            seen += terminal.read(100)
    assert seen == b"there!\r\nxx\r\n"  # nothing of what was said before
    assert echo.wait(120) == 0
    console.drain()
    console.stop()
    assert (tmp_path / "log").read_bytes() == b"hello\nthere!\nxx\n"


def test_repl_without_a_gateway(monkeypatch, tmp_path, capsys):
    """Not by a process of its own: another part of the tests may have a gateway in this tree."""
    monkeypatch.setattr(repl, "REPL_FILE", tmp_path / "repl")
    assert main(["repl"]) == 2
    line = (
        "error: no simulated gateway is running: start one with `make run` in another terminal\n"
    )
    assert capsys.readouterr() == ("", line)
    refused(call("repl", "--port", "/dev/none"), "error: /dev/none: no such port")


def test_repl_reaches_the_running_gateway():
    if not has_repl():
        pytest.skip("aiorepl is not installed: run `make setup` where MicroPython's "
                    "package index can be reached")  # fmt: skip
    with subprocess.Popen(
        [*COMMAND, "run"], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as run:
        run.stdout.readline()
        run.stdout.readline()
        answers = [
            call("repl", "resume", "exec", "print(gateway.measuring.reports)") for _ in range(2)
        ]
        run.send_signal(signal.SIGINT)
        rest, _ = run.communicate(timeout=120)
    numbers = [int(answer.stdout) for answer in answers]
    assert 0 < numbers[0] <= numbers[1]
    assert run.returncode == 0 and "lost      nothing" in rest


@pytest.mark.skipif(not RECORDING.exists(), reason=NO_RECORDING)
@pytest.mark.parametrize("bits", [32, 64])
def test_replay_agrees_with_numpy_on_the_recording(bits):
    comtrade = pytest.importorskip("comtrade")
    result = call("replay", "--recording", RECORDING, "--bits", bits)
    assert result.returncode == 0, result.stderr
    windows = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(windows) == 2 and windows[0]["run_in"] < 64 and windows[1]["run_in"] == 0
    record = comtrade.load(str(RECORDING), encoding="gbk")
    window = windows[1]
    span = slice(window["first_sample"], window["first_sample"] + window["samples"])

    def channel(name):
        index = record.analog_channel_ids.index(name)
        settings = record.cfg.analog_channels[index]
        return np.array(record.analog[index])[span], settings.primary / settings.secondary

    volts = [channel(f"220kVxgx_214开关_U{phase}")[0] for phase in "abc"]
    assert window["voltages"] == pytest.approx(
        [np.sqrt(np.mean(volt**2)) for volt in volts], rel=1e-4
    )
    for point in window["points"][:6]:  # the larger ones; a count of the CT is up to 0.6 A here
        secondary, ratio = channel(point["channel"])
        assert point["I"] == pytest.approx(np.sqrt(np.mean(secondary**2)) * ratio, rel=2e-3)
        watt = np.mean(volts[point["phase"] - 1] * secondary) * ratio
        assert point["P"] == pytest.approx(watt, abs=2e-3 * point["S"])


@pytest.mark.skipif(not RECORDING.exists(), reason=NO_RECORDING)
def test_replay_names_a_missing_channel(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(
        'name = "Bay"\nlocation = 1\ntimezone = "Etc/UTC"\nutc_offset = 0\nscheme = "3x400+N"\n'
        'frequency = 50\n[head]\nvoltages = ["Ua", "Ub", "Uc"]\n'
        '[[load]]\nname = "Bay"\nrole = "circuit"\npoints = [{ channel = "Ia", phase = "L1" }]\n'
    )
    refused(
        call("replay", "--recording", RECORDING, "--site", path), rf"error: {path}:\d+: .*'Ua'"
    )


def test_replay_without_a_recording(tmp_path):
    path = tmp_path / "none.cfg"
    refused(call("replay", "--recording", path), rf"error: {path}: cannot be read")
