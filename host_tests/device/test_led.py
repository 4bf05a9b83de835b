"""led.py, panel/animation.py and panel/button.py on the device or in the interpreter on the
host: every transition of the state machine, the light of each frame, what pressing does."""

import unittest

from micropython import heap_lock, heap_unlock

from net.advice import OVERDUE, texts
from led import Led
from panel.animation import COLOURS, Animation
from panel.button import LET_GO, RESET, SHORT, Button

TABLE = {
    "booting": ("blue", "solid"),
    "ready": ("blue", "blinking"),
    "searching": ("cyan", "blinking"),
    "connecting": ("green", "solid"),
    "well": ("green", "breathing"),
    "medium": ("yellow", "breathing"),
    "poor": ("red", "breathing"),
    "lost": ("red", "blinking"),
    "no internet": ("red", "solid"),
    "safe mode": ("purple", "blinking"),
}
# docs/led.md's events with all that they may say.
EVENTS = {
    "updating": (False, True),
    "hotspot": (False, True, "failed"),
    "link": (None, "searching", "none", "up"),
    "unreachable": (False, True),
    "cloud": (False, True),
    "measuring": (False, True),
    "signal": (0, 1, 2),
    "safe": (False, True),
    "reset": (None, "red"),
}
MAX_STATE_S = {"booting": 600, "connecting": 120}

# What happens one after the other, and the state after each: the manual's table as stories.
STORIES = (
    # Ethernet, all is well, the cloud goes and comes back.
    (
        ("link", "up", "connecting"),
        ("cloud", True, "connecting"),
        ("measuring", True, "well"),
        ("cloud", False, "lost"),
        ("link", "searching", "lost"),
        ("link", "none", "lost"),
        ("link", "up", "lost"),
        ("unreachable", True, "lost"),
        ("unreachable", False, "lost"),
        ("cloud", True, "well"),
    ),
    # Nothing is known: the hotspot, a wrong password, the right one.
    (
        ("link", "searching", "searching"),
        ("link", "none", "no internet"),
        ("hotspot", True, "ready"),
        ("hotspot", False, "no internet"),
        ("hotspot", True, "ready"),
        ("link", "up", "ready"),
        ("hotspot", False, "connecting"),
        ("measuring", True, "connecting"),
        ("cloud", True, "well"),
    ),
    # Credentials that do not work, beside a cable with which all is well.
    (
        ("measuring", True, "booting"),
        ("link", "up", "connecting"),
        ("cloud", True, "well"),
        ("hotspot", True, "ready"),
        ("hotspot", "failed", "no internet"),
        ("hotspot", True, "ready"),
        ("hotspot", False, "well"),
    ),
    # A link that leads nowhere.
    (
        ("link", "up", "connecting"),
        ("unreachable", True, "no internet"),
        ("link", "searching", "searching"),
        ("unreachable", False, "searching"),
        ("link", "up", "connecting"),
    ),
    # Service mode and an update while all is well.
    (
        ("measuring", True, "booting"),
        ("link", "up", "connecting"),
        ("cloud", True, "well"),
        ("hotspot", True, "ready"),
        ("updating", True, "booting"),
        ("hotspot", False, "booting"),
        ("updating", False, "well"),
    ),
    # Reception.
    (
        ("link", "up", "connecting"),
        ("cloud", True, "connecting"),
        ("measuring", True, "well"),
        ("signal", 1, "medium"),
        ("signal", 2, "poor"),
        ("cloud", False, "lost"),
        ("cloud", True, "poor"),
        ("signal", 0, "well"),
    ),
    # Safe mode: whatever the links do, but for an update and the hotspot.
    (
        ("safe", True, "safe mode"),
        ("link", "up", "safe mode"),
        ("cloud", True, "safe mode"),
        ("updating", True, "booting"),
        ("updating", False, "safe mode"),
        ("hotspot", True, "ready"),
        ("hotspot", "failed", "no internet"),
        ("hotspot", False, "safe mode"),
    ),
)


class States(unittest.TestCase):
    def test_stories(self):
        for story in STORIES:
            led = Led(TABLE, MAX_STATE_S)
            state = "booting"
            for event, value, after in story:
                changed = led.set_event(event, value, 0)
                self.assertEqual((led.state, changed), (after, state != after), (event, value))
                self.assertEqual((led.colour, led.pattern), TABLE[after])
                state = after

    def test_every_event_in_every_state_ends_in_a_row_of_the_table(self):
        """All that can happen, in every order of three: the state has a row, and only what
        happened decides it. Without a row for "searching" it looks like "booting"."""
        happenings = [(event, value) for event in EVENTS for value in EVENTS[event]]
        lacks = ("ready", "searching", "safe mode")
        poor = {state: TABLE[state] for state in TABLE if state not in lacks}
        for table in (TABLE, poor):
            for first in happenings:
                for second in happenings:
                    for third in happenings:
                        led = Led(table, MAX_STATE_S)
                        for event, value in (first, second, third):
                            led.set_event(event, value, 0)
                        if led.state == "searching" and table is poor:
                            self.assertIn(led.colour, ("blue", "red"))
                        else:
                            self.assertIn(led.state, table)

    def test_what_is_no_event(self):
        led = Led(TABLE, MAX_STATE_S)
        self.assertRaises(KeyError, led.set_event, "rain", True, 0)

    def test_a_state_that_lasts_too_long(self):
        led = Led(TABLE, MAX_STATE_S)
        self.assertFalse(led.becomes_overdue(600))
        self.assertTrue(led.becomes_overdue(601))
        self.assertFalse(led.becomes_overdue(602))  # reported once
        self.assertTrue(led.overdue)
        led.set_event("link", "up", 700)
        self.assertFalse(led.overdue)
        self.assertFalse(led.becomes_overdue(820))
        self.assertTrue(led.becomes_overdue(821))
        led.set_event("unreachable", True, 900)
        self.assertFalse(led.becomes_overdue(100000))  # red may last
        self.assertEqual(sorted(OVERDUE), sorted(MAX_STATE_S))

    def test_looking_for_a_network_is_not_starting(self):
        """It looks the same on a board without a row of its own for it, but may last."""
        led = Led({"booting": ("blue", "solid"), "no internet": ("red", "solid")}, MAX_STATE_S)
        led.set_event("link", "searching", 5)
        self.assertFalse(led.becomes_overdue(100000))
        self.assertEqual((led.colour, led.pattern), ("blue", "solid"))

    def test_what_is_said_when_it_lasts_too_long(self):
        led = Led(TABLE, MAX_STATE_S)
        led.set_event("link", "up", 0)
        self.assertTrue(led.becomes_overdue(121))
        ((name, text),) = texts(led, None, False, False, False)
        self.assertTrue(name == "led" and "activate" in text)
        self.assertEqual(texts(led, "no_cloud", False, False, True), [])  # the uplink says why
        led.set_event("cloud", True, 130)
        ((name, text),) = texts(led, None, False, True, False)
        self.assertTrue(name == "led" and "measures nothing" in text)

    def test_a_page_in_the_internets_place_is_the_providers_over_lte(self):
        led = Led(TABLE, MAX_STATE_S)
        for wrong in ("captive", "router_page"):
            ((_, by_wifi),) = texts(led, wrong, False, False, False)
            ((_, by_lte),) = texts(led, wrong, True, False, False)
            self.assertTrue("SIM" in by_lte and "SIM" not in by_wifi)

    def test_the_buttons_colours_go_before_all_states(self):
        led = Led(TABLE, MAX_STATE_S)
        for colour in ("red", "yellow", "off", "blue", "purple"):
            self.assertFalse(led.set_event("reset", colour, 0))
            self.assertEqual((led.colour, led.pattern), (colour, "solid"))
            led.set_event("link", "none", 0)
            self.assertEqual(led.colour, colour)
        led.set_event("reset", None, 0)
        self.assertEqual((led.colour, led.pattern), ("red", "solid"))


class Shown:
    """Records what the LED is set to, with the ms."""

    def __init__(self):
        self.ms = 0
        self.steps = []
        self.animation = Animation(self.set, lambda: self.ms * 1000 & 0x3FFFFFFF)

    def set(self, red, green, blue):
        self.steps.append((self.ms, (red, green, blue)))

    def play(self, until, step=20):
        """A frame every `step` ms; what was set since."""
        self.steps.clear()
        while self.ms < until:
            self.animation.frame()
            self.ms += step
        return list(self.steps)


class Frames(unittest.TestCase):
    def test_solid(self):
        shown = Shown()
        shown.animation.show("blue", "solid")
        self.assertEqual(shown.play(10000), [(0, (0, 0, 255))])

    def test_blinking(self):
        """Half a second on, half a second off, from the moment that it is shown."""
        shown = Shown()
        shown.ms = 1234
        shown.animation.show("red", "blinking")
        right = [(1234 + 500 * i, (0 if i % 2 else 255, 0, 0)) for i in range(6)]
        self.assertEqual(shown.play(1234 + 3000, 1), right)

    def test_breathing(self):
        """Dark, bright after two seconds, dark after four; every breath is the same."""
        shown = Shown()
        shown.animation.show("green", "breathing")
        steps = shown.play(8000)
        self.assertTrue(all(red == blue == 0 for _, (red, _, blue) in steps))
        light = {}
        for ms, (_, green, _) in steps:
            light[ms] = green
        self.assertEqual(light[2000], 255)
        self.assertEqual(min(light.values()), light[0])
        self.assertTrue(light[0] > 0)
        up = [light[ms] for ms in sorted(light) if ms <= 2000]
        self.assertEqual(up, sorted(up))
        for ms in light:
            if ms < 4000:
                self.assertEqual(light[ms], light.get(ms + 4000, light[ms]))

    def test_yellow_breathes_in_one_hue(self):
        shown = Shown()
        shown.animation.show("yellow", "breathing")
        for _, (red, green, blue) in shown.play(4000):
            self.assertEqual((green, blue), (red * (COLOURS["yellow"] >> 8 & 255) // 255, 0))

    def test_a_change_begins_the_pattern_anew(self):
        shown = Shown()
        shown.animation.show("red", "blinking")
        shown.play(700)
        shown.animation.show("green", "breathing")
        self.assertTrue(shown.play(720)[0][1][1] < 10)

    def test_frames_allocate_nothing(self):
        """50 frames a second for ten seconds of each pattern."""
        now = [0]

        def ticks_us():
            return now[0]

        def set_colour(red, green, blue):
            pass

        animation = Animation(set_colour, ticks_us)
        for pattern in ("solid", "blinking", "breathing"):
            heap_lock()
            try:
                animation.show("yellow", pattern)
                for _ in range(500):
                    now[0] = now[0] + 20000 & 0x3FFFFFFF
                    animation.frame()
            finally:
                heap_unlock()


GENIUS = (("red", 1), ("yellow", 8), ("off", 15), ("blue", 20))
CONNECT = (("red", 1), ("blue", 3))


class Pressing(unittest.TestCase):
    def released(self, stages):
        """A button that has been seen up."""
        button = Button(stages)
        for _ in range(10):
            self.assertIs(button.poll(False, 10), None)
        return button

    def press(self, stages, *pieces):
        """Pieces: (pressed, ms). What comes of it: (ms, "shown" or event, value)."""
        button = self.released(stages)
        reported = []
        ms = 0
        for pressed, length in pieces:
            for _ in range(length // 10):
                ms += 10
                shown = button.shown
                event = button.poll(pressed, 10)
                if button.shown != shown:
                    reported.append((ms, button.shown))
                if event:
                    reported.append((ms, event))
        return reported

    def near(self, reported, right):
        self.assertEqual([what for _, what in reported], [what for _, what in right])
        for (ms, _), (wanted, _) in zip(reported, right):
            self.assertTrue(0 <= ms - wanted <= 100, (reported, right))

    def test_genius(self):
        right = [(1000, "red"), (8000, "yellow"), (15000, "off"), (20000, "blue")]
        right.append((20000, RESET))
        self.near(self.press(GENIUS, (True, 30000), (False, 5000)), right)

    def test_connect(self):
        right = [(1000, "red"), (3000, "blue"), (3000, RESET)]
        self.near(self.press(CONNECT, (True, 4000), (False, 1000)), right)

    def test_released_early(self):
        """Nothing is reset, and it is shown; the next press begins anew."""
        reported = self.press(GENIUS, (True, 19900), (False, 3000), (True, 1500), (False, 3000))
        right = [(1000, "red"), (8000, "yellow"), (15000, "off"), (19900, "purple"), (21900, None)]
        right.insert(4, (19900, LET_GO))
        right += [(23900, "red"), (24400, "purple"), (24400, LET_GO), (26400, None)]
        self.near(reported, right)

    def test_short(self):
        self.near(self.press(GENIUS, (True, 300), (False, 3000)), [(300, SHORT)])
        self.near(self.press(CONNECT, (True, 900), (False, 3000)), [(900, SHORT)])

    def test_bouncing(self):
        """Contacts that bounce for 50 ms are one press; a spark is none."""
        bounce = ((True, 10), (False, 20), (True, 10), (False, 10))
        pieces = bounce + ((True, 400),) + bounce + ((False, 1000),)
        self.near(self.press(GENIUS, *pieces), [(500, SHORT)])
        self.assertEqual(self.press(GENIUS, *(bounce * 20), (False, 1000)), [])

    def test_down_at_power_up(self):
        """A jammed button, or a finger that stays on it through the restart: nothing happens and
        nothing is shown, however long; once let go it works."""
        for stages in (GENIUS, CONNECT):
            button = Button(stages)
            for _ in range(100000):
                self.assertIs(button.poll(True, 20), None)
                self.assertIs(button.shown, None)
            reported = [button.poll(pressed, 20) for pressed in (False,) * 10 + (True,) * 2000]
            self.assertEqual([event for event in reported if event], [RESET])

    def test_a_late_poll(self):
        """What one sample says after a stall is no press, and no held button."""
        button = self.released(CONNECT)
        reported = [button.poll(True, 3100)] + [button.poll(False, 20) for _ in range(50)]
        self.assertEqual([reported.count(None), button.shown], [51, None])
        reported = [button.poll(True, 20) for _ in range(10)] + [button.poll(True, 60000)]
        self.assertEqual([reported.count(None), button.shown], [11, None])

    def test_polling_allocates_nothing(self):
        button = Button(GENIUS)
        heap_lock()
        try:
            for i in range(2000):
                button.poll(i % 300 < 150, 20)
        finally:
            heap_unlock()


if __name__ == "__main__":
    unittest.main()
