"""The hotspot's page in a real browser, in every language; the way of an installer is in
test_provisioning.py. The screenshots in build/screenshots are for looking at."""

from __future__ import annotations

import tomllib

from gateway_host.portal_pages import SOURCE
from hotspot import Hotspot
from phone import Phone

WISHES = {
    "en": "en-GB,en;q=0.9",
    "nl": "nl-BE,nl;q=0.9,en;q=0.8",
    "fr": "fr-BE,fr;q=0.9,nl;q=0.8",
    "de": "de-AT,de;q=0.9",
}
TEXTS = tomllib.loads((SOURCE / "text.toml").read_text(encoding="utf-8"))
# What a finger is to hit and is smaller than 44 points (WCAG 2.5.5).
SMALL = """[...document.querySelectorAll('button, label.n, #key, #name')].filter(
    e => e.getBoundingClientRect().height && e.getBoundingClientRect().height < 44).length"""


def test_the_page_in_every_language(tmp_path):
    with Hotspot(tmp_path) as hotspot, Phone(tmp_path / "b", hotspot.port) as phone:
        for language, wish in WISHES.items():
            phone.speak(wish)
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
        phone.look("document.title = 'old'")
        phone.tap(".head button")
        phone.wait_for("document.title != 'old'")
        phone.wait("Woning_5")
        assert not phone.problems()
        # One document is all: style, script and pictures are in it.
        kinds = {event["type"] for event in phone.events("Network.responseReceived")}
        assert kinds == {"Document"}
