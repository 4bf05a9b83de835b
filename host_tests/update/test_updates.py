"""A gateway that runs is given an update: fetched, checked, started, kept or taken back."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commanded_gateway import Running
from gateway_host import image
from gateway_host import session as sessions
from gateway_host.broker import Broker
from gateway_host.security.rows import states
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.update import keys, publish
from open_ports import Ports
from running_gateway import PATIENCE_S, Listener, mqtt_at
from update_server import UpdateServer

ARCHITECTURE = image.ARCHITECTURES[32]
HEAP = "2M"  # an update's code is in it


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "key.pem"
    keys.make(file)
    return file


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[Path]:
    """The image that was flashed, which knows the key; in the folder beside it two updates:
    "new", and one that does not start ("broken")."""
    folder = tmp_path_factory.mktemp("updates")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image, "IMAGES", folder / "images")
        flashed = image.build("SIMULATOR", ARCHITECTURE, keys.modulus(key))
        shutil.copy(flashed.romfs, folder / "flashed.romfs")
        broken = {"start.py": "raise ValueError('no start')\n"}
        for name, changes in {"new": {}, "broken": broken}.items():
            changes["system/version.py"] = f'VERSION = "0.2.0-{name}"\nSECURITY = 1\n'
            built = image.build("SIMULATOR", ARCHITECTURE, keys.modulus(key), changes)
            publish.publish(built, key, folder / name)
        patch.setattr(sessions, "image_of", lambda _: folder / "flashed.romfs")
        yield folder


class Lives:
    """A gateway of these files, which begins anew when it ends."""

    def __init__(self, directory: Path, broker: Broker, listener: Listener):
        self.directory = directory
        self.port = broker.port
        self.listener = listener
        self._given: dict[str, Any] | None = listener.plan

    @contextlib.contextmanager
    def start(self, **board: Any) -> Iterator[Running]:
        installation = Installation(load_house(DEFAULT_HOUSE))
        running = Running(installation, self.listener.plan, self.listener, self.port)
        settings = {"mqtt": mqtt_at(self.port)} if self._given else {}
        session = Session(
            installation,
            self._given,
            directory=self.directory,
            heap=HEAP,
            board=board,
            **settings,
        )
        self._given = None
        with session:
            running.session = session
            yield running


@pytest.fixture
def lives(tmp_path: Path, place: Path) -> Iterator[Lives]:
    plan = load_house(DEFAULT_HOUSE).site_json()
    with Broker() as broker, Listener(plan, broker.port) as listener:
        listener.plan = plan
        yield Lives(tmp_path, broker, listener)


def state(listener: Listener, wanted: Any) -> dict[str, Any]:
    """The first message `gateway` from now on of which that is true."""
    before = len(listener.of("gateway"))

    def found(items: list[Any]) -> Any:
        states = [m.value for m in items if m.topic == "gateway"][before:]
        return next((one for one in states if wanted(one)), None)

    return listener.messages.until(found, "a state of the gateway")


def test_an_update_is_fetched_started_and_kept(lives, place):
    """Over a line that drops, by a server that knows ranges: nothing is fetched twice."""
    size = (place / "new" / "SIMULATOR" / "program").stat().st_size
    with UpdateServer(place / "new", drop=100_000) as server:
        with lives.start() as running:
            state(lives.listener, lambda one: one["mqtt"]["connects"])
            with Ports(running.session.pid, {}) as ports:
                url = f"http://127.0.0.1:{server.port}/SIMULATOR"
                answer = running.ask("1", update={"url": url})
                assert answer["result"] == {"version": "0.2.0-new", "size": size}
                running.session.wait(240)
                assert ports.until_now() == list(states()["fetches an update"].opens)
            running.session.check(may_end=True)
    begins = [int(a.split("=")[1].split("-")[0]) for path, a in server.asked if "program" in path]
    assert begins == list(range(0, size, 100_000))
    with lives.start() as running:
        one = state(lives.listener, lambda one: one["firmwareVersion"] == "0.2.0-new")
        assert one["update"]["trial"]
        state(lives.listener, lambda one: not one["update"]["trial"])
    with lives.start():
        one = state(lives.listener, lambda one: True)
        assert (one["firmwareVersion"], one["update"]["trial"]) == ("0.2.0-new", False)


def test_one_that_does_not_start_goes_back(lives, place):
    """Within three starts, by a server that knows no ranges; nothing of it is asked for again."""
    with UpdateServer(place / "broken", ranges=False) as server:
        with lives.start() as running:
            state(lives.listener, lambda one: one["mqtt"]["connects"])
            running.ask("1", update={"url": f"http://127.0.0.1:{server.port}/SIMULATOR/"})
            running.session.wait(240)
            running.session.check(may_end=True)
        asked = len(server.asked)
        for _ in range(2):
            with lives.start() as running:
                assert running.session.wait(PATIENCE_S) != 0
                assert "no start" in running.session.tail()
        with lives.start():
            wanted = state(lives.listener, lambda one: one["update"])
        assert wanted["firmwareVersion"] == "0.1.0"
        assert wanted["update"]["back"] == "0.2.0-broken"
        assert wanted["update"]["error"] == "0.2.0-broken did not work and has gone back"
        assert wanted["errors"]["update.back"] == 1
        assert len(server.asked) == asked


def test_an_update_in_safe_mode_ends_it(lives, place):
    """It begins with no failed start, and a trial never is in safe mode."""
    for number in range(3):
        with lives.start(debug=False, reset="watchdog" if number else "power-up") as running:
            assert state(lives.listener, lambda one: True)["lastEnd"]["failed"] == number
            running.session.kill()
    safe = lives.start(debug=False, reset="watchdog")
    with UpdateServer(place / "new") as server, safe as running:
        assert "safeMode" in state(lives.listener, lambda one: one["mqtt"]["connects"])
        answer = running.ask("1", update={"url": f"http://127.0.0.1:{server.port}/SIMULATOR"})
        assert answer["result"]["version"] == "0.2.0-new"
        running.session.wait(240)
        running.session.check(may_end=True)
    with lives.start(debug=False, reset="software") as running:
        one = state(lives.listener, lambda one: one["firmwareVersion"] == "0.2.0-new")
        assert one["update"]["trial"] and one["lastEnd"]["failed"] == 0
        running.session.kill()
    with lives.start(debug=False, reset="watchdog"):
        one = state(lives.listener, lambda one: True)
        assert (one["firmwareVersion"], one["lastEnd"]["failed"]) == ("0.2.0-new", 1)
    with lives.start(debug=False, reset="watchdog"):  # that one had its two starts
        one = state(lives.listener, lambda one: True)
        assert (one["firmwareVersion"], one["lastEnd"]["failed"]) == ("0.1.0", 0)
        assert "safeMode" not in one


def tampered(place: Path, folder: Path, change: dict[str, Any], key: Path | None = None) -> None:
    """The published update with another manifest, signed by the key, or not anew."""
    shutil.copytree(place / "new" / "SIMULATOR", folder / "SIMULATOR")
    text = json.loads((folder / "SIMULATOR" / "manifest.json").read_text()) | change
    (folder / "SIMULATOR" / "manifest.json").write_text(json.dumps(text))
    if key:
        signature = keys.sign(key, json.dumps(text).encode())
        (folder / "SIMULATOR" / "manifest.sig").write_bytes(signature)


def test_what_is_refused_changes_nothing(lives, place, key, tmp_path):
    cases = [
        ({"version": "9"}, False, "update: the manifest is not signed by this gateway's maker"),
        ({"article": "GENIUS"}, True, "update: is for GENIUS on x86, this is SIMULATOR on x86"),
        ({"architecture": "x64"}, True, "is for SIMULATOR on x64, this is SIMULATOR on x86"),
        ({"security": 0}, True, "has security level 0, this gateway is at 1 and never goes back"),
        ({"share": 0}, True, "goes to 0 % of the gateways so far, and this is not among them"),
        ({"size": "all"}, True, "update: security, size, share must be whole numbers"),
        ({"sha256": "00"}, True, "update: article, architecture, version, sha256 must be texts"),
    ]
    with lives.start() as running:
        state(lives.listener, lambda one: one["mqtt"]["connects"])
        for number, (change, signed, words) in enumerate(cases):
            folder = tmp_path / f"served-{number}"
            tampered(place, folder, change, key if signed else None)
            with UpdateServer(folder) as server:
                url = f"http://127.0.0.1:{server.port}/SIMULATOR"
                answer = running.ask(str(number), update={"url": url})
                assert not answer["ok"] and words in answer["text"], answer
                assert [path for path, _ in server.asked if path.endswith("program")] == []
        running.session.interrupt()
    assert not (lives.directory / "programs").exists()


def test_the_highest_security_level_that_ran_here_counts(lives, place, key, tmp_path):
    """Also where a factory reset has left the program that was flashed, of a lower one."""
    with lives.start() as running:
        state(lives.listener, lambda one: one["mqtt"]["connects"])
        running.session.interrupt()
    assert (lives.directory / "security_kept").read_text() == "1"
    (lives.directory / "security_kept").write_text("3")
    tampered(place, tmp_path / "served", {"security": 2}, key)
    with UpdateServer(tmp_path / "served") as server, lives.start() as running:
        state(lives.listener, lambda one: one["mqtt"]["connects"])
        url = f"http://127.0.0.1:{server.port}/SIMULATOR"
        answer = running.ask("1", update={"url": url})
        words = "has security level 2, this gateway is at 3 and never goes back"
        assert not answer["ok"] and words in answer["text"], answer
        running.session.interrupt()
    assert (lives.directory / "security_kept").read_text() == "3"


def test_wrong_addresses_and_a_program_that_is_not_what_was_signed(lives, place, tmp_path):
    tampered(place, tmp_path / "served", {})
    shutil.copy(place / "new" / "SIMULATOR" / "manifest.json", tmp_path / "served" / "SIMULATOR")
    program = tmp_path / "served" / "SIMULATOR" / "program"
    data = bytearray(program.read_bytes())
    data[100_000] ^= 1
    program.write_bytes(data)
    with UpdateServer(tmp_path / "served") as server, lives.start() as running:
        state(lives.listener, lambda one: one["mqtt"]["connects"])
        for wrong, words in (
            ("https://example.org/x", "update.url: must begin with http://, then host and path"),
            ("http://example.org:99999/x", "update.url: 99999 is no port"),
            ("http://127.0.0.1:1/x", "update: "),  # nobody is there
        ):
            answer = running.ask(wrong, update={"url": wrong})
            assert not answer["ok"] and words in answer["text"], answer
        assert running.ask("1", update={"url": f"http://127.0.0.1:{server.port}/SIMULATOR"})["ok"]
        one = state(lives.listener, lambda one: one["update"] and one["update"]["error"])
        words = "what was fetched is not what was signed: it is dropped"
        assert (one["update"]["error"], one["errors"]["update.wrong"]) == (words, 1)
        assert one["firmwareVersion"] == "0.1.0"
        running.session.interrupt()
    assert not (lives.directory / "programs" / "a").exists()


def test_a_manifest_that_is_cut_and_another_part_than_was_asked_for(lives, place):
    with lives.start() as running:
        state(lives.listener, lambda one: one["mqtt"]["connects"])
        for number, (wrong, words) in enumerate(
            (
                ({"cut": 40}, "the connection ended before its time"),
                ({"shifted": 7}, "another part came than was asked for"),
            )
        ):
            with UpdateServer(place / "new", **wrong) as server:
                url = f"http://127.0.0.1:{server.port}/SIMULATOR"
                answer = running.ask(str(number), update={"url": url})
                assert not answer["ok"] and words in answer["text"], answer
        running.session.interrupt()


def test_an_order_whose_server_has_gone_is_replaced(lives, place):
    """And the gateway goes on where it was, after a power cut too."""
    with lives.start() as running:
        state(lives.listener, lambda one: one["mqtt"]["connects"])
        with UpdateServer(place / "broken", drop=50_000) as server:
            url = f"http://127.0.0.1:{server.port}/SIMULATOR"
            assert running.ask("1", update={"url": url})["ok"]
            state(lives.listener, lambda one: one["update"] and one["update"]["fetched"])
        one = state(lives.listener, lambda one: one["update"]["error"])
        assert one["update"]["version"] == "0.2.0-broken"
        with UpdateServer(place / "new", drop=50_000) as server:
            url = f"http://127.0.0.1:{server.port}/SIMULATOR"
            assert running.ask("2", update={"url": url})["result"]["version"] == "0.2.0-new"
            one = state(lives.listener, lambda one: one["update"]["fetched"])
            running.session.kill()
    with lives.start():
        one = state(lives.listener, lambda one: one["update"] and one["update"]["error"])
        assert one["update"]["version"] == "0.2.0-new" and one["update"]["fetched"] >= 50_000
