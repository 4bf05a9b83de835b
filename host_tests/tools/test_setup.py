"""What the set-up made: the environment, the interpreters, the libraries, and its own parts."""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from gateway_host import __main__ as commands
from gateway_host import interpreter
from gateway_host.errors import UserError
from gateway_host.interpreter import LIB, ROOT
from in_interpreter import program, succeed

BOOTSTRAP = ROOT / "tools" / "bootstrap"


def test_installed_packages_are_those_of_the_lock() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    pattern = r"^([\w.-]+)==(\S+)(?: ; (.*?))? \\\n    --hash=sha256:[0-9a-f]{64}"
    rows = re.findall(pattern, lock, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^[\w.-]+==", lock, re.MULTILINE)), "a row without hash"
    from packaging.markers import Marker

    wanted = {name: version for name, version, marker in rows if Marker(marker).evaluate()}
    assert {name: importlib.metadata.version(name) for name in wanted} == wanted
    assert "://" not in lock


def test_word_size_is_that_of_the_program_file(bits: int) -> None:
    record = json.loads((ROOT / "build" / "interpreters.json").read_text())
    name = interpreter.find(bits).name
    assert record[name]["bits"] == bits
    # The kernel knows which program runs: byte 4 of an ELF file is 1 for 32, 2 for 64 bits.
    process = interpreter.start(
        ["-c", "import sys; print(1); sys.stdin.read(1)"],
        bits=bits,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    program = Path(f"/proc/{process.pid}/exe").read_bytes()
    process.communicate()
    assert program[4] * 32 == bits


def test_viper_words_wrap_as_c_does(bits: int) -> None:
    word = {32: ctypes.c_int32, 64: ctypes.c_int64}[bits]
    printed = succeed("multiply_in_viper", bits=bits)
    assert int(printed) == word(1_000_003 * 1_000_033).value


def test_heap_is_as_large_as_asked(bits: int) -> None:
    code = "import gc; gc.collect(); print(gc.mem_free() + gc.mem_alloc())"
    sizes = [int(interpreter.run(["-c", code], bits=bits, heap=f"{k}K").stdout) for k in (96, 160)]
    # The collector's tables take up to 1/16 of it.
    assert 90 * 1024 < sizes[0] <= 96 * 1024 < 150 * 1024 < sizes[1] <= 160 * 1024


def test_modules_are_found_where_path_says(bits: int, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "which_one.py").write_text(f"print({number})\n")
    folders = [tmp_path / "2", tmp_path / "1"]
    done = interpreter.run(["-c", "import which_one, asyncio"], bits=bits, path=folders)
    assert (done.stdout, done.returncode) == ("2\n", 0), done.stderr


@pytest.mark.parametrize("module", ["umqtt.simple", "unittest"])
def test_library_can_be_imported(module: str, bits: int) -> None:
    done = interpreter.run(["-c", f"import {module}"], bits=bits, path=[LIB])
    assert done.returncode == 0, done.stdout + done.stderr


def test_interpreter_ends_with_a_killed_parent(bits: int) -> None:
    command = [sys.executable, program("cpython/die_beside"), "an_interpreter", str(bits)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    for _ in range(500):
        if not _alive(pid):
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    pytest.fail(f"process {pid} outlived its parent")


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_missing_interpreter_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreter, "BIN", ROOT / "build" / "nowhere")
    with pytest.raises(UserError, match="make setup"):
        interpreter.find()


def test_user_error_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["no-such-command"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.fullmatch(r"error: no command 'no-such-command'; there are [^\n]*\n", shown.err)


def test_doctor_finds_all_that_is_required() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway_host", "doctor"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{sys.version_info[0]}.{sys.version_info[1]}." in done.stdout


def test_every_make_target_has_a_line_of_help() -> None:
    shown = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True).stdout
    listed = re.findall(r"^  make (\w+) ", shown, re.MULTILINE)
    # make itself knows which targets are declared as phony.
    rules = subprocess.run(
        ["make", "-C", ROOT, "-pnq", "help"], capture_output=True, text=True
    ).stdout
    phony = re.search(r"^\.PHONY: (.*)$", rules, re.MULTILINE)
    assert phony and set(listed) == set(phony[1].split())
    assert listed[0] == "help"


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module tools/bootstrap/apt.py, which is a program's part and not of the package."""
    monkeypatch.syspath_prepend(BOOTSTRAP)
    spec = importlib.util.spec_from_file_location("bootstrap_apt", BOOTSTRAP / "apt.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


SOURCES = {
    "old.list": """\
# deb http://commented.example/debian sid main
deb [ arch=amd64 signed-by=/usr/share/keyrings/one.gpg ] http://a.example/debian bookworm main
deb-src http://source.example/debian sid main
deb http://b.example/debian/ trixie-updates main contrib # for updates
""",
    "new.sources": """\
# A comment
Types: deb deb-src
URIs: http://c.example/debian http://d.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEAAAA
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: http://disabled.example/debian
Suites: sid
Components: main
""",
}


def test_package_sources_are_read_as_apt_reads_them(
    apt: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("apt-get"):
        pytest.skip("apt-get is not on this machine: it is what the reading is compared with")
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    for name, text in SOURCES.items():
        (parts / name).write_text(text)
    lines = subprocess.run(
        [
            *["apt-get", "-oDir::Etc::sourcelist=/dev/null", f"-oDir::Etc::sourceparts={parts}"],
            *[f"-oDir::State::lists={tmp_path}", "indextargets", "--no-release-info"],
            *["--format", "$(REPO_URI) $(RELEASE) $(CREATED_BY)"],
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    expected = {tuple(line.split()[:2]) for line in lines if line.endswith(" Packages")}
    monkeypatch.setattr(apt, "ETC", tmp_path)
    found = {
        (uri.rstrip("/") + "/", suite)
        for stanza in apt._stanzas()
        for uri in stanza["uris"].split()
        for suite in stanza["suites"].split()
    }
    assert found == expected and len(found) == 6


def test_keys_of_a_source_are_kept(
    apt: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    for name, text in SOURCES.items():
        (tmp_path / "sources.list.d" / name).write_text(text)
    monkeypatch.setattr(apt, "ETC", tmp_path)
    monkeypatch.setattr(apt, "_debian_keyring", lambda: None)
    ways = dict(apt.debian_sources("sid"))
    assert list(ways) == [f"http://{name}.example/debian" for name in "cda"]
    assert "Signed-By: /usr/share/keyrings/one.gpg\n" in ways["http://a.example/debian"]
    assert "\n mDMEAAAA\n" in ways["http://c.example/debian"]


def test_links_of_a_package_lead_inside(apt: ModuleType, tmp_path: Path) -> None:
    """As fontconfig's configuration is linked: absolute, to a folder of the same package."""
    (tmp_path / "usr/share/conf.avail").mkdir(parents=True)
    (tmp_path / "usr/share/conf.avail/10.conf").write_text("hints")
    (tmp_path / "etc/conf.d").mkdir(parents=True)
    link = tmp_path / "etc/conf.d/10.conf"
    link.symlink_to("/usr/share/conf.avail/10.conf")
    (tmp_path / "etc/folder").symlink_to("/usr/share/conf.avail")
    (tmp_path / "etc/machine").symlink_to("/proc/self/status")
    apt._lead_inside(tmp_path)
    assert link.read_text() == "hints"
    assert (tmp_path / "etc/folder/10.conf").read_text() == "hints"
    assert os.readlink(tmp_path / "etc/machine") == "/proc/self/status"


def test_a_private_browser_finds_its_libraries_wherever_packages_have_them(
    apt: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """libdbus of Debian 12 lies in /lib, which a machine without it does not have."""
    browser = importlib.import_module("browser")

    class Bundle:
        def version(self, name: str) -> str:
            return "1"

        def extract(self, into: Path) -> None:
            for folder, file in (("lib/own", "libdbus-1.so.3"), ("usr/lib/own", "libx.so")):
                (into / folder).mkdir(parents=True)
                (into / folder / file).touch()
            program = into / "usr/lib/chromium/chromium"
            program.parent.mkdir()
            program.write_text('#!/bin/sh\necho "It works. $LD_LIBRARY_PATH"\n')
            program.chmod(0o755)

    for name, value in (("BUILD", tmp_path), ("ROOT", tmp_path), ("TEMPORARY", tmp_path)):
        monkeypatch.setattr(browser, name, value)
    monkeypatch.setattr(browser, "PLACE", tmp_path / "chromium")
    monkeypatch.setattr(browser, "SCRIPT", tmp_path / "bin/chromium")
    monkeypatch.setattr(browser, "own", lambda: None)
    monkeypatch.setattr(browser.apt, "of_this_release", lambda _: Bundle())
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(browser, "run", lambda command, **_: "It works.")
    browser.make()
    shown = subprocess.run([tmp_path / "bin/chromium"], capture_output=True, text=True, check=True)
    folders = shown.stdout.split(" ")[-1].strip().split(":")
    assert {"lib/own", "usr/lib/own"} <= {
        os.path.relpath(os.path.realpath(folder), tmp_path / "chromium") for folder in folders
    }


def test_damaged_package_file_is_not_taken_from_the_cache(apt: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "thing_1%3a2.0-1_all.deb"
    file.write_bytes(b"whole")
    package = apt.Package.of_file(file.name)
    assert (package.name, package.version) == ("thing", "1:2.0-1")
    apt.Bundle.note("thing", tmp_path, [package])
    assert apt.Bundle.cached("thing", tmp_path).version("thing") == "1:2.0-1"
    file.write_bytes(b"whale")
    assert apt.Bundle.cached("thing", tmp_path) is None
