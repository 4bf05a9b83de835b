"""led.py on the device or in the interpreter on the host: states by what happens, timing."""

import unittest

from led import COLOURS, Led, level, state_of

TABLE = {
    "booting": ("blue", "solid"),
    "connecting": ("green", "solid"),
    "well": ("green", "breathing"),
    "lost": ("red", "blinking"),
    "poor": ("red", "breathing"),
    "medium": ("yellow", "breathing"),
}


class Shown:
    """Records what the LED is set to, with the time."""

    def __init__(self):
        self.now = 0
        self.steps = []
        self.led = Led(self.set, TABLE)

    def set(self, red, green, blue):
        self.steps.append((self.now, (red, green, blue)))

    def play(self, until, step=1):
        """Animate every `step` ms; what was set since."""
        self.steps.clear()
        while self.now < until:
            self.led.animate(self.now)
            self.now += step
        return list(self.steps)


class States(unittest.TestCase):
    def test_table(self):
        # measuring, connected, was connected
        for happens, state in (
            ((False, False, False), "booting"),
            ((False, True, True), "booting"),
            ((False, False, True), "lost"),
            ((True, False, False), "connecting"),
            ((True, True, True), "well"),
            ((True, False, True), "lost"),
        ):
            self.assertEqual(state_of(*happens), state, happens)

    def test_entering(self):
        led = Shown().led
        self.assertEqual((led.state, led.colour, led.pattern), ("booting", "blue", "solid"))
        self.assertFalse(led.enter("booting", 5))
        self.assertTrue(led.enter("lost", 5))
        self.assertFalse(led.enter("lost", 6))
        self.assertEqual((led.state, led.colour, led.pattern), ("lost", "red", "blinking"))


class Timing(unittest.TestCase):
    def test_solid(self):
        shown = Shown()
        self.assertEqual(shown.play(10000), [(0, (0, 0, 255))])

    def test_blinking(self):
        """Half a second on, half a second off, from the moment that the state was entered."""
        shown = Shown()
        shown.now = 1234
        shown.led.enter("lost", shown.now)
        right = [(1234 + 500 * i, (0 if i % 2 else 255, 0, 0)) for i in range(6)]
        self.assertEqual(shown.play(1234 + 3000), right)

    def test_breathing(self):
        """Dark, bright after two seconds, dark again after four; never a jump, never off."""
        shown = Shown()
        shown.led.enter("well", 0)
        steps = shown.play(8000)
        self.assertTrue(all(red == blue == 0 for _, (red, _, blue) in steps))
        times = [ms for ms, _ in steps]
        levels = [green for _, (_, green, _) in steps]
        top = levels.index(255)
        self.assertTrue(1900 <= times[top] <= 2000, times[top])
        self.assertEqual(levels[: top + 1], sorted(levels[: top + 1]))
        dark = [i for i in range(1, len(levels)) if levels[i] == min(levels)][0]
        middle = (times[dark] + times[dark + 1]) / 2  # of the darkness
        self.assertTrue(3900 <= middle <= 4100, middle)
        self.assertTrue(min(levels) >= 1)
        self.assertTrue(max(abs(b - a) for a, b in zip(levels, levels[1:])) <= 32)
        # The second breath is as the first.
        for ms in range(0, 4000, 50):
            self.assertEqual(level("breathing", ms), level("breathing", ms + 4000))

    def test_every_40_ms_is_enough(self):
        """As the gateway animates: every level of a breath is shown."""
        shown = Shown()
        shown.led.enter("well", 0)
        self.assertTrue(len({green for _, (_, green, _) in shown.play(4000, 40)}) >= 25)

    def test_yellow_breathes_in_one_hue(self):
        shown = Shown()
        shown.led.enter("medium", 0)
        for _, (red, green, blue) in shown.play(4000, 40):
            self.assertEqual((green, blue), (red * COLOURS["yellow"][1] // 255, 0))

    def test_a_change_begins_the_pattern_anew(self):
        shown = Shown()
        shown.led.enter("lost", 0)
        shown.play(700)
        shown.led.enter("well", 700)
        self.assertTrue(shown.play(701)[0][1][1] < 10)

    def test_days_later(self):
        """Small integers are 31 bits on the device: 12 days in ms, and it goes on."""
        shown = Shown()
        shown.led.enter("lost", 0)
        shown.now = 40 * 86400000
        self.assertEqual([colour for _, colour in shown.play(shown.now + 1000)][:1], [(255, 0, 0)])


if __name__ == "__main__":
    unittest.main()
