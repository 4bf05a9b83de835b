"""What a phone may have done by the commissioning page: the remedy of what is wrong, its way back,
a LED that blinks, and who may not."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.parse
from typing import Any

import pytest
from gateway_host.service_page import texts
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from measured_site import Site
from phone import Phone, until

from hotspot import FORM

REPEATED = ("/wiring/site", "/wiring/now", "/wiring/findings")  # by the page itself
DECIDED_S = 110  # of simulated time: three judgements, and some
TURNED = ("5500000191", "D")  # of the dishwasher
EXCHANGED = (("5600000301", "A"), ("5600000301", "B"))  # of the grid
WORDS = texts()


def of(plan: dict[str, Any], place: tuple[str, str]) -> dict[str, Any]:
    """The point in site.json."""
    return next(p for p in plan["points"] if (p.get("node"), p["input"]) == place)


def post(site: Site, name: str, fields: dict[str, Any], **more: str) -> tuple[int, Any]:
    """(status, the answer) of a command."""
    body = urllib.parse.urlencode(fields).encode()
    status, _, said = site.ask("POST", "/wiring/" + name, body, **(FORM | more))
    return status, json.loads(said or "null")


def stored(site: Site, name: str = "site.json") -> dict[str, Any]:
    return json.loads((site.installer.session.directory / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The default house; its site.json says otherwise of three CTs."""
    house = load_house(DEFAULT_HOUSE)
    plan = house.site_json()
    of(plan, TURNED)["reversed"] = True
    for place, phase in zip(EXCHANGED, ("L2", "L1"), strict=True):
        of(plan, place)["phase"] = phase
    directory = tmp_path_factory.mktemp("wrong")
    with Site(directory, house, plan=plan, paced_from_s=DECIDED_S) as started:
        yield started


def findings(site: Site) -> dict[tuple[str, str], list[Any]]:
    """Of every input what is judged."""
    points = site.again("site")["points"]
    return {tuple(points[one[0]][:2]): one for one in site.again("findings")["findings"]}


def test_who_may_not(site):
    """Another page, an old page, and what is no command: nothing is done, and one sentence says
    why."""
    said = site.json("site")
    token = said["token"]
    before = stored(site)
    command = {"token": token, "load": 0, "site": said["site"], "remedy": "0:L1:0"}
    for fields, more, status, error in (
        (command | {"token": "0" * 16}, {}, 403, "stale"),
        (command | {"load": "99"}, {}, 400, "load: must be a whole number from 0 to "),
        (command | {"load": "-1"}, {}, 400, "load: must be"),
        (command | {"load": "1" * 30}, {}, 400, "load: must be"),
        (command | {"remedy": "0:L9:7"}, {}, 409, "changed"),
        (command | {"remedy": ""}, {}, 409, "changed"),
        (command | {"site": "ffffffff"}, {}, 409, "changed"),
        (command | {"x": "y" * 600}, {}, 413, "too long"),
        (command, {"Content-Type": "text/plain"}, 400, "Content-Type: must be"),
    ):
        found, answer = post(site, "apply", fields, **more)
        assert found == status and error in answer["error"] + answer["text"]
    for name, fields, status, error in (
        ("undo", {"change": 7, "site": said["site"]}, 409, "changed"),
        ("undo", {"change": "x", "site": said["site"]}, 400, "change: must be"),
        ("identify", {"serial": "12", "input": "A"}, 400, "serial: must be ten digits"),
        ("identify", {"serial": TURNED[0], "input": "E"}, 400, 'input: must be "A"'),
        ("identify", {"serial": "5500009999", "input": "A"}, 409, "no node 5500009999"),
        ("identify", {"serial": TURNED[0], "input": "A", "x": 1}, 400, "x: is not known"),
    ):
        found, answer = post(site, name, fields | {"token": token})
        assert found == status and error in answer["error"] + answer["text"]
    # From a page elsewhere: no token, or another Host.
    assert post(site, "scan", {})[0] == 403
    body = urllib.parse.urlencode(command).encode()
    assert site.ask("POST", "/wiring/apply", body, Host="evil.example", **FORM)[0] == 302
    assert site.ask("GET", "/wiring/apply?token=" + token)[0] == 405
    assert stored(site) == before
    assert site.json("findings")["changes"] == []


def test_a_led_blinks_where_it_is_asked_for(site):
    token = site.json("site")["token"]
    status, _ = post(site, "identify", {"token": token, "serial": TURNED[0], "input": TURNED[1]})
    assert status == 202
    leds = site.installer.installation.leds

    def lit() -> bool:
        led = leds()[TURNED[0]]
        return led is not None and led.name == "identify" and TURNED[1] in led.inputs

    until(lit, "the node's LED", leds)
    assert post(site, "scan", {"token": token})[0] == 202


# The last command as the gateway gives it, number 7 being the phone's; what the page says.
OUTCOMES = [
    ([7, "done", ""], "state_done"),
    ([7, "restarts", ""], "state_restarts"),
    ([7, "refused", "a reason"], "refused"),
    ([7, "unknown", ""], "state_unknown"),
    ([8, "done", ""], "state_unknown"),  # another phone's
    ([0, "none", ""], "state_unknown"),  # it has begun anew
    (None, "state_unknown"),  # no answer any more
]
# What the gateway answers, but for a command and what has become of it.
ANSWERED = """
    const real = window.fetch;
    window.job = [0, 'none', ''];
    window.asked = 0;
    window.fetch = async (path, options) => {
        if (path == '/wiring/apply' && !window.job) throw 'gone';
        if (path == '/wiring/apply') return new Response('{"job": [7, "busy", ""]}');
        const answer = await real(path, options);
        if (path != '/wiring/findings') return answer;
        const said = await answer.json();
        const sure = 0.9999 - window.asked++ / 1e5;
        said.findings = [[0, 'wrong', sure, 'turned_ct', 'L1', true, '']];
        said.job = window.job || said.job;
        return new Response(JSON.stringify(said));
    };
"""


def test_the_page_says_what_is_known_of_a_command(site, tmp_path):
    """And never that it is done where that is not known."""
    with Phone(tmp_path / "b", site.installer.port, size=(360, 780)) as phone:
        phone.before_each_page(ANSWERED)
        phone.open(f"http://{site.installer.origin()}/wiring")
        phone.wait_for("!!document.querySelector('#to-findings i')")  # it has read them
        phone.tap("#to-findings")
        for job, key in OUTCOMES:
            phone.look(
                f"document.getElementById('notice').textContent = ''; job = {json.dumps(job)}"
            )
            phone.tap(".apply")
            said = WORDS["en"][key].replace("%1", "a reason")
            phone.wait_for(f"document.getElementById('notice').textContent == {json.dumps(said)}")
            bad = phone.look("document.getElementById('notice').className") == "note"
            assert bad == (key in ("refused", "state_unknown"))


@pytest.mark.parametrize("touch", [False, True])
def test_what_a_finger_lies_on_stays_until_it_is_lifted(site, tmp_path, touch):
    """Findings that change meanwhile are shown afterwards."""
    with Phone(tmp_path / "b", site.installer.port, size=(360, 780)) as phone:
        phone.before_each_page(ANSWERED)
        phone.hurry(20)
        phone.open(f"http://{site.installer.origin()}/wiring")
        phone.tap("#to-findings")
        phone.wait_for("!!document.querySelector('.apply')")
        phone.look("job = [7, 'done', '']")
        with phone.held(".apply", touch):
            phone.look("window.before = asked")
            phone.wait_for("asked > before + 2")
        phone.wait(WORDS["en"]["state_done"])
        sure = "parseFloat(document.querySelector('.wrong small').textContent.match(/[\\d.]+/)[0])"
        phone.look(f"window.said = {sure}")
        phone.wait_for(f"{sure} < said")
        assert phone.look("document.activeElement.className") == "apply"  # a keyboard's place
        assert not phone.problems(*REPEATED)


# Values come only from then on that `window.go` is true.
LATE = """
    const real = window.fetch, pause = () => new Promise(done => setTimeout(done, 20));
    window.fetch = async (path, options) => {
        while (path.startsWith('/wiring/now') && !window.go) await pause();
        return real(path, options);
    };
"""


def test_a_report_that_is_opened_early_has_what_is_measured(site, tmp_path):
    """It waits for the first values, because it stays as it is while somebody writes in it."""
    with Phone(tmp_path / "b", site.installer.port, size=(360, 780)) as phone:
        phone.before_each_page(LATE)
        phone.open(f"http://{site.installer.origin()}/wiring")
        phone.wait_for("!!document.querySelector('#to-findings')")
        phone.tap("#to-report")
        phone.wait_for("document.querySelector('[aria-current]').id == 'to-report'")
        phone.wait(WORDS["en"]["waiting"])
        phone.look("window.go = true")
        phone.wait(WORDS["en"]["report_title"])
        supply = phone.look("[...document.querySelectorAll('.facts td')].pop().textContent")
        assert re.fullmatch(r"(L\d 2\d\d\.\d\u00a0V, ){3}\d\d\.\d\d\u00a0Hz", supply)


def test_what_is_wrong_is_put_right_and_back(site, tmp_path):
    """On the phone, by one tap each; what is so afterwards is the house's truth, and reports go on
    meanwhile."""
    until(
        lambda: all(findings(site)[place][1] == "wrong" for place in (TURNED, *EXCHANGED)),
        "what is wrong",
        lambda: findings(site),
        500,
    )
    house, before = site.house.site_json(), stored(site)
    numbers: list[int] = []
    over = threading.Event()

    def follow() -> None:
        while not over.is_set():
            numbers.append(site.again(f"now?after={numbers[-1] if numbers else ''}")["n"])

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    with Phone(tmp_path / "b", site.installer.port, size=(360, 780)) as phone:
        for language in ("de", "fr", "nl", "en"):
            phone.speak(language)
            phone.shade(dark=language in ("fr", "en"))
            phone.open(f"http://{site.installer.origin()}/wiring")
            for name in ("devices", "report", "findings"):
                phone.tap("#to-" + name)
                shown = {"devices": "nodes", "report": "report_title", "findings": "changes"}
                phone.wait(WORDS[language][shown[name]])
                phone.wait("5500000191")
                assert phone.look("document.documentElement.scrollWidth") <= 360
                phone.shot(f"wiring-{name}-{language}")
            phone.wait(WORDS[language]["apply"])
        words = WORDS["en"]
        cards = "[...document.querySelectorAll('.wrong')]"
        assert phone.look(f"{cards}.length") == 2
        tap = f"{cards}.find(e => e.textContent.includes('%s')).querySelector('.apply').id = 'it'"
        phone.look(tap % "Dishwasher")
        phone.tap("#it")
        phone.wait(words["state_done"])
        now = stored(site)
        assert of(now, TURNED)["reversed"] is False
        assert stored(site, "site.before") == before
        changes = site.again("findings")["changes"]
        assert [(one["what"], one["load"]) for one in changes] == [("apply", "Dishwasher")]
        assert changes[0]["points"] == [[*TURNED, "L1", True, "L1", False]]
        # Its power has the right sign from now on.
        place = [(p["node"], p["input"]) for p in house["points"]].index(TURNED)
        until(lambda: (site.again("now")["p"][place][0] or -1) > 0, "a circuit that consumes")
        # And back, by one tap.
        phone.wait(words["undo"])
        phone.tap(".quiet")
        phone.wait(words["was_undo"])
        until(lambda: of(stored(site), TURNED)["reversed"], "the way back")
        until(lambda: site.again("findings")["job"][1] == "done", "its end")
        what = [one["what"] for one in site.again("findings")["changes"]]
        assert what == ["apply", "undo"]
        until(lambda: (site.again("now")["p"][place][0] or 1) < 0, "the wrong sign again")
        phone.tap("#to-report")
        phone.wait(words["report_title"])
        phone.type("#who", "A. Installer")
        phone.shot("wiring-report")
        assert not phone.problems(*REPEATED)
    over.set()
    follower.join(30)
    assert numbers == sorted(numbers) and len(numbers) > 2
    log = site.installer.session.log.read_text()
    assert "Traceback" not in log
    # What was changed outlives a new start: one of two copies in the flash is whole.
    kept = [one.read_bytes() for one in site.installer.session.directory.glob("wiring.*")]
    assert any(b'"undo"' in data for data in kept)


def test_nothing_is_lost_while_the_page_is_read(site):
    """Every input of every report for 15 s, with a phone that reads all there is as fast as it
    can."""
    end = time.monotonic() + 15
    number, missing = site.now()["n"], 0
    while time.monotonic() < end:
        for path in ("site", "findings"):
            site.json(path)
        now = site.json(f"now?after={number}")
        assert now["n"] <= number + 2
        number = now["n"]
        missing += sum(point[6] is None for point in now["p"])
    assert missing == 0
    assert "skipped" not in site.installer.session.log.read_text()
