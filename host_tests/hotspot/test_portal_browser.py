"""The hotspot's page in a real browser, in every language; the way of an installer is in
test_provisioning.py. The screenshots in build/screenshots are for looking at."""

from __future__ import annotations

import gzip
import tomllib
import urllib.parse

from gateway_host.portal_pages import SOURCE
from phone import Phone

from hotspot import NETWORKS, PASSWORDS, Hotspot, token

ACCEPTED = {
    "en": "en-GB,en;q=0.9",
    "nl": "nl-BE,nl;q=0.9,en;q=0.8",
    "fr": "fr-BE,fr;q=0.9,nl;q=0.8",
    "de": "de-AT,de;q=0.9",
}
TEXTS = tomllib.loads((SOURCE / "text.toml").read_text(encoding="utf-8"))
# What a finger is to hit and is smaller than 44 points (WCAG 2.5.5).
SMALL = """[...document.querySelectorAll('button, label.n, #key, #name')].filter(
    e => e.getBoundingClientRect().height && e.getBoundingClientRect().height < 44).length"""

# Where the names of the networks that can be chosen begin: one place.
BEGINS = """new Set([...document.querySelectorAll('label.n b')].map(
    e => e.getBoundingClientRect().x)).size"""


def test_the_page_in_every_language(tmp_path):
    with Hotspot(tmp_path) as hotspot, Phone(tmp_path / "b", hotspot.port) as phone:
        for language, accepted in ACCEPTED.items():
            phone.speak(accepted)
            phone.open(f"http://{hotspot.origin}/?{language}")
            phone.wait(TEXTS[language]["title"])
            phone.shade(dark=language == "de")
            phone.tap("label[for=o]")
            phone.type("#name", "R&B<i>'s")
            phone.type("#key", "short")
            phone.tap("#join > button")
            phone.wait_for("document.querySelector('.note') != null")
            phone.shot(f"{language}-too-short")
            assert phone.look("document.documentElement.lang") == language
            assert phone.look("document.documentElement.scrollWidth") <= 390
            assert phone.look("document.querySelector('[name=ssid]:checked').value") == "R&B<i>'s"
            assert phone.look(SMALL) == 0
            assert phone.look(BEGINS) == 1
        phone.look("document.title = 'old'")
        phone.tap(".head button")
        phone.wait_for("document.title != 'old'")
        phone.wait("Woning_5")
        # A page that says what was wrong sees by itself that all is well now. (Until it is there
        # the page before it has the token.)
        phone.look("document.title = 'old'")
        phone.tap("#join > button")
        phone.wait_for("document.title != 'old' && document.querySelector('.note') != null")
        page = gzip.decompress(hotspot.ask("GET", "/").body).decode()
        name = NETWORKS[0][0]
        fields = {"token": token(page), "ssid": name, "key": PASSWORDS[name]}
        assert hotspot.ask("POST", "/join", urllib.parse.urlencode(fields).encode()).status == 303
        phone.wait(TEXTS[language]["done_title"])
        assert not phone.problems()
        # One document is all: style, script and pictures are in it.
        kinds = {event["type"] for event in phone.events("Network.responseReceived")}
        assert kinds == {"Document", "Fetch"}  # for the state


def test_a_phone_that_finds_no_hotspot_any_more_reads_what_to_do(tmp_path):
    with Hotspot(tmp_path, held=True) as hotspot, Phone(tmp_path / "b", hotspot.port) as phone:
        phone.hurry(10)
        phone.open(f"http://{hotspot.origin}/")
        phone.wait(NETWORKS[0][0])
        phone.tap("label[for=n0]")
        phone.type("#key", PASSWORDS[NETWORKS[0][0]])
        phone.tap("#join > button")
        phone.wait_for("!!document.querySelector('#trying')")
        assert TEXTS["en"]["trying_gone"] not in phone.look("document.body.innerText")
        phone.leave(True)
        phone.wait(TEXTS["en"]["trying_gone"])
        hotspot.let_join()
        phone.leave(False)
        phone.wait(TEXTS["en"]["done_title"])
