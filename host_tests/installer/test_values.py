"""The commissioning page's live values, against what is true of the simulated house, and in a real
browser of a phone's size."""

from __future__ import annotations

import contextlib
import math
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import steady_house
from gateway_host import service_page
from measured_site import Site
from phone import Phone

POWER, REACTIVE, _, FACTOR, ANGLE, CURRENT, VOLTAGE, OVER = range(8)
WIDTHS = (360, 390)
KETTLE = "document.querySelector('#load1 h2 b')?.textContent"
LINES = """[...document.querySelectorAll('#load2 line')].map(line =>
    [line.className.baseVal, +line.getAttribute('x2'), +line.getAttribute('y2')])"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("steady")) as started:
        yield started


def test_every_inputs_values_are_true(site):
    """P, Q, V, I, PF and the angle of 10 inputs, and the supply's: class 1 at the least."""
    now = site.now()
    for truth, point in zip(steady_house.truths(site.plan), now["p"], strict=True):
        close = {"rel": 0.01, "abs": 2}
        assert point[POWER] / 100 == pytest.approx(truth.power, **close)
        assert point[REACTIVE] / 100 == pytest.approx(truth.reactive, **close)
        assert point[CURRENT] / 1e5 == pytest.approx(truth.current, rel=0.01, abs=0.01)
        assert point[VOLTAGE] / 100 == pytest.approx(truth.voltage, rel=0.002)
        factor = truth.power / truth.voltage / truth.current
        assert point[FACTOR] / 1e4 == pytest.approx(factor, abs=0.01)
        assert abs((point[ANGLE] / 10 - truth.angle + 180) % 360 - 180) < 1
        assert point[OVER] == 0
    assert now["hz"] == pytest.approx(50e6, abs=20000)
    first = now["u"][0][1]
    for (volts, angle), true, turned in zip(
        now["u"], steady_house.VOLTS, steady_house.ANGLES, strict=True
    ):
        assert volts / 100 == pytest.approx(true, rel=0.002)
        assert abs(((angle - first) / 10 - turned + 180) % 360 - 180) < 0.5


def test_the_gateway_answers_when_there_are_newer_values(site):
    """Each report once, in its order; a gateway that knows the time says how old they are."""
    now = site.now()
    for _ in range(3):
        next_one = site.json(f"now?after={now['n']}")
        assert next_one["n"] == now["n"] + 1
        assert next_one["site"] == now["site"]
        now = next_one


def test_all_of_many_phones_are_answered(site):
    """Twelve at once, three for each place: who waits for newer values keeps the place."""
    number = site.now()["n"]
    with ThreadPoolExecutor(12) as phones:
        answers = list(phones.map(lambda _: site.json(f"now?after={number}"), range(12)))
    assert all(answer["n"] >= number for answer in answers)


def test_what_the_site_is(site):
    said = site.json("site", Accept_Language="fr-BE,nl;q=0.5")
    assert said["lang"] == "fr"
    assert said["serial"] == "5020000042" and re.fullmatch("[0-9a-f]{8}", said["site"])
    assert said["name"] == site.plan["name"] and said["scheme"] == "3x400+N"
    assert said["loads"] == [[load["name"], load["role"]] for load in site.plan["loads"]]
    for point, plan in zip(said["points"], site.plan["points"], strict=True):
        assert point[:2] == [plan["node"], plan["input"]]
        assert said["loads"][point[2]][0] == plan["load"] and point[3] == plan["phase"]


def test_who_is_not_on_the_hotspot_gets_no_answer(site):
    """Somebody in the home's network, with the right name of the gateway in the request."""
    place, request = site.installer.origin(), b"GET /wiring HTTP/1.0\r\nHost: %s\r\n\r\n"
    host, port = place.split(":")
    for own, status in (("127.0.0.1", b"HTTP/1.1 200 "), ("127.0.0.2", b"")):
        with socket.create_connection((host, int(port)), 60, (own, 0)) as line:
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                line.sendall(request % place.encode())
                while data := line.recv(4096):
                    answer += data
            assert answer[:13] == status


def test_what_is_not_there(site):
    for path, status in (("/wiring/else", 404), ("/wiring/", 404), ("/wirings", 302)):
        assert site.ask("GET", path)[0] == status
    assert site.ask("PUT", "/wiring")[0] == 405
    assert site.ask("GET", "/wiring/now?after=%00'")[0] == 200
    status, fields, _ = site.ask("GET", "/wiring", Host="wiring.example")
    assert status == 302 and fields["Location"].endswith("/")


def test_all_is_small(site):
    """The page with all that it asks for, for every language and 28 inputs."""
    status, fields, page = site.ask("GET", "/wiring")
    assert status == 200 and fields["Content-Encoding"] == "gzip"
    assert page == service_page.packed()
    answers = len(site.ask("GET", "/wiring/site")[2]) + len(site.ask("GET", "/wiring/now")[2])
    assert len(page) + answers * 28 // 10 < service_page.LIMIT
    assert "Commissioning" in site.installer.page()


# While `window.late` is a path, its answers are of the site before, which had other inputs.
OF_BEFORE = """
    const real = window.fetch;
    window.late = '';
    window.told = 0;
    window.fetch = async (path, options) => {
        const answer = await real(path, options);
        if (!window.late || !path.startsWith(window.late)) return answer;
        const said = await answer.json();
        said.site = 'ffffffff';
        if (said.p) said.p = [];
        if (said.findings) said.findings = [[99, 'right', null, null, null, null, '']];
        window.told++;
        return new Response(JSON.stringify(said));
    };
"""


@pytest.mark.parametrize("name, shows", [("now", "values"), ("findings", "findings")])
def test_an_answer_of_the_site_before_is_not_put_beside_the_new_one(site, tmp_path, name, shows):
    """It was on its way when the site was changed."""
    first = {"values": KETTLE, "findings": "document.querySelector('main h2')?.textContent"}[shows]
    with Phone(tmp_path / "b", site.installer.port, size=(360, 780)) as phone:
        phone.before_each_page(OF_BEFORE)
        phone.open(f"http://{site.installer.origin()}/wiring")
        phone.wait_for(f"{KETTLE}?.includes('W')")
        phone.look(f"late = '/wiring/{name}'")
        phone.tap("#to-" + shows)
        phone.wait_for("told > 2")
        phone.tap("#to-" + shows)
        phone.look("told = 0")
        phone.wait_for("told > 1")
        assert not phone.problems()
        phone.look("late = ''")
        phone.wait_for(f"!!{first}")
        phone.wait_for("document.querySelector('#state').className != 'bad'")
        assert not phone.problems()


def watts(text: str) -> float:
    return float(re.search(r"(−?[\d.,  ]+)\s*W", text)[1].replace("−", "-").replace(",", ""))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_phone_shows_them_live(site, tmp_path, width):
    """In every language, light and dark, with the system's font and with DejaVu alone."""
    with Phone(tmp_path / "b", site.installer.port, size=(width, 780)) as phone:
        for language in ("nl", "fr", "de", "en"):
            phone.speak(language)
            phone.shade(dark=language in ("nl", "de"))
            phone.open(f"http://{site.installer.origin()}/wiring")
            phone.wait_for(f"{KETTLE}?.includes('W')")
            assert phone.look("document.documentElement.lang") == language
            assert phone.look("document.documentElement.scrollWidth") <= width
            phone.shot(f"wiring-{language}-{width}")
        assert watts(phone.look(KETTLE)) == pytest.approx(2000, rel=0.01)
        assert "<b>" not in phone.look("document.title")
        assert "Heat pump with a long name <i>" in phone.look("document.body.innerText")
        # The picture: a current of the heat pump lags its voltage by 37 degrees.
        ends = phone.look(LINES)
        angles = {kind: math.degrees(math.atan2(-y, x)) for kind, x, y in ends[3:]}
        volts = [math.degrees(math.atan2(-y, x)) for kind, x, y in ends[:3]]
        for p, voltage in enumerate(volts):
            lag = (voltage - angles[f"i i{p}"] + 180) % 360 - 180
            assert lag == pytest.approx(math.degrees(math.acos(0.8)), abs=1)
        # Live: a newer report is on the screen without a touch.
        shown = int(phone.look("document.querySelector('main').dataset.report"))
        phone.wait_for(f"+document.querySelector('main').dataset.report >= {shown + 2}")
        phone.look("document.body.style.fontFamily = 'DejaVu Sans'")
        phone.shot(f"wiring-dejavu-{width}")
        assert phone.look("document.documentElement.scrollWidth") <= width
        assert not phone.problems()
