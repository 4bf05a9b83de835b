"""The time of day: SNTP against servers on this machine, good ones and bad ones, and a clock that
goes back only from far ahead."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gateway_host.sim.radio import World
from in_interpreter import program, succeed
from play_in_world import play
from running_gateway import free_port

NTP_EPOCH = 2208988800  # RFC 5905: seconds from 1900 to 1970

Answer = Callable[[bytes], bytes]


def stamp(seconds: float) -> bytes:
    whole = int(seconds + NTP_EPOCH)
    return struct.pack(">II", whole & 0xFFFFFFFF, int((seconds % 1) * 2**32))


def reply(question: bytes, now: float, first: int = 0x24, stratum: int = 2) -> bytes:
    """RFC 5905 figure 8: leap, version, mode; stratum; ...; reference, origin, receive, transmit
    time stamps. The origin is what the client has sent."""
    head = bytes([first, stratum, 6, 0xEC]) + bytes(8) + b"GPS\0"
    return head + stamp(now - 10) + question[40:48] + stamp(now) + stamp(now)


@contextlib.contextmanager
def server(answer: Answer, delay_s: float = 0.0) -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.settimeout(10)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    question, client = line.recvfrom(512)
                    assert len(question) == 48 and question[0] == 0x23  # version 4, client
                    answered = answer(question)
                    time.sleep(delay_s)
                    if answered:
                        line.sendto(answered, client)

        threading.Thread(target=serve, daemon=True).start()
        yield line.getsockname()[1]


def ask(port: int, bits: int = 32) -> dict:
    return json.loads(succeed("ask_time", str(port), bits=bits))


@pytest.mark.parametrize("now", [1764000000.25, 2085978495.5, 2085978497.5, 4102444798.75])
def test_the_time_is_the_servers(now, bits):
    """Before and after the seconds begin again at 0 (2036-02-07 06:28:16), and late in 2099."""
    with server(lambda question: reply(question, now)) as port:
        reported = ask(port, bits)
    assert reported["ms"] == pytest.approx(now * 1000, abs=500)


def test_half_the_way_there_and_back_is_taken_off():
    """An answer that takes 0.6 s: the error is 0.3 s at most, whichever way the time was spent."""
    began = time.time()
    with server(lambda question: reply(question, 1764000000 + time.time() - began), 0.6) as port:
        reported = ask(port)
    late = reported["ms"] / 1000 - 1764000000
    assert 0 <= late <= time.time() - began


LIES = {
    "another question's answer": lambda q: reply(q[:40] + b"12345678", 1764000000),
    "a server that is not in step": lambda q: reply(q, 1764000000, first=0xE4),
    "a kiss of death": lambda q: reply(q, 1764000000, stratum=0),
    "a client": lambda q: reply(q, 1764000000, first=0x23),
    "half an answer": lambda q: reply(q, 1764000000)[:40],
    "noise": lambda q: b"\xff" * 48,
    "times that contradict": lambda q: reply(q, 1764000000)[:40] + stamp(1763999990),
    "a year before this firmware": lambda q: reply(q, 1732406400),
    "the end of the month before it": lambda q: reply(q, 1761955199),
    "1970": lambda q: reply(q, 0),
    "2100": lambda q: reply(q, 4102444800),
    "silence": lambda q: b"",
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_no_time_is_refused_in_words(lie):
    with server(LIES[lie]) as port:
        reported = ask(port)
    assert (
        "ms" not in reported
        and "time server" in reported["error"]
        or "answer" in reported["error"]
    )


def run(start: int | None, steps: list, bits: int) -> list[list[int]]:
    return json.loads(succeed("correct_clock", given=[start, steps], bits=bits, heap="2M"))


NOW = 1764000000000


def keep(
    start: int | None,
    seconds: list[float],
    pauses: int,
    *others: list[float],
    cwd: Path,
    **given: object,
) -> list:
    """The gateway's clock and what was paused for after so many pauses. seconds: what the first
    server says, one answer after the other, in s after NOW, None for silence; others: the same of
    the others."""
    left = [list(seconds), *map(list, others)]

    def says(of: list) -> Answer:
        def answer(question: bytes) -> bytes:
            late = of.pop(0)
            return b"" if late is None else reply(question, NOW / 1000 + late)

        return answer

    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(server(says(of))) for of in left]
        given |= {"ports": ports, "start": start, "pauses": pauses}
        said = succeed("keep_time", given=given, cwd=cwd)
    assert not any(left)
    return json.loads(said)


DAY = 86400


@pytest.mark.parametrize(
    ("start", "answers", "right", "pauses"),
    [
        (None, [0, 1], 0, [4, 1800]),
        (None, [30 * DAY, 0, 0, 0], 0, [4, 15, 4, 1800]),  # two that contradict: asked again
        (NOW, [5], 5, [1800]),  # what is near is believed at once
        (NOW, [61, 61], 61, [4, 1800]),
        (NOW, [30 * DAY, 0], 0, [4, 1800]),  # one wrong answer changes nothing
        (NOW + 30 * DAY * 1000, [0, 0], 0, [4, 1800]),  # and back from a wrong month
        (NOW + 30 * DAY * 1000, [0, -5, 0, 0], 0, [4, 64, 4, 1800]),
    ],
)
def test_a_jump_wants_two_answers_that_agree(tmp_path, start, answers, right, pauses):
    now, paused, counts = keep(start, answers, len(pauses), cwd=tmp_path)
    assert now - NOW == pytest.approx(right * 1000, abs=3000)
    assert paused == pauses
    assert counts.get("sntp.failed", 0) == sum(pause in (15, 64) for pause in pauses)


@pytest.mark.parametrize(
    ("start", "said", "right", "pauses"),
    [
        (None, ([0], [1], []), 0, [1800]),  # two of three are enough
        (None, ([30 * DAY], [0], [1]), 0, [1800]),  # one that lies, or is in another's hand
        (None, ([None], [0], [1]), 0, [1800]),  # one that is silent
        (None, ([30 * DAY, 0], [0, 0], [-9 * DAY]), 0, [15, 1800]),  # all three contradict
        (None, ([None, 0], [0, 0], [None]), 0, [15, 1800]),  # one alone says nothing
        (NOW, ([5], [], []), 5, [1800]),  # what is near is believed of any
        (NOW, ([None], [5], []), 5, [1800]),
        (NOW, ([30 * DAY], [5], []), 5, [1800]),  # one of them that is near
        (NOW, ([30 * DAY, 0], [None], [30 * DAY + 9]), 0, [64, 1800]),
        (NOW, ([3000], [3001], []), 3000, [1800]),
        # Whoever holds the network answers for all of them: nothing tells him apart.
        (NOW, ([30 * DAY], [30 * DAY], []), 30 * DAY, [1800]),
    ],
)
def test_more_than_half_of_several_servers_must_agree(tmp_path, start, said, right, pauses):
    now, paused, counts = keep(start, said[0], len(pauses), *said[1:], cwd=tmp_path)
    assert now - NOW == pytest.approx(right * 1000, abs=9000)
    assert paused == pauses
    assert counts.get("sntp.failed", 0) == len(pauses) - 1


def test_before_what_was_known_nothing_is_believed(tmp_path):
    """After a restart a clock without a battery knows nothing; what was known a day ago at most
    is still the earliest that it can be."""
    assert keep(None, [0, 0], 2, cwd=tmp_path)[1:] == [[4, 1800], {}]
    now, paused, counts = keep(None, [-3600, -3600, 0, 0], 4, cwd=tmp_path)
    assert now - NOW == pytest.approx(0, abs=9000)
    assert (paused, counts) == ([4, 15, 4, 1800], {"sntp.failed": 1})


def test_nor_before_our_certificate_was_issued(tmp_path):
    signed = {"signed": NOW // 1000 - 60}
    now, paused, counts = keep(None, [-DAY, -DAY, 0, 0], 4, cwd=tmp_path, **signed)
    assert now - NOW == pytest.approx(0, abs=9000)
    assert (paused, counts) == ([4, 15, 4, 1800], {"sntp.failed": 1})


def test_a_power_cut_while_the_time_is_kept(tmp_path):
    """Any part of the newer file: the older one holds."""
    keep(None, [0, 0], 2, cwd=tmp_path)
    keep(None, [2 * DAY, 2 * DAY], 2, cwd=tmp_path)
    files = {name: (tmp_path / name).read_bytes() for name in ("time.0", "time.1")}
    newer = max(files, key=lambda name: int(files[name][12:-4]))
    for size in range(len(files[newer])):
        (tmp_path / newer).write_bytes(files[newer][:size])
        said = succeed("show_time_floor", cwd=tmp_path)
        assert int(said) == pytest.approx(NOW, abs=9000)


def test_not_known_until_somebody_says_it(bits):
    shown = run(None, [["pass", 1000, 3], ["correct", NOW], ["pass", 1000, 2]], bits)
    assert [now for _, now in shown] == [None] * 3 + [NOW, NOW + 1000, NOW + 2000]


@pytest.mark.parametrize("late", [1, 80, -80, 900, -900])
def test_small_errors_run_in_without_a_jump(late, bits):
    """At 500 ppm, never backwards, until the error is made good; and then no further."""
    steps = [["correct", NOW], ["correct", NOW + late], ["pass", 1000, 2 * abs(late) + 10]]
    shown = run(None, steps, bits)
    for (before, early), (after, now) in zip(shown[1:], shown[2:], strict=False):
        assert abs((now - early) - (after - before)) <= 1
        assert now >= early
    assert shown[-1][1] == NOW + late + shown[-1][0]
    half = len(shown) // 2
    assert abs(shown[half][1] - NOW - shown[half][0]) <= abs(late) * 0.6 + 2


def test_what_is_late_by_much_is_put_right_at_once(bits):
    shown = run(NOW, [["pass", 1000, 1], ["correct", NOW + 3601000], ["pass", 1000, 1]], bits)
    assert [now - NOW for _, now in shown] == [1000, 3601000, 3602000]


def test_what_is_early_by_much_waits_and_never_goes_back(bits):
    """Half the speed until the time has come."""
    steps = [["pass", 1000, 1], ["correct", NOW - 59000], ["pass", 1000, 200]]
    shown = run(NOW, steps, bits)
    times = [now for _, now in shown]
    assert times == sorted(times)
    assert shown[-1][1] == NOW - 59000 + shown[-1][0] - 1000


def test_what_is_early_by_more_than_an_hour_goes_back_once(bits):
    steps = [["pass", 1000, 1], ["correct", NOW - 3602000], ["pass", 1000, 5]]
    shown = run(NOW, steps, bits)
    assert [now - NOW for _, now in shown] == [1000] + [1000 * k - 3602000 for k in range(6)]


def test_a_month_of_a_clock_with_a_crystal_that_is_off(bits):
    """Asked every half hour, 30 ppm off: never more than the drift of that time away."""
    steps, true = [["correct", NOW]], NOW
    for _ in range(200):
        true += round(1800000 / (1 + 30e-6))
        steps += [["pass", 1800000, 1], ["correct", true]]
    shown = run(None, steps, bits)
    times = [now for _, now in shown]
    assert times == sorted(times)
    assert abs(times[-1] - true) <= 110


FIRMWARE = 1763942400000  # 2025-11-24, docs/connection.md


def test_what_a_gateway_does_that_gets_no_time(tmp_path):
    """Nobody listens where the time servers are said to be. After a minute the installer is
    advised; TLS judges by the earliest time that it can be: here the firmware's date."""
    nobody = [("127.0.0.1", free_port()) for _ in range(3)]
    program_file = program("say_no_time")
    (reported,) = play(World(), program_file, tmp_path, given=100, epoch=None, times=nobody)
    assert (reported["known"], reported["clock"], reported["now"]) == (False, [FIRMWARE], None)
    (advice,) = reported["advice"]
    assert advice.startswith("the gateway does not know the time: no two time servers agree; let")
