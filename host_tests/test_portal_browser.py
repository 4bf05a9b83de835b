"""The way of an installer with a phone, in a real browser: from joining the hotspot to the result.
The screenshots in build/screenshots are for looking at."""

from __future__ import annotations

import tomllib
import urllib.parse

import pytest
from gateway_host.portal_pages import SOURCE
from hotspot import Hotspot
from phone import Phone

PROBE = "http://connectivitycheck.gstatic.com/generate_204"
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


def problems(phone: Phone) -> list:
    """What the browser complains of."""
    return phone.events("Log.entryAdded") + phone.events("Runtime.exceptionThrown")


@pytest.mark.parametrize("language, scripts", [("nl", True), ("fr", False)])
def test_the_whole_way(language, scripts, tmp_path):
    words = TEXTS[language]
    name = f"{language}-{'scripts' if scripts else 'plain'}"
    with (
        Hotspot(tmp_path, seconds=1, speed=5) as hotspot,
        Phone(tmp_path / "b", hotspot.port, language=WISHES[language], scripts=scripts) as phone,
    ):
        phone.open(PROBE)
        phone.wait(words["title"])
        assert urllib.parse.urlsplit(phone.look("location.href")).netloc == hotspot.origin
        phone.shot(f"{name}-1-networks")
        phone.tap("label[for=n0]")
        phone.type("#key", "Verkeerd!1")
        phone.tap("#join > button")
        phone.wait("Woning_5")
        phone.wait_for("document.querySelector('.bar') != null")
        phone.shot(f"{name}-2-trying")
        phone.wait(words["messages"]["wrong_password"] % "Woning_5")
        phone.shot(f"{name}-3-wrong")
        assert phone.look("document.querySelector('#n0').checked")
        assert phone.look("document.querySelector('#key').value") == ""
        phone.type("#key", "Geheim!123")
        if scripts:
            phone.tap("#show")
            assert phone.look("document.querySelector('#key').type") == "text"
        phone.tap("#join > button")
        phone.wait(words["done_title"])
        phone.shot(f"{name}-4-connected")
        assert hotspot.wait("done")["done"]
        assert not problems(phone)
        # One document is all: style, script and pictures are in it.
        kinds = {event["type"] for event in phone.events("Network.responseReceived")}
        assert kinds <= {"Document", "Fetch"}
    assert "Verkeerd!1" not in hotspot.output and "Geheim!123" not in hotspot.output


def test_the_page_fits_the_phone_in_every_language(tmp_path):
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
        assert not problems(phone)


def test_searching_again_keeps_to_the_page(tmp_path):
    with (
        Hotspot(tmp_path) as hotspot,
        Phone(tmp_path / "b", hotspot.port) as phone,
    ):
        phone.open(f"http://{hotspot.origin}/")
        phone.wait("Search again")
        phone.look("document.title = 'old'")
        phone.tap(".head button")
        phone.wait_for("document.title != 'old'")
        phone.wait("Woning_5")
