"""On the device: which advice is given, when, and in which order."""

import asyncio
import json
import unittest

from site import document
from b_bus.site_meters import meters_of
from bus_a import BusA
from measure.quantities import Report
from advice.order import ordered
from advice.sensors import Advice

SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "1x230", "frequency": 50, "head": "5020000001",
    "points": [
        {"meter": "sauna", "input": "A", "phase": "L1", "load": "Sauna"},
        {"node": "5500000001", "input": "A", "ct": "AC-CT-50A", "phase": "L1", "load": "House"},
    ],
    "loads": [{"name": "House", "role": "grid"}, {"name": "Sauna", "role": "circuit"}],
    "b_bus": {"meters": [{"name": "sauna", "unit": 5, "profile": "SDM120"}]},
}  # fmt: skip


class Uart:
    def write(self, buffer):
        pass

    def readinto(self, buffer):
        return 0

    def set_baud(self, baud):
        pass


def build(site):
    """(the Advice of a site whose nodes are there, its Report, its bus)."""
    place = document.load(json.dumps(site), meters_of)
    bus = BusA(Uart(), lambda: 0, 3000000, place.nodes(), 3 + len(place.points), 1)
    for node in bus.nodes.all:
        bus.nodes.joined(node)
    report = Report(place.points, place.voltage_ppm, place.lines, place.declared)
    for p in range(3):
        report.voltages[p].rms, report.voltages[p].connected = 230.0, True
    for reading in report.readings:
        reading.current = 5.0
    return Advice(bus, place), report, bus


def look(advice, report, numbers):
    for number in numbers:
        for _ in advice.update(report, number):
            pass
    return advice.texts


def house(scheme, points):
    """A site with points [(node, input, phase, role)]."""
    site = dict(SITE, scheme=scheme)
    del site["b_bus"]
    site["loads"] = [{"name": "Load %d" % i, "role": one[3]} for i, one in enumerate(points)]
    site["points"] = [
        {
            "node": one[0],
            "input": one[1],
            "ct": "AC-CT-50A",
            "phase": one[2],
            "load": "Load %d" % i,
        }
        for i, one in enumerate(points)
    ]
    return site


HUB, OTHER = "5500000001", "5500000002"
EIGHT = [(hub, name, "L1", "circuit") for hub in (HUB, OTHER) for name in "ABCD"]


class Meters(unittest.TestCase):
    def test_a_meters_point_has_no_ct_to_look_after(self):
        advice, report, _ = build(SITE)
        for reading in report.readings:
            reading.current = 0.0
        idle = look(advice, report, range(1, 70))
        self.assertEqual([name for name, _ in idle], ["no_current"])
        self.assertTrue(HUB in idle[0][1])

    def test_a_meter_without_reactive_power_hides_no_open_ct(self):
        """Four steps of a CT that sees 20 % of them, beside a meter that gives its power alone."""
        site = house("1x230", [(HUB, "A", "L1", "grid"), (HUB, "B", "L1", "circuit")])
        site["loads"].append({"name": "Sauna", "role": "circuit"})
        site["points"].append({"meter": "sauna", "input": "A", "phase": "L1", "load": "Sauna"})
        site["b_bus"] = SITE["b_bus"]
        advice, report, _ = build(site)
        grid, oven, sauna = report.readings
        sauna.power = 3000.0
        for number in range(1, 12):
            on = number % 2
            grid.power, grid.reactive = 3000.0 + 2000 * on, 10.0
            # The share k leads by the angle whose cosine is k: 400 VA at 78 degrees.
            oven.power, oven.reactive = 1.0 + 80 * on, -392.0 * on
            texts = look(advice, report, [number])
        self.assertEqual([name for name, _ in texts], ["open_ct"])
        self.assertTrue("input B of %s" % HUB in texts[0][1])


class Order(unittest.TestCase):
    def test_the_serious_ones_first_whatever_else_there_is(self):
        """Seven idle circuits, a missing CT, two overloads: not an idle one is nagged about."""
        advice, report, bus = build(house("1x230", EIGHT))
        for reading in report.readings[:7]:
            reading.current = 0.0
        report.values.saturated[3] = report.values.saturated[7] = 1
        bus.nodes.of(OTHER).plugged = 0b1101
        texts = look(advice, report, range(1, 100))
        self.assertEqual([name for name, _ in texts], ["no_ct", "overload", "overload"])

    def test_nothing_serious_is_pushed_out(self):
        names = ["not_in_site", "line", "missing", "overload", "rotation", "no_ct", "no_head"]
        texts = [(name, "%s %d" % (name, k)) for k in range(9) for name in names]
        shown = ordered(texts)
        self.assertEqual(len(shown), 8)
        self.assertEqual(shown[0], ("no_head", "no_head 0"))
        self.assertEqual(shown[1], ("no_head", "no_head 1 (and 7 more)"))
        self.assertEqual(
            [name for name, _ in shown[2:]],
            ["rotation", "missing", "no_ct", "overload", "line", "not_in_site"],
        )
        self.assertTrue(all("(and 8 more)" in text for _, text in shown[2:]))

    def test_the_few_are_shown_as_they_are(self):
        texts = [("line", "a"), ("no_ct", "b"), ("no_ct", "c")]
        self.assertEqual(ordered(texts), [("no_ct", "b"), ("no_ct", "c"), ("line", "a")])
        self.assertEqual(ordered([]), [])


class Voltages(unittest.TestCase):
    def test_a_current_without_a_voltage_is_named(self):
        points = [(HUB, "A", "L1", "grid"), (HUB, "B", "L2", "grid"), (HUB, "C", "L3", "grid")]
        advice, report, _ = build(house("3x400+N", points))
        report.voltages[1].rms, report.voltages[1].connected = 3.0, False
        report.readings[1].current = 13.0
        self.assertEqual(look(advice, report, [1, 2]), [])  # an event of the mains
        ((name, text),) = look(advice, report, [3])
        self.assertEqual(name, "no_voltage")
        self.assertTrue("no voltage on L2 (3 V), but 13.0 A at input B of %s" % HUB in text)
        report.voltages[1].connected = True
        self.assertEqual(look(advice, report, [4]), [])

    def test_a_head_wired_to_another_input(self):
        advice, report, _ = build(house("1x230", EIGHT))
        for p in (0, 1):
            report.voltages[p].rms, report.voltages[p].connected = 0.0, False
        ((_, text),) = look(advice, report, [1, 2, 3])
        self.assertTrue("the head's voltage is at L3: wire it to L1" in text, text)

    def test_a_voltage_that_is_not_used_may_be_missing(self):
        advice, report, _ = build(house("1x230", EIGHT))
        for p in (1, 2):
            report.voltages[p].rms, report.voltages[p].connected = 0.0, False
        self.assertEqual(look(advice, report, range(1, 6)), [])

    def test_reversed_rotation_and_too_much_voltage(self):
        points = [(HUB, "A", "L1", "grid"), (HUB, "B", "L2", "grid"), (HUB, "C", "L3", "grid")]
        advice, report, _ = build(house("3x400+N", points))
        report.turns_back = report.voltages[2].clipped = True
        texts = look(advice, report, [1, 2, 3])
        self.assertEqual([name for name, _ in texts], ["overvoltage", "rotation"])
        self.assertTrue("L3" in texts[0][1] and "rotation reversed" in texts[1][1])
        report.turns_back = report.voltages[2].clipped = False
        self.assertEqual(look(advice, report, range(4, 16)), [])

    def test_two_inputs_on_one_phase(self):
        points = [(HUB, "A", "L1", "grid"), (HUB, "B", "L2", "grid"), (HUB, "C", "L3", "grid")]
        advice, report, _ = build(house("3x400+N", points))
        report.lines[:] = [400.0, 3.0, 400.0]
        report.turns_back = True
        ((name, text),) = look(advice, report, [1, 2, 3])
        self.assertEqual(name, "same_phase")
        self.assertTrue("L2 and L3 are one phase" in text)
        report.lines[:] = [400.0, 398.0, 401.0]
        report.turns_back = False
        self.assertEqual(look(advice, report, [4]), [])
        advice, report, _ = build(house("2x120/240", points[:2]))
        report.lines[:] = [1.0, None, None]
        self.assertEqual([name for name, _ in look(advice, report, [1, 2, 3])], ["same_phase"])


class AnotherSite(unittest.TestCase):
    def test_who_is_not_found_yet_is_not_missing(self):
        """Looked at behind a change of the site, before its first report."""
        place = document.load(json.dumps(house("1x230", EIGHT)))
        bus = BusA(Uart(), lambda: 0, 3000000, place.nodes(), 3 + len(place.points), 1)
        report = Report(place.points, place.voltage_ppm, place.lines, place.declared)
        advice = Advice(bus, place, number=1234)
        self.assertEqual(look(advice, report, [1234]), [])
        texts = look(advice, report, [1235])
        self.assertEqual([name for name, _ in texts], ["no_head", "missing", "missing"])

    def test_no_head_is_said_without_any_report(self):
        place = document.load(json.dumps(house("1x230", EIGHT)))
        bus = BusA(Uart(), lambda: 0, 3000000, place.nodes(), 3 + len(place.points), 1)
        report = Report(place.points, place.voltage_ppm, place.lines, place.declared)
        texts = look(Advice(bus, place), report, [0] * 4)
        self.assertEqual([name for name, _ in texts], ["no_head", "missing", "missing"])


class Commissioning(unittest.TestCase):
    def test_a_point_without_a_phase_is_not_said_to_carry_no_current(self):
        """No kettle decides it: the phase is missing in the site."""
        points = [(HUB, "A", "unknown", "circuit"), (HUB, "B", "L2", "circuit")]
        advice, _, _ = build(house("3x400+N", points))
        pump, oven = json.loads(asyncio.run(advice.commission()))
        self.assertEqual((pump["phase"], pump["state"]), ("unknown", "undecided"))
        self.assertEqual(pump["reason"], "its phase is not in the configuration: choose it")
        self.assertEqual((oven["phase"], oven["state"]), ("L2", "no current"))

    def test_others_have_their_turn_behind_each_point(self):
        advice, _, _ = build(house("1x230", EIGHT))
        turns = []

        async def other():
            while True:
                turns.append(1)
                await asyncio.sleep_ms(0)

        async def both():
            task = asyncio.create_task(other())
            answer = json.loads(await advice.commission())
            task.cancel()
            return answer

        self.assertEqual(len(asyncio.run(both())), len(EIGHT))
        self.assertTrue(len(turns) >= len(EIGHT))


class Silence(unittest.TestCase):
    def test_nothing_counts_on_while_no_report_comes(self):
        advice, report, _ = build(house("1x230", [(HUB, "A", "L1", "grid")]))
        report.readings[0].current = 0.0
        self.assertEqual(look(advice, report, [1] * 200), [])
        report.values.saturated[0] = 1
        look(advice, report, [2])
        report.values.saturated[0] = 0
        self.assertEqual([name for name, _ in look(advice, report, [2] * 50)], ["overload"])


if __name__ == "__main__":
    unittest.main()
