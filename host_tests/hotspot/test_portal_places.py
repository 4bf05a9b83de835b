"""Who keeps a place on the hotspot's web site, and who loses it, when more come than there are
places. Those who wait for a long answer: installer/test_values.py."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from hotspot import HOST, Hotspot

WHOLE = b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n"


@pytest.fixture(scope="module")
def hotspot(tmp_path_factory):
    with Hotspot(tmp_path_factory.mktemp("hotspot")) as started:
        yield started


def rest(line: socket.socket) -> bytes:
    """What comes until the connection ends."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while data := line.recv(4096):
            answer += data
    return answer


@pytest.mark.parametrize("later_s", [0, 0.15])
def test_who_says_nothing_goes_before_who_has_begun(hotspot, later_s):
    """A browser opens connections that it may need; another one's request is under way, and what
    has come of it may not have been looked at."""
    with contextlib.ExitStack() as stack:

        def come(said: bytes) -> socket.socket:
            line = stack.enter_context(socket.create_connection((HOST, hotspot.port), 60))
            line.sendall(said)
            return line

        first, second = (WHOLE % hotspot.origin.encode()).split(b"\r\n", 1)
        begun = come(b"")
        time.sleep(later_s)
        begun.sendall(first + b"\r\n")
        silent = [come(b"") for _ in range(8)]
        assert rest(silent[0]) == b""  # it has lost its place
        begun.sendall(second)
        assert rest(begun).startswith(b"HTTP/1.1 200 ")


def test_one_at_a_time_where_the_chip_has_little_memory_left(tmp_path):
    """Each connection takes some of what Wi-Fi and TLS live in: of all that came before only who
    is being answered stays."""
    with Hotspot(tmp_path) as hotspot, contextlib.ExitStack() as stack:
        before = [
            stack.enter_context(socket.create_connection((HOST, hotspot.port), 60))
            for _ in range(3)
        ]
        assert hotspot.ask("GET", "/").status == 200
        for line in before:
            line.setblocking(False)
            with pytest.raises(BlockingIOError):
                line.recv(1)
        (tmp_path / "room").write_text("5000")
        assert hotspot.ask("GET", "/").status == 200
        assert [line.recv(1) for line in before] == [b"", b"", b""]


def test_who_takes_nothing_of_an_answer_goes_for_who_comes(tmp_path):
    """Phones that went out of reach: the oldest that takes nothing loses its place, and no other
    one does. Which of them that is depends on how much each line has taken."""
    plan = {"site": "0123abcd", "large": 24000, "unread": 4608}
    with Hotspot(tmp_path, **plan) as hotspot, contextlib.ExitStack() as stack:
        away = []
        for _ in range(4):
            line = stack.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4608)
            line.settimeout(60)
            line.connect((HOST, hotspot.port))
            line.sendall(b"GET /wiring HTTP/1.1\r\nHost: %s\r\n\r\n" % hotspot.origin.encode())
            away.append(line)
        assert hotspot.ask("GET", "/").status == 200
        whole = [rest(line).count(b"x") == plan["large"] for line in away]
        assert sorted(whole) == [False, True, True, True]
