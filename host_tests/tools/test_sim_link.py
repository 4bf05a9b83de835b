"""The board's link: a child process plays the board over the pty."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest
from a_bus_check import check_of
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.link import LinkServer
from in_interpreter import program

DEFAULT = Path(__file__).parents[2] / "tools" / "houses" / "default.toml"


def run(server: LinkServer, case: str, *texts: str) -> subprocess.CompletedProcess:
    """A function of programs/board_on_link.py."""
    command = [sys.executable, program("cpython/board_on_link"), server.path, case, *texts]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture
def installation() -> Installation:
    return Installation(load_house(DEFAULT))


# The header of ASSIGN, as in the vectors of docs/a-bus.md.
ASSIGN = bytes.fromhex("a505ff0000001400f8ebae36")


def assign_head() -> str:
    """ASSIGN for the head 5020000001, in hex: address 1, schedule 3, slot 50."""
    payload = struct.pack("<HHIBB6x", 5020, 50, 1, 1, 3)
    return (ASSIGN + payload + struct.pack("<I", check_of(payload))).hex()


def test_bytes_lamp_and_end(installation):
    lamps = []
    server = LinkServer(installation, on_led=lambda *lamp: lamps.append(lamp))
    with server:
        done = run(server, "light_and_assign", assign_head())
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.split() == ["a5060100", "32"]
        assert server.finished.wait(120)  # the board has closed the link
    assert lamps == [(77, 0, 128, 255)]
    assert server.failure is None


def test_the_end_of_a_recording_is_65535(installation):
    installation.house.ended_at = installation.house.first_sample + 3200
    with LinkServer(installation) as server:
        done = run(server, "read_at_the_end")
        assert done.stdout.split() == ["b''", "65535"]


def test_a_board_that_dies_without_reading_ends_the_server(installation):
    with LinkServer(installation) as server:
        assert run(server, "write_and_die", assign_head()).returncode == 9
        assert server.finished.wait(120)
        assert server.failure is None


def test_stop_ends_a_server_that_nobody_uses(installation):
    server = LinkServer(installation).start()
    server.stop()
    server.stop()
    assert server.finished.is_set()


def test_an_unknown_message_is_a_failure(installation):
    with LinkServer(installation) as server:
        run(server, "say_nonsense")
        assert server.finished.wait(120)
        assert "0x3f" in str(server.failure)
