"""The hotspot's form: which networks and keys it takes, what stays in it, and for whom."""

from __future__ import annotations

import gzip
import html.parser
import json
import urllib.parse
from typing import Any

import pytest
from gateway_host.sim.radio import Network, World
from in_interpreter import program
from installer_scenario import Installer
from phone import until
from play_in_world import play
from test_portal_http import page

from hotspot import Answer, Hotspot, token

LABEL_KEY = 'vXk7-29ar hg;tU=q4\\]"8zp10'  # 26 characters
RAW_KEY = "0123456789abcdefABCDEF0123456789" * 2
# Routers and phones that people have; what other gateways of the series refuse.
TAKEN = [
    ("FRITZ!Box 7590 AB", "12345678901234567890", True),
    ("iPhone van Jan", "Geheim!123", True),
    ("Café-René", "Geheim!123", True),
    ("😀" * 8, "Geheim!123", True),
    (" voor, achter  ", "        ", True),
    ("Woning_5", LABEL_KEY, True),
    ("Woning_5", RAW_KEY, True),
    ("Woning_5", "k" * 63, True),
    ("Woning_5", "Geheim!123", False),
]
UNUSUAL = "Other gateways of this series may not accept this name or password."


class Form(html.parser.HTMLParser):
    """What a page asks: `fields`, each with its attributes by name or id; `checked`: the value of
    the network that is chosen, None for none; `text`: what is read."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, Any]] = {}
        self.checked: str | None = None
        self.text = ""
        self.feed(gzip.decompress(answer.body).decode())

    def handle_starttag(self, _tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        for name in ("id", "name"):
            if name in given:
                self.fields[given[name] or ""] = given
        if given.get("type") == "radio" and "checked" in given:
            self.checked = given["value"]

    def handle_data(self, data: str) -> None:
        self.text += data


def post(hotspot: Hotspot, path: str = "/join", **fields: str) -> Answer:
    """Send the form, with a fresh token where none is given."""
    fields = {"token": token(page(hotspot))} | fields
    return hotspot.ask("POST", path, urllib.parse.urlencode(fields).encode())


@pytest.mark.parametrize("way", ["ssid", "other"])
@pytest.mark.parametrize("name, key, unusual", TAKEN)
def test_what_802_11_allows_is_tried_as_it_is(name, key, unusual, way, tmp_path):
    """Chosen in the list, or typed in; a line says what other gateways would not take."""
    networks = [[name, -50, "wpa2"]] if way == "ssid" else []
    with Hotspot(tmp_path, networks=networks, passwords={name: key}) as hotspot:
        if way == "ssid":
            listed = Form(hotspot.ask("GET", "/"))
            assert name in {field.get("value") for field in listed.fields.values()}
        answer = post(hotspot, **{"ssid": "", "other": "", way: name, "key": key})
        assert answer.status == 303
        assert (UNUSUAL in page(hotspot)) == unusual
        assert hotspot.wait("tried") == {"tried": name, "result": "ok"}
        hotspot.reported.until(lambda _: "Connected" in page(hotspot), "the success")
        assert (UNUSUAL in page(hotspot)) == unusual
        assert key not in page(hotspot)


def test_a_gateway_joins_it(tmp_path):
    """Through the whole firmware and the simulated radio, and again after a restart."""
    name, key = " Café 😀 7590 AB! ", LABEL_KEY
    with Installer(tmp_path / "gateway", None) as installer:
        installer.world.networks.append(Network(name, key, rssi=-40))
        installer.join(name, key)
        until(lambda: "Connected" in installer.page(), "the result", installer.page)
        assert installer.world.joined().ssid == name
    world = World([Network(name, key)], cable=False)
    assert play(world, program("come_up"), tmp_path / "gateway") == [{"up": True}]


@pytest.mark.parametrize("escaped", [True, False])
def test_the_settings_file_takes_the_same(escaped, tmp_path):
    """Also where it is written with escapes, as many programs do (RFC 8259, section 7)."""
    networks = [[name, key] for name, key, _ in [*TAKEN[:4], TAKEN[-1]]]
    text = json.dumps({"networks": networks}, ensure_ascii=escaped)
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    (reported,) = play(World(), program("read_settings"), tmp_path)
    assert [[bytes(name).decode(), key] for name, key in reported["kept"]] == networks
    wanted = [f"networks[{i}]: other gateways of this series may not accept it" for i in range(4)]
    assert reported["hints"] == wanted


def test_a_name_that_is_no_utf8_says_so(tmp_path):
    name = list("Zoé 5".encode("latin-1"))
    with Hotspot(tmp_path, networks=[[name, -50, "wpa2"]]) as hotspot:
        listed = Form(hotspot.ask("GET", "/"))
        assert "Zo\N{REPLACEMENT CHARACTER} 5" in listed.text and "UTF-8" in listed.text
        assert "n0" not in listed.fields


@pytest.fixture
def hotspot(tmp_path):
    with Hotspot(tmp_path) as started:
        yield started


@pytest.mark.parametrize("path, status", [("/scan", 200), ("/join", 403)])
@pytest.mark.parametrize("name", ["Buren", "Elders 5 ", ""])
def test_what_was_typed_stays_for_who_has_typed_it(hotspot, name, path, status):
    """Through a search, and through a page that is out of date because somebody else has sent
    it."""
    for _ in range(2):  # somebody else has chosen another network, and mistyped its key
        assert post(hotspot, ssid="Woning_5", key="1234567").status == 200
    secret = {} if status == 200 else {"token": "0" * 16}
    listed = name == "Buren"
    fields = {"ssid": name} if listed else {"ssid": "", "other": name}
    answer = post(hotspot, path, key=' "<& ', **fields, **secret)
    assert answer.status == status
    shown = Form(answer)
    assert shown.checked == (name if listed else "")
    assert shown.fields["other"]["value"] == ("" if listed else name)
    assert shown.fields["key"]["value"] == ' "<& '
    assert ("autofocus" in shown.fields["again"]) == (path == "/scan")
    others = Form(hotspot.ask("GET", "/"))
    assert others.checked is None
    assert others.fields["key"]["value"] == others.fields["other"]["value"] == ""


def test_nothing_is_chosen_by_searching(hotspot):
    post(hotspot, ssid="Woning_5", key="1234567")
    assert Form(post(hotspot, "/scan", other="", key="")).checked is None


def test_a_network_that_is_gone_after_a_search_is_still_the_one(hotspot):
    shown = Form(post(hotspot, "/scan", ssid="Weg", other="", key="Geheim!123"))
    assert (shown.checked, shown.fields["other"]["value"]) == ("", "Weg")


@pytest.mark.parametrize(
    "fields, wrong",
    [
        ({"ssid": "Woning_5", "key": "1234567"}, "key"),
        ({"ssid": "Woning_5", "key": ""}, "key"),
        ({"ssid": "", "other": "n" * 33, "key": "12345678"}, "other"),
        ({"ssid": "", "other": "", "key": "12345678"}, "other"),
        ({"ssid": "", "other": "Camping", "key": "12345678"}, None),
    ],
)
def test_a_message_belongs_to_its_field(hotspot, fields, wrong):
    """For a screen reader: WAI-ARIA's aria-invalid and aria-describedby."""
    shown = Form(post(hotspot, **fields))
    assert "autofocus" in shown.fields["note"] and shown.fields["note"]["role"] == "alert"
    for name in ("key", "other"):
        field = shown.fields[name]
        assert (field.get("aria-invalid") == "true") == (name == wrong)
        described = field["aria-describedby"].split()
        assert ("note" in described) == (name == wrong)
        assert set(described) <= shown.fields.keys()


def test_the_page_says_where_it_is(hotspot):
    assert hotspot.origin in Form(hotspot.ask("GET", "/")).text
    post(hotspot, ssid="Woning_5", key="Geheim!123")
    assert hotspot.origin in Form(hotspot.ask("GET", "/")).text
