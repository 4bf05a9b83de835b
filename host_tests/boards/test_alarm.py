"""boards/common's waits by a hardware timer, on a chip that is made up here: the timer rings when
the test says so."""

from __future__ import annotations

from esp32_fakes import on_chip


def test_a_wait_ends_when_the_timer_rings():
    events, slept, timers = on_chip("alarm_rings")
    once = [[0, us, 1000000] for us in (300, 14650, 90000, 99999)]
    assert events == [
        *(once[0], "rings", "woken", once[1], "rings", "woken", once[2], once[3]),
        *("second", "long", "short", "third", "after"),
    ]
    assert (slept, timers) == ([3, 1000, 0, 5], 1)
