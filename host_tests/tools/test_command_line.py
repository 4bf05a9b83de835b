"""make as a person at a terminal calls it: options, odd values, signals, closed outputs."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import termios
import time
from pathlib import Path

import pytest
from gateway_host.interpreter import ROOT
from make_calls import environment, errors, family, left, make, measured

# Of each target that has options: what its recipe calls.
TARGETS = "run test world fuzz chip image flash repl replay label collect fleet".split()
TARGETS += ["soak", "setup", "doctor", "configure"]
_CALLS = r"\$\(call (?:given|flag,\w+|option,\w+),([A-Z]+)"
NAMES = sorted(set(re.findall(_CALLS, (ROOT / "Makefile").read_text())))
ODD = ("it's.toml", "two  spaces", "a$b", "$(shell id)", "`id`", 'say "x"', "-x", "ünï/ö", "#1",
       "a;b", "a\nb", "*", "\\", "-5", "1e400", "=", "%", "a,b", "(", "')")  # fmt: skip


def test_the_environment_holds_no_options() -> None:
    assert {"PORT", "SITE", "HOUSE", "SECONDS", "BOARD", "TESTS", "PYTHON", "KEY"} <= set(NAMES)
    crowded = environment(**dict.fromkeys(NAMES, "from-elsewhere"))
    for target in TARGETS:
        plain = make("-n", target)
        assert plain.returncode == 0
        assert make("-n", target, env=crowded).stdout == plain.stdout, target


@pytest.mark.parametrize("value", ODD, ids=ascii)
def test_a_value_reaches_the_command_as_it_was_typed(value: str) -> None:
    # make hands over its own -n: what it would start is a shell's text.
    line = make("-n", "replay", f"SITE={value}").stdout.splitlines()[-1]
    assert shlex.split(line)[-1] == f"--site={value}".replace("\n", " ")


def test_a_switch_can_be_off() -> None:
    for value, on in {"1": True, "yes": True, "0": False, "no": False, "": False}.items():
        assert ("--tls" in make("-n", "run", f"TLS={value}").stdout) == on, value


WRONG = [
    ("run", "PORT=abc", "abc"),
    ("run", "PORT=-1", "-1"),
    ("run", "PORT=65536", "65536"),
    ("run", "PORT=99999999999999999999", "9999"),
    ("run", "SECONDS=0", "'0'"),
    ("run", "SECONDS=-3", "-3"),
    ("run", "SECONDS=nan", "nan"),
    ("run", "SECONDS=ten", "ten"),
    ("run", "BITS=16", "16"),
    ("run", "HOUSE=it's not here.toml", "it's not here.toml"),
    ("run", "HOUSE=/", "/: "),
    ("run", "SITE=$HOME.json", "$HOME.json"),
    ("run", "FAULTS=ber", "ber"),
    ("chip", "MINUTES=soon", "soon"),
    ("chip", "MINUTES=nan", "nan"),
    ("chip", "CUTS=-1", "-1"),
    ("fuzz", "N=-1", "-1"),
    ("fuzz", "SEED=x", "'x'"),
    ("image", "BOARD=../..", "../.."),
    ("label", "SERIAL=it's", "it's"),
    ("replay", "SITE=site.toml", "RECORDING=file.cfg"),
    ("replay", "RECORDING=/dev", "/dev"),
    ("collect", "BROKER=:99999", ":99999"),
    ("collect", "SECONDS=soon", "soon"),
    ("collect", "SECONDS=0", "'0'"),
    ("collect", "SECONDS=nan", "nan"),
    ("fleet", "N=0", "'0'"),
    ("fleet", "SECONDS=nan", "nan"),
    ("fleet", "BACKLOG=-1", "-1"),
    ("fleet", "PROFILE=fast", "fast"),
    ("soak", "MINUTES=0", "above 0"),
    ("soak", "MINUTES=soon", "'soon' is not a number from"),
    ("soak", "MINUTES=nan", "'nan' is not a number from"),
    ("soak", "RECORDS=many", "'many' is not a number from"),
    ("soak", "SEED=1.5", "'1.5' is not a number from"),
    ("test", "TESTS='", "quotation"),
]


@pytest.mark.parametrize("target, word, said", WRONG, ids=str)
def test_what_is_wrong_is_said_in_one_line(target: str, word: str, said: str) -> None:
    done = make(target, word)
    assert done.returncode == 2
    (line,) = errors(done)
    assert line.startswith("error: ") and said in line


def test_a_reader_that_leaves_ends_the_run() -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(["make", "run"], cwd=ROOT, env=environment(), **pipes) as run:
        assert run.stdout.readline().startswith(b"MicroPython")
        family_then = family(run.pid)
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 0 and left(family_then) == []


@pytest.mark.parametrize("end", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_do_no_harm(end: str) -> None:
    done = subprocess.run(
        f"make run SECONDS=1 {end}", shell=True, cwd=ROOT, env=environment(), capture_output=True
    )
    assert not [line for line in done.stderr.splitlines() if not line.startswith(b"make: ***")]


@pytest.mark.parametrize("target", ["run", "doctor"])
def test_an_output_that_is_full_is_said_in_one_line(target: str) -> None:
    words = "SECONDS=1" if target == "run" else ""
    done = subprocess.run(
        f"make {target} {words} >/dev/full",
        shell=True,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    (line,) = errors(done)
    assert re.match("error: the output cannot be written: No space left on device", line)


def ended(words: list[str], end: object, patience_s: float = 15) -> list[int]:
    """Starts make as the leader of a terminal of its own, lets `end(process, master)` end it once
    four processes run; what is still there then."""
    near, far = pty.openpty()

    def lead() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        ["make", *words],
        cwd=ROOT,
        env=environment(),
        stdin=far,
        stdout=far,
        stderr=far,
        start_new_session=True,
        preexec_fn=lead,
    )
    os.close(far)
    until = time.monotonic() + 60
    while len(all_of_them := family(process.pid)) < 4 and time.monotonic() < until:
        if select.select([near], [], [], 0.1)[0]:
            os.read(near, 65536)
    assert len(all_of_them) >= 4
    try:
        end(process, near)
        return left(all_of_them, patience_s)
    finally:
        for pid in left(all_of_them, 0):
            os.kill(pid, signal.SIGKILL)
        process.wait()


def close(_: subprocess.Popen, terminal: int) -> None:
    os.close(terminal)


@pytest.mark.parametrize(
    "words", [["run"], ["test", "TESTS=host_tests/tools/test_broker.py"]], ids=str
)
def test_all_ends_when_the_terminal_is_closed(words: list[str]) -> None:
    """make is the one that the kernel names, and waits for its children (field case F5)."""
    assert ended(words, close) == []


@pytest.mark.parametrize("kind", ["SIGHUP", "SIGINT", "SIGTERM", "SIGKILL"])
def test_all_ends_with_a_signal_to_make_alone(kind: str) -> None:
    def send(process: subprocess.Popen, terminal: int) -> None:
        process.send_signal(signal.Signals[kind])
        while select.select([terminal], [], [], 1)[0]:
            try:
                os.read(terminal, 65536)
            except OSError:  # nobody has it open any more
                break

    assert ended(["run"], send) == []


def test_what_is_written_is_below_build(tmp_path: Path) -> None:
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    env = environment(HOME=str(tmp_path / "home"), TMPDIR=str(tmp_path / "tmp"))
    before = _outside()
    assert measured(make("run", "SECONDS=1", env=env))
    assert make("test", "TESTS=host_tests/system/test_durable.py", env=env).returncode == 0
    killed = subprocess.Popen(
        ["make", "run"], cwd=ROOT, env=env, stdout=subprocess.PIPE, start_new_session=True
    )
    killed.stdout.readline()
    pids = family(killed.pid)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    killed.communicate()
    assert left(pids) == []
    assert list((tmp_path / "home").iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []
    assert _outside() == before


def _outside() -> set[Path]:
    """Every file of the tree that is not below build/."""
    tops = [top for top in ROOT.iterdir() if top.name not in ("build", ".git")]
    return {path for top in tops for path in (top, *top.rglob("*"))}


def test_without_home_and_with_a_tmpdir_that_is_not_there() -> None:
    env = environment(TMPDIR="/nowhere/at/all")
    env.pop("HOME", None)
    done = make("run", "SECONDS=1", env=env)
    assert measured(done), done.stdout + done.stderr


def test_other_settings_of_python_stay_outside(tmp_path: Path) -> None:
    (tmp_path / "rich.py").write_text("raise SystemExit('another rich')")
    settings = {"PYTHONPATH": str(tmp_path), "PYTHONOPTIMIZE": "2", "PYTHONHOME": str(tmp_path)}
    done = make("run", "SECONDS=1", env=environment(**settings))
    assert measured(done), done.stdout + done.stderr
