"""site/document.py and site/settings.py on the device or in the interpreter on the
host: what is accepted, and the line that each broken file is refused with."""

import json
import unittest

from site import document
from site import settings_check as settings
from b_bus.site_meters import meters_of


def good():
    """A site.json with every kind of node."""
    return {
        "version": 1,
        "name": "House",
        "uuid": "3f7a9c1e-52d4-4b8e-9c60-7d1e5a2b4f08",
        "location": 4711,
        "timezone": "Europe/Brussels",
        "utc_offset": 3600,
        "scheme": "3x400+N",
        "frequency": 50,
        "head": "5020000001",
        "points": [
            {
                "node": "5600000301",
                "input": "A",
                "ct": "SOLID-CORE",
                "phase": "L1",
                "load": "Grid",
            },
            {
                "node": "5500000190",
                "input": "D",
                "ct": "AC-CT-50A",
                "phase": "L3",
                "load": "Oven",
                "reversed": True,
            },
            {
                "node": "5600000301",
                "input": "C",
                "ct": "SOLID-CORE",
                "phase": "L2",
                "load": "Grid",
            },
            {
                "node": "5520000007",
                "input": "B",
                "ct": "AC-RSCT-30CM",
                "phase": "L2",
                "load": "Sun",
            },
        ],
        "loads": [
            {"name": "Grid", "role": "grid"},
            {"name": "Oven", "role": "circuit"},
            {"name": "Sun", "role": "solar"},
        ],
    }


def _points(count):
    def change(table):
        table["points"] = [
            dict(table["points"][1], node="55000000%02d" % (i // 4), input="ABCD"[i % 4])
            for i in range(count)
        ]

    return change


def _metered(points, meters):
    """So many points on the A-bus, and so many meters with one point each."""

    def change(table):
        _points(points)(table)
        names = ["Meter %d" % i for i in range(meters)]
        table["b_bus"] = {
            "meters": [
                {"name": name, "unit": 100 + i, "profile": "SDM120"}
                for i, name in enumerate(names)
            ]
        }
        load = table["loads"][0]["name"]
        table["points"] += [
            {"meter": name, "input": "A", "phase": "L1", "load": load} for name in names
        ]

    return change


def _loads(count):
    def change(table):
        table["loads"] += [{"name": "Load %d" % i, "role": "circuit"} for i in range(count)]

    return change


def _set(*path):
    """A change: the last of `path` becomes the value of the field that the others lead to."""

    def change(table):
        for step in path[:-2]:
            table = table[step]
        table[path[-2]] = path[-1]

    return change


def _remove(*path):
    def change(table):
        for step in path[:-1]:
            table = table[step]
        del table[path[-1]]

    return change


def _made(**phases):
    """Phase: (phase that it is made of, degrees)."""
    made = {}
    for name, (source, degrees) in phases.items():
        made[name] = {"from": source, "degrees": degrees}
    return _set("synthesised", made)


def _wired(scheme, change):
    """A change in a site of another scheme."""

    def both(table):
        table["scheme"] = scheme
        change(table)

    return both


def _on_oven(*points):
    """These points belong to the oven, whose own is on L3."""

    def change(table):
        for i in points:
            table["points"][i]["load"] = "Oven"

    return change


def _behind(**parents):
    """Load: the one that it lies behind."""

    def change(table):
        for load in table["loads"]:
            if load["name"] in parents:
                load["parent"] = parents[load["name"]]

    return change


def _circle(table):
    table["loads"].append({"name": "Pan", "role": "circuit", "parent": "Hob"})
    table["loads"].append({"name": "Hob", "role": "circuit", "parent": "Oven"})
    table["loads"][1]["parent"] = "Hob"


def _boxed(ratio):
    """A Power Box, and voltage transformers before it."""

    def change(table):
        table["head"] = "5400000077"
        table["b_bus"] = {"power_box": True}
        table["voltage_ratio"] = ratio

    return change


def _unknown_on_a_box(table):
    _boxed(1)(table)
    table["points"][1]["phase"] = "unknown"


def _corrected(correction):
    return _set("points", 0, "correction", correction)


def _dated(date, **more):
    correction = {"ratio": 1, "degrees": 0, "date": date}
    correction.update(more)
    return _corrected(correction)


# What is changed, how the refusal begins, and a word that it must have.
REFUSED = [
    (_remove("version"), "version is missing", ""),
    (_set("version", 2), "version: must be 1", "update the firmware"),
    (_set("version", True), "version: ", "whole number"),
    (_set("version", "1"), "version: ", "whole number"),
    (_remove("name"), "name is missing", ""),
    (_set("name", 5), "name: ", "text"),
    (_remove("uuid"), "uuid is missing", ""),
    (_set("uuid", ""), "uuid: ", "empty"),
    (_set("uuid", "a/#"), "uuid: ", "MQTT"),
    (_set("location", "here"), "location: ", "whole number"),
    (_set("location", 1.5), "location: ", "whole number"),
    (_set("timezone", None), "timezone is missing", ""),
    (_set("tz", 7), "tz: ", "text"),
    (_set("tz", "Europe/Brussels"), 'tz: "Europe/Brussels" is not', "CET-1CEST,M3.5.0,M10.5.0/3"),
    (_set("tz", "CET-1CEST"), 'tz: "CET-1CEST" is not', ""),
    (_set("utc_offset", "1h"), "utc_offset: ", "whole number"),
    (_set("scheme", "4x400"), 'scheme: "4x400" is not known', "3x400+N"),
    (_set("frequency", 55), "frequency: ", "50 or 60"),
    (_set("frequency", 50.0), "frequency: ", "whole number"),
    (_set("points", 0, "power_offset", 1001), "points[0].power_offset: ", "-1000 to 1000"),
    (_corrected(1), "points[0].correction: ", "an object"),
    (_corrected({}), "points[0].correction.ratio: ", "number"),
    (_corrected({"ratio": 1.11}), "points[0].correction.ratio: ", "0.9 to 1.1"),
    (_corrected({"ratio": 1, "degrees": 6.1}), "points[0].correction.degrees: ", "-6 to 6"),
    (_corrected({"ratio": 1, "degrees": 0}), "points[0].correction.date is missing", "add"),
    (_dated("2026-13-01"), 'points[0].correction.date: "2026-13-01" is not a day', "2026-11-30"),
    (_dated("30-11-2026"), 'points[0].correction.date: "30-11-2026" is not a day', "2026-11-30"),
    (_dated("2026-11-30", reference="x" * 41), "points[0].correction.reference: ", "shorten"),
    (_dated("2026-11-30", angle=1), "points[0].correction.angle: is not known", "degrees"),
    (_set("points", 0, "phase_shft", 1), "points[0].phase_shft: is not known", "phase_shift"),
    (_set("loads", 0, "rle", "grid"), "loads[0].rle: is not known", "role"),
    (_set("voltge_ratio", 5), "voltge_ratio: is not known", "voltage_ratio"),
    (_set("voltage_ratio", "5"), "voltage_ratio: ", "number"),
    (_set("voltage_ratio", 0), "voltage_ratio: ", "0.01 to 1000"),
    (_boxed(5), "voltage_ratio: not together with b_bus.power_box", "in the box itself"),
    (_set("synthesised", []), "synthesised: ", "an object"),
    (_made(L4=("L1", 120)), "synthesised: 3x400+N has no phase L4", ""),
    (_made(L2=("L5", 120)), 'synthesised.L2.from: "L5" is not known', "L1, L2, L3"),
    (_made(L2=("L2", 120)), "synthesised.L2.from: ", "connected"),
    (_made(L2=("L1", 90)), "synthesised.L2.degrees: ", "-120, 120 or 180"),
    (_made(L2=("L3", 120), L3=("L1", 120)), "synthesised.L", "connected"),
    (_wired("1x230", _made(L1=("L1", 180))), "synthesised: 1x230 needs every voltage", ""),
    (_wired("3x230", _made(L2=("L1", 120))), "synthesised: 3x230 needs every voltage", ""),
    (_wired("3x230", _set("points", 0, "phase", "L3")), "points[0].phase: ", "on L1 and on L2"),
    (_wired("3x230", _on_oven(0, 2)), 'loads: "Oven" has CTs on L1, L2 and L3', "on L1 and on L2"),
    (_wired("3x230", _on_oven(0, 2, 3)), 'loads: "Oven" has CTs on L1, L2 and L3', ""),
    (_wired("3x230", _on_oven(2)), 'loads: "Grid" has no CT on L2', "on L1 and on L2"),
    (_wired("3x230", _on_oven(0)), 'loads: "Grid" has no CT on L1', ""),
    (_wired("3x230", _set("points", 2, "phase", "L1")), 'loads: "Grid" has no CT on L2', ""),
    (_remove("head"), "head is missing", ""),
    (_set("head", "5500000190"), 'head: "5500000190"', "5400"),
    (_set("head", "502000001"), 'head: "502000001"', "ten digits"),
    (_set("head", "502000000x"), 'head: "502000000x"', "ten digits"),
    (_remove("points"), "points is missing", ""),
    (_set("points", {}), "points: ", "list"),
    (_points(29), "points: 29", "28"),
    (_metered(29, 1), "points: 29", "28"),
    (_metered(28, 37), "points: 65", "64"),
    (_set("points", 1, "x"), "points[1] must be an object", ""),
    (_set("points", 1, 7), "points[1] must be an object", ""),
    (_set("points", 1, ["meter"]), "points[1] must be an object", ""),
    (_set("points", 1, "input", ""), 'points[1].input: "" is not known', "A, B, C, D"),
    (_set("points", 1, "input", "AB"), 'points[1].input: "AB" is not known', "A, B, C, D"),
    (_set("points", 1, "node", "5400000001"), "points[1].node: ", "5500"),
    (_remove("points", 2, "input"), "points[2].input is missing", ""),
    (_set("points", 0, "input", "D"), 'points[0].input: "D" is not known', "A, B, C"),
    (_set("points", 0, "input", "a"), 'points[0].input: "a"', "A, B, C"),
    (_set("points", 2, "input", "A"), "points[2].input: A of 5600000301 is used twice", ""),
    (_set("points", 1, "ct", "AC-CT-60A"), 'points[1].ct: "AC-CT-60A" is not known', "AC-CT-50A"),
    (
        _set("points", 1, "phase", "L4"),
        "points[1].phase: L4 does not exist in 3x400+N",
        ": choose L1 or L2 or L3",
    ),
    (
        _set("scheme", "1x230"),
        "points[1].phase: L3 does not exist in 1x230: choose L1",
        "",
    ),
    (_set("scheme", "2x120/240"), "points[1].phase: L3 ", "L1 or L2 or L1-L2"),
    (_unknown_on_a_box, "points[1].phase: cannot be unknown where others measure", "choose L1"),
    (_set("gateway", 5020000042), "gateway: ", "text"),
    (_set("gateway", "5500000190"), 'gateway: "5500000190" is not', "on its label"),
    (_set("gateway", "5020000043"), "gateway: it is for 5020000043, and this is 5020000042", ""),
    (_behind(Oven="Owen"), 'loads[1].parent: "Owen" is not one of loads', "add it"),
    (_behind(Oven="Grid"), 'loads[1].parent: "Grid" is no circuit', "behind the grid is"),
    (_behind(Oven="Sun"), 'loads[1].parent: "Sun" is no circuit', ""),
    (_behind(Grid="Oven"), "loads[0].parent: nothing lies before the grid", "remove the field"),
    (_behind(Oven="Oven"), 'loads[1].parent: "Oven" lies behind itself', "the circle"),
    (_circle, 'loads[1].parent: "Oven" lies behind itself', "remove one"),
    (_set("loads", 1, "parent", 7), "loads[1].parent: ", "text"),
    (_set("points", 1, "load", "Owen"), 'points[1].load: "Owen" is not one of loads', ""),
    (_set("points", 1, "reversed", "yes"), "points[1].reversed: ", "true or false"),
    (_set("points", 1, "reversed", 1), "points[1].reversed: ", "true or false"),
    (_remove("loads"), "loads is missing", ""),
    (_loads(62), "loads: 65", "64"),
    (_set("loads", 0, 7), "loads[0] must be an object", ""),
    (_remove("loads", 1, "name"), "loads[1].name is missing", ""),
    (_set("loads", 1, "name", ""), "loads[1].name: ", "40 characters"),
    (_set("loads", 1, "name", "x" * 41), "loads[1].name: ", "40 characters"),
    (_set("loads", 1, "name", "\u6e7f" * 27), "loads[1].name: ", "80 bytes"),
    (_set("loads", 1, "name", "Grid"), 'loads[1].name: "Grid" is there twice', ""),
    (_set("loads", 1, "role", "wind"), 'loads[1].role: "wind" is not known', "solar"),
]


class Sites(unittest.TestCase):
    def test_refused(self):
        for change, begin, word in REFUSED:
            table = good()
            change(table)
            try:
                document.load(json.dumps(table), meters_of, "5020000042")
            except ValueError as error:
                line = str(error)
                self.assertTrue(line.startswith(begin), line)
                self.assertIn(word, line)
                self.assertFalse("\n" in line, line)
            else:
                self.fail("accepted, but for " + begin)

    def test_cut_off(self):
        """However much of it has come."""
        text = json.dumps(good())
        for size in range(0, len(text), 7):
            try:
                document.load(text[:size], meters_of)
            except ValueError as error:
                self.assertTrue("cut off" in str(error), str(error))
            else:
                self.fail("accepted: %d bytes" % size)

    def test_behind(self):
        """What a circuit that is measured has behind it, through others that are not."""
        table = good()
        table["loads"] += [
            {"name": "Barn", "role": "circuit"},
            {"name": "Lamp", "role": "circuit", "parent": "Barn"},
            {"name": "Saw", "role": "circuit", "parent": "Mill"},
            {"name": "Mill", "role": "circuit", "parent": "Oven"},
        ]
        _behind(Sun="Oven")(table)
        loads = document.load(json.dumps(table)).loads
        self.assertEqual([k.name for k in loads if k.behind], ["Sun", "Saw", "Mill"])

    def test_fingerprint(self):
        """Neither order nor spaces count, and how a number is written neither; content does."""
        table = good()
        table["voltage_ratio"] = 2.891
        whole = document.load(json.dumps(table)).fingerprint
        text = '{"voltage_ratio" :2.8910, ' + json.dumps(table)[1:].replace(
            ', "voltage_ratio": 2.891', ""
        )
        self.assertEqual(document.load(text).fingerprint, whole)
        self.assertEqual(len(whole), 8)
        for change in (
            _set("name", "Haus"),
            _set("points", 1, "reversed", False),
            _set("voltage_ratio", 2.892),
            _behind(Sun="Oven"),
        ):
            other = json.loads(json.dumps(table))
            change(other)
            self.assertNotEqual(document.load(json.dumps(other)).fingerprint, whole)

    def test_not_json(self):
        for text, line in (
            ("", "not JSON: it is cut off or damaged, send it again"),
            ("{", "not JSON: it is cut off or damaged, send it again"),
            ("[1]", "must be an object"),
            ("null", "must be an object"),
            ("7", "must be an object"),
        ):
            try:
                document.load(text)
            except ValueError as error:
                self.assertEqual(str(error), line)
            else:
                self.fail("accepted: " + text)

    def test_accepted(self):
        for scheme in ("3x400+N", "3x230", "3x120/208", "3x277/480", "3x347/600"):
            document.load(json.dumps(dict(good(), scheme=scheme)))
        for change in (
            _points(28),
            _metered(28, 1),
            _metered(28, 36),
            _points(0),
            _loads(61),
            _set("utc_offset", -43200),
            _set("tz", "CET-1CEST,M3.5.0,M10.5.0/3"),
            _set("tz", "<+0330>-3:30"),
            _set("frequency", 60),
            _set("head", "5400000001"),
            _set("loads", 2, "name", "Sun"),
            _set("voltage_ratio", 2.891),
            _boxed(1),
            _made(L2=("L1", -120), L3=("L1", 120)),
            _wired("3x230", _set("points", 1, "phase", "L3")),
            _wired("3x230", _on_oven(3)),
            _on_oven(0, 2),
            _behind(Sun="Oven"),
            _set("gateway", "5130000007"),
            _set("points", 1, "phase", "unknown"),
            _wired("3x230", _set("points", 2, "phase", "unknown")),
            _wired("2x120/240", _set("points", 1, "phase", "L1-L2")),
        ):
            table = good()
            change(table)
            document.load(json.dumps(table), meters_of)

    def test_local_time(self):
        """The rule counts where there is one, else the fixed offset; the rule is enough."""
        table = good()
        summer = 1782000000  # 21 June 2026
        self.assertEqual(document.load(json.dumps(table), meters_of).zone.offset(summer), 3600)
        table["tz"] = "CET-1CEST,M3.5.0,M10.5.0/3"
        self.assertEqual(document.load(json.dumps(table), meters_of).zone.offset(summer), 7200)
        del table["utc_offset"]
        self.assertEqual(document.load(json.dumps(table), meters_of).zone.offset(summer), 7200)

    def test_attributes(self):
        place = document.load(json.dumps(good()))
        self.assertEqual([p.rated for p in place.points], [80, 50, 80, 10000])
        self.assertEqual([p.phase for p in place.points], [0, 2, 1, 1])
        self.assertEqual([p.input for p in place.points], [0, 3, 2, 1])
        self.assertEqual([p.reversed for p in place.points], [False, True, False, False])
        self.assertEqual([load.points for load in place.loads], [[0, 2], [1], [3]])
        self.assertEqual(
            place.nodes(),
            [
                ("5020000001", [0, 1, 2]),
                ("5600000301", [3, -1, 5]),
                ("5500000190", [-1, -1, -1, 4]),
                ("5520000007", [-1, 6, -1, -1]),
            ],
        )


def mqtt(**change):
    table = {"host": "192.168.1.20", "port": 1883, "user": None, "password": None}
    table["home_broker"] = change.get("tls") is None
    table.update(change)
    return json.dumps({"mqtt": table})


def pem(label, inside="TUlJQg=="):
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, inside, label)


CA = pem("CERTIFICATE")
KEY = pem("PRIVATE KEY")


class Settings(unittest.TestCase):
    def test_accepted(self):
        for text in (
            mqtt(),
            mqtt(host="broker.example"),
            mqtt(host="x" * 63 + ".y"),
            mqtt(port=65535),
            mqtt(user="u", password=""),
            '{"mqtt": {"host": "a", "port": 1, "home_broker": true}}',
            mqtt(tls=None),
            '{"time_servers": ["192.168.1.1", "ntp.example"]}',
            '{"site_key": "%s"}' % ("0123456789abcdef" * 4),
            mqtt(host="10.255.255.1"),
            mqtt(host="127.0.0.1"),
            mqtt(host="169.254.7.7"),
            mqtt(host="172.16.0.1"),
            mqtt(host="172.31.255.1"),
            mqtt(host="8.8.8.8", tls={"ca": CA}),
            mqtt(port=1883, tls={"ca": CA}),
            mqtt(tls={"ca": CA + CA, "certificate": None, "key": None, "name": "broker.test"}),
            mqtt(tls={"ca": "our CA:\r\n" + CA, "certificate": CA + CA, "key": KEY}),
            mqtt(tls={"ca": CA, "certificate": CA, "key": pem("EC PARAMETERS") + KEY}),
            mqtt(tls={"ca": CA, "certificate": CA, "key": pem("RSA PRIVATE KEY")}),
            "{}",
            '{"networks": [["house", "long-enough"], ["barn", "12345678"]], "link": "wifi"}',
            '{"apn": "m2m.example"}',
            '{"home_assistant": false}',
            '{"home_assistant": "ha/home"}',
        ):
            self.assertEqual(settings.load(text), json.loads(text))

    def test_a_name_that_nobody_knows(self):
        """A person has misspelt it; what was kept by a later firmware is used."""
        text = '{"mqttt": {"host": "a"}, "link": "wifi"}'
        self.assertEqual(settings.load(text), json.loads(text))
        try:
            settings.load(text, True)
        except settings.SettingsError as error:
            self.assertTrue("mqttt: is not known (known: mqtt, link" in str(error))
        else:
            self.assertTrue(False)

    def test_refused(self):
        for text, begin in (
            ("", "not JSON"),
            ("[]", "must be a table"),
            ('{"link": "radio"}', "link: "),
            ('{"apn": 5}', "apn: "),
            ('{"site_key": 7}', "site_key: must be 64 digits of 0-9 and a-f"),
            ('{"site_key": "%s"}' % ("0" * 63), "site_key: must be 64 digits"),
            ('{"site_key": "%s"}' % ("G" * 64), "site_key: must be 64 digits"),
            ('{"time_servers": []}', "time_servers: must be a list of 1 to 4 names"),
            ('{"time_servers": "ntp.example"}', "time_servers: "),
            ('{"time_servers": ["a", "b", "c", "d", "e"]}', "time_servers: "),
            ('{"time_servers": ["a..b"]}', "time_servers: "),
            ('{"home_assistant": null}', "home_assistant: "),
            ('{"home_assistant": 1}', "home_assistant: "),
            ('{"home_assistant": ""}', "home_assistant: "),
            ('{"home_assistant": "a/"}', "home_assistant: "),
            ('{"home_assistant": "ha/#"}', "home_assistant: "),
            (json.dumps({"home_assistant": "x" * 65}), "home_assistant: "),
            ('{"networks": {}}', "networks: "),
            ('{"networks": [1]}', "networks[0]: "),
            ('{"networks": [["a", "12345678"], ["a", "1234567"]]}', "networks[1]: "),
            ('{"networks": [["a", "12345678", 3]]}', "networks[0]: "),
            (json.dumps({"networks": [["a", "12345678"]] * 6}), "networks: "),
            ('{"mqtt": null}', "mqtt is missing"),
            ('{"mqtt": {"host": "a", "port": 1}}', "mqtt.tls is missing: give it; only a broker"),
            (mqtt(home_broker=False), "mqtt.tls is missing: "),
            (mqtt(home_broker=None), "mqtt.home_broker: must be true or false"),
            (mqtt(home_broker="yes"), "mqtt.home_broker: must be true or false"),
            (mqtt(home_broker=True, tls={"ca": CA}), "mqtt.tls and mqtt.home_broker: give one"),
            (mqtt(host="8.8.8.8"), "mqtt.home_broker: 8.8.8.8 is no address of the own network"),
            (mqtt(host="172.15.0.1"), "mqtt.home_broker: 172.15.0.1 is no address"),
            (mqtt(host="172.32.0.1"), "mqtt.home_broker: 172.32.0.1 is no address"),
            (mqtt(host="192.169.0.1"), "mqtt.home_broker: 192.169.0.1 is no address"),
            (mqtt(host="100.64.0.1"), "mqtt.home_broker: 100.64.0.1 is no address"),
            (mqtt(host=None), "mqtt.host: "),
            (mqtt(host=""), "mqtt.host: "),
            (mqtt(host=7), "mqtt.host: "),
            (mqtt(host="a..b"), "mqtt.host: "),
            (mqtt(host="x" * 64), "mqtt.host: "),
            (mqtt(host="\u00e9" * 32), "mqtt.host: "),
            (mqtt(port=0), "mqtt.port: "),
            (mqtt(port=65536), "mqtt.port: "),
            (mqtt(port="1883"), "mqtt.port: "),
            (mqtt(port=True), "mqtt.port: "),
            (mqtt(port=None), "mqtt.port: "),
            (mqtt(user="u"), "mqtt.user and mqtt.password: "),
            (mqtt(password="p"), "mqtt.user and mqtt.password: "),
            (mqtt(user=1, password="p"), "mqtt.user: "),
            (mqtt(user="u", password=1), "mqtt.password: "),
            (mqtt(tls=True), "mqtt.tls: must be a table"),
            (mqtt(tls={}), "mqtt.tls.ca is missing: "),
            (mqtt(tls={"ca": None}), "mqtt.tls.ca: must be PEM"),
            (mqtt(tls={"ca": "/etc/ca.pem"}), "mqtt.tls.ca: must be PEM"),
            (mqtt(tls={"ca": CA[:-8]}), "mqtt.tls.ca: the PEM is damaged or cut off"),
            (
                mqtt(tls={"ca": CA.replace("TUlJQg==", "TUlJQg")}),
                "mqtt.tls.ca: the PEM is damaged",
            ),
            (mqtt(tls={"ca": pem("CERTIFICATE", "")}), "mqtt.tls.ca: the PEM is damaged"),
            (mqtt(tls={"ca": KEY}), "mqtt.tls.ca: must be a CERTIFICATE, not PRIVATE KEY"),
            (mqtt(tls={"ca": CA, "cafile": "x"}), "mqtt.tls.cafile: is not known (known: ca, "),
            (mqtt(tls={"ca": CA, "key": KEY}), "mqtt.tls.certificate and mqtt.tls.key: give both"),
            (mqtt(tls={"ca": CA, "certificate": CA}), "mqtt.tls.certificate and mqtt.tls.key: "),
            (mqtt(tls={"ca": CA, "certificate": CA, "key": 5}), "mqtt.tls.key: must be PEM"),
            (
                mqtt(tls={"ca": CA, "certificate": KEY, "key": KEY}),
                "mqtt.tls.certificate: must be",
            ),
            (
                mqtt(tls={"ca": CA, "certificate": CA, "key": CA}),
                "mqtt.tls.key: must be a PRIVATE",
            ),
            (
                mqtt(tls={"ca": CA, "certificate": CA, "key": pem("ENCRYPTED PRIVATE KEY")}),
                "mqtt.tls.key: is encrypted: ",
            ),
            (
                mqtt(
                    tls={
                        "ca": CA,
                        "certificate": CA,
                        "key": KEY.replace("\n", "\nProc-Type: 4,ENCRYPTED\n"),
                    }
                ),
                "mqtt.tls.key: is encrypted: ",
            ),
            (mqtt(tls={"ca": CA, "name": ""}), "mqtt.tls.name: "),
            (mqtt(tls={"ca": CA, "name": 7}), "mqtt.tls.name: "),
        ):
            try:
                settings.load(text)
            except settings.SettingsError as error:
                self.assertTrue(str(error).startswith(begin), str(error))
            else:
                self.fail("accepted: " + text)


if __name__ == "__main__":
    unittest.main()
