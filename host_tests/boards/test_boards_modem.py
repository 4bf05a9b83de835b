"""boards/common/modem.py against a modem that speaks AT commands and PPP's data byte by byte on
one line, and against PPP as in MicroPython's ESP32 port (programs/at_modem.py)."""

from __future__ import annotations

from typing import Any

from esp32_fakes import on_chip

import pytest


def play(case: str, **given: Any) -> dict:
    return on_chip("dial_modem", {"case": case, **given}, "CONNECT_4G")


def test_the_reception_is_followed_while_data_flows():
    """Within a minute; the line is without data for less than 5 s, and PPP does not notice."""
    reported = play("follow_reception")
    assert reported["dialled"] == "ok" and reported["pause"] < 5 and reported["noise"] == 0
    seen = [one[:2] for one in reported["seen"]]
    assert seen == [[-73, 0], [-107, 2], [-99, 1], [-51, 0], [None, 0]]
    assert all(one[2:] == [True, True] for one in reported["seen"])
    assert reported["calls"] == ["ATH", "ATD*99#"]


def test_a_modem_that_does_not_know_the_escape_is_seldom_asked():
    """After a minute, then every ten: its data flows on."""
    reported = play("without_escape")
    assert reported == {"dialled": "ok", "connected": True, "pauses": 2, "noise": 0}


ENDS = {  # when, s from dialling
    "the network ends the call": 10,
    "the modem starts anew": 10,
    "the modem dies": 100,
    "it is off for a while": 10,
}


@pytest.mark.parametrize("end", ENDS)
def test_a_call_that_has_ended_is_noticed_and_made_again(end):
    """PPP hears of none of them, and lwIP asks for no echo."""
    reported = play("call_ends", end=end, after_s=ENDS[end])
    assert reported.pop("noticed") <= (700 if end == "it is off for a while" else 70)
    assert reported == {"dialled": "ok", "again": "ok", "connected": True}


@pytest.mark.parametrize("result", ["no_sim", "not_found", "failed", "no_address", "no_modem"])
def test_why_it_cannot_be_dialled(result):
    """And afterwards it can: nothing is left from the try before."""
    reported = play("cannot_dial", result=result)
    assert reported == {"first": result, "connected": False, "second": "ok"}


def test_a_call_from_before_the_start_is_ended_first():
    reported = play("in_a_call_at_start")
    assert reported == {"dialled": "ok", "commands": ["AT", "ATH"], "dbm": 2 * 20 - 113}


@pytest.mark.parametrize("wait_ms", [0, 61200, 62500, 63000, 70000])
def test_it_can_be_left_and_dialled_at_any_time(wait_ms):
    """Also while it is just being asked for its signal."""
    reported = play("leave_and_dial", wait_ms=wait_ms)
    assert reported == {"left": True, "called": False, "dialled": "ok", "connected": True}


@pytest.mark.parametrize("low", [0, 1])
def test_the_power_key_is_pressed_where_the_modem_is_off(low):
    reported = play("press_power_key", low=low)
    assert reported["dialled"] == "ok" and reported["pressed_ms"] == 1200
    assert reported["keys"] == [[13, 1 - low], [13, low]]
