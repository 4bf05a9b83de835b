"""The hotspot's page by keyboard, on a small screen and for a screen reader, in a real browser."""

from __future__ import annotations

import tomllib

import pytest
from axe import violations
from gateway_host.portal_pages import SOURCE
from phone import Phone
from test_portal_form import post

from hotspot import Hotspot

TEXTS = tomllib.loads((SOURCE / "text.toml").read_text(encoding="utf-8"))
SMALL = (320, 480)
NETWORKS = [[f"Buur {number:02} FRITZ!Box", -40 - number, "wpa2"] for number in range(16)]
KINDS = [
    ["Woning_5", -48, "wpa2"],
    ["Camping", -74, "open"],
    ["", -66, "wpa2"],
    ["Oud", -77, "wep"],
    ["Nieuw", -70, "wpa3"],
    [list("Zoé".encode("latin-1")), -70, "wpa2"],
]
FOCUS = "document.activeElement.id"
CHOSEN = "(document.querySelector('[name=ssid]:checked') || {id: null}).id"
KEY = "document.querySelector('#key').value"
NOTE = "!!document.querySelector('.note')"
# Whether the whole element is on the screen, and nothing lies on its middle.
IN_SIGHT = """(() => {{
    const element = document.querySelector('{0}'), box = element.getBoundingClientRect();
    const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return box.top >= 0 && box.bottom <= innerHeight && element.contains(middle);
}})()"""


@pytest.fixture
def open_page(tmp_path):
    """A function that opens the page on a small phone: gives the hotspot and the phone."""
    opened = []

    def begin(networks=NETWORKS, scripts=True, **plan):
        hotspot = Hotspot(tmp_path, networks=networks, **plan)
        opened.append(hotspot)
        hotspot.wait("listening")
        phone = Phone(tmp_path / "b", hotspot.port, size=SMALL, scripts=scripts)
        opened.append(phone)
        phone.open(f"http://{hotspot.origin}/")
        phone.wait(TEXTS["en"]["title"])
        return hotspot, phone

    yield begin
    for one in reversed(opened):
        one.__exit__()


def focus(phone: Phone, selector: str) -> None:
    phone.look(f"document.querySelector('{selector}').focus()")


@pytest.mark.parametrize("scripts", [True, False])
def test_arrows_and_space_choose_and_the_focus_stays(open_page, scripts):
    _, phone = open_page(scripts=scripts)
    focus(phone, "#n0")
    phone.press(" ")
    assert phone.look(f"[{FOCUS}, {CHOSEN}]") == ["n0", "n0"]
    for step in range(1, 16):
        phone.press("ArrowDown")
        assert phone.look(f"[{FOCUS}, {CHOSEN}]") == [f"n{step}"] * 2
        assert phone.look(IN_SIGHT.format(f"label[for=n{step}]"))
        assert phone.look(IN_SIGHT.format("#key"))
    phone.press("ArrowDown")
    assert phone.look(f"[{FOCUS}, {CHOSEN}]") == ["o", "o"]
    phone.press("ArrowUp")
    assert phone.look(f"[{FOCUS}, {CHOSEN}]") == ["n15", "n15"]


def test_home_end_and_enter(open_page):
    hotspot, phone = open_page()
    focus(phone, "#n3")
    for key, wanted in (("End", "o"), ("Home", "n0"), ("End", "o")):
        phone.press(key)
        assert phone.look(f"[{FOCUS}, {CHOSEN}]") == [wanted] * 2
        assert phone.look(IN_SIGHT.format(f"label[for={wanted}]"))
    phone.press("Enter")
    assert phone.look(FOCUS) == "name" and phone.look(IN_SIGHT.format("#name"))
    focus(phone, "#n3")
    phone.press("Enter")
    assert phone.look(f"[{FOCUS}, {CHOSEN}]") == ["key", "n3"]
    assert not any("tried" in event for event in hotspot.reported.all())


@pytest.mark.parametrize("scripts", [True, False])
def test_enter_in_the_keys_field_connects(open_page, scripts):
    """Not the search, whose button comes first."""
    name = NETWORKS[1][0]
    hotspot, phone = open_page(scripts=scripts, passwords={name: "Geheim!123"})
    phone.tap("label[for=n1]")
    phone.type("#key", "Geheim!123")
    phone.press("Enter")
    assert hotspot.wait("tried") == {"tried": name, "result": "ok"}


@pytest.mark.parametrize("number", ["n0", "n7", "n15", "o"])
def test_a_finger_goes_to_the_field(open_page, number):
    _, phone = open_page()
    phone.tap(f"label[for={number}]")
    field = "name" if number == "o" else "key"
    assert phone.look(f"[{FOCUS}, {CHOSEN}]") == [field, number]
    assert phone.look(IN_SIGHT.format(f"#{field}")) and phone.look(IN_SIGHT.format("#key"))


def test_showing_the_key_moves_nothing(open_page):
    _, phone = open_page()
    phone.type("#key", "Geheim!123")
    phone.tap("#show")
    assert phone.look(f"[{FOCUS}, document.querySelector('#key').type]") == ["key", "text"]
    focus(phone, "#show")
    phone.press("Enter")
    assert phone.look(f"[{FOCUS}, document.querySelector('#key').type]") == ["show", "password"]


@pytest.mark.parametrize("number, name", [("n5", ""), ("o", "Elders 5 ")])
def test_a_search_leaves_what_was_chosen_and_typed(open_page, number, name):
    """Also what is typed while it goes on."""
    _, phone = open_page(scan_ms=1000)
    phone.tap(f"label[for={number}]")
    if name:
        phone.type("#name", name)
    focus(phone, "#again")
    phone.press("Enter")
    assert phone.look("document.querySelector('#status').textContent") == TEXTS["en"]["searching"]
    phone.type("#key", "Geheim")
    phone.wait_for(f"document.querySelector('#status').textContent == {TEXTS['en']['found']!r}"
                   " + '\\u00a016'")  # fmt: skip
    assert phone.look(f"[{FOCUS}, {CHOSEN}, {KEY}]") == ["key", number, "Geheim"]
    assert phone.look("document.querySelector('#name').value") == name
    focus(phone, "#again")
    phone.press("Enter")
    phone.wait_for(f"document.querySelector('#again').textContent == {TEXTS['en']['rescan']!r}")
    assert phone.look(f"[{FOCUS}, {CHOSEN}, {KEY}]") == ["again", number, "Geheim"]
    assert not phone.problems()


def test_a_search_leaves_the_focus_in_the_list(open_page):
    _, phone = open_page(scan_ms=1000)
    phone.look("document.querySelector('#rows').firstElementChild.id = 'old'")
    focus(phone, "#again")
    phone.press("Enter")
    focus(phone, "#n4")
    phone.press("ArrowDown")
    phone.wait_for("!document.querySelector('#old')")
    assert phone.look(f"[{FOCUS}, {CHOSEN}]") == ["n5", "n5"]


def test_a_search_without_scripts(open_page):
    _, phone = open_page(scripts=False)
    phone.tap("label[for=n5]")
    phone.type("#key", "Geheim")
    phone.look("document.title = 'old'")
    phone.tap("#again")
    phone.wait_for(f"document.title != 'old' && {FOCUS} == 'again'")
    assert phone.look(f"[{CHOSEN}, {KEY}]") == ["n5", "Geheim"]


def test_a_search_that_nobody_answers_says_so(open_page):
    _, phone = open_page()
    phone.tap("label[for=n5]")
    phone.type("#key", "Geheim")
    phone.leave(True)
    phone.tap("#again")
    phone.wait(TEXTS["en"]["no_answer"])
    assert phone.look(f"[{CHOSEN}, {KEY}]") == ["n5", "Geheim"]
    phone.leave(False)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_page_that_is_out_of_date_keeps_this_phones_choice(open_page, scripts):
    hotspot, phone = open_page(scripts=scripts)
    phone.tap("label[for=n5]")
    phone.type("#key", "Geheim!123")
    post(hotspot, ssid=NETWORKS[9][0], key="short")  # somebody else's
    phone.tap("#join > button")
    phone.wait(TEXTS["en"]["messages"]["stale"])
    phone.wait_for(f"{FOCUS} == 'note'")  # a moment after the text
    assert phone.look(f"[{CHOSEN}, {KEY}]") == ["n5", "Geheim!123"]
    assert not any("tried" in event for event in hotspot.reported.all())


def luminance(colour: str) -> float:
    """Of a computed colour, "rgb(1, 2, 3)" (WCAG 2.2, relative luminance)."""
    parts = [int(part) / 255 for part in colour.split("(")[1].rstrip(")").split(",")[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


# [what it is, its border's colour, what lies around it] of each control.
BORDERS = """[
    ...['#key', '#name'].map(name => [name,
        getComputedStyle(document.querySelector(name)).borderTopColor,
        getComputedStyle(document.body).backgroundColor]),
    ...['#key', '#name', '.list'].map(name => [name,
        getComputedStyle(document.querySelector(name)).borderTopColor,
        getComputedStyle(document.querySelector('.list')).backgroundColor]),
    ...[...document.querySelectorAll('label.n')].map(label => [label.htmlFor,
        getComputedStyle(label, '::before').borderTopColor,
        getComputedStyle(document.querySelector('.list')).backgroundColor]),
]"""


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_borders_of_what_is_filled_in_are_seen(open_page, dark, wrong):
    """3:1 (WCAG 2.2, 1.4.11), also of what is wrong and what is chosen."""
    _, phone = open_page(KINDS)
    phone.shade(dark=dark)
    phone.tap("label[for=o]")
    if wrong:
        phone.tap("#join > button")
        phone.wait_for(NOTE)
        phone.shade(dark=dark)
    borders = phone.look(BORDERS)
    assert len(borders) == 7
    for name, edge, ground in borders:
        assert contrast(edge, ground) >= 3, (name, edge, ground)


def states(hotspot: Hotspot, phone: Phone, language: str):
    """Every state of the page in a language, by its name, one after the other."""
    texts = TEXTS[language]
    phone.open(f"http://{hotspot.origin}/?{language}")
    phone.wait(texts["address"])
    yield "form"
    phone.tap("label[for=o]")
    yield "another network"
    for field, name, key, invalid in (
        ("name", "n" * 33, "12345678", "name"),
        ("name", "Woning_5", "é" * 9, "key"),
    ):
        phone.look("document.querySelectorAll('#name, #key').forEach(one => { one.value = ''; })")
        phone.tap("label[for=o]")
        phone.type("#" + field, name)
        phone.type("#key", key)
        phone.look("document.title = 'old'")
        phone.tap("#join > button")
        phone.wait_for(f"document.title != 'old' && !!document.querySelector('#{invalid}')")
        phone.wait_for(f"!!document.querySelector('#{invalid}').ariaInvalid")
        yield f"wrong {invalid}"
    phone.open(f"http://{hotspot.origin}/?again")
    phone.wait_for("location.search == '?again'")
    for key, found in (("wrongwrong", "form"), ("Geheim 123", ".tick")):
        phone.tap("label[for=n0]")
        phone.type("#key", key)
        phone.tap("#join > button")
        phone.wait_for("!!document.querySelector('#trying')")
        yield "trying"
        phone.look("document.querySelector('#gone').hidden = false")
        yield "no answer"
        hotspot.let_join()
        phone.wait_for(f"!!document.querySelector('{found}')")
        yield "wrong password" if found == "form" else "done"


@pytest.mark.parametrize("language", TEXTS)
def test_axe_finds_nothing_in_any_state(language, tmp_path):
    """In light and dark; and nothing is wider than the screen."""
    with (
        Hotspot(
            tmp_path,
            networks=KINDS,
            passwords={"Woning_5": "Geheim 123"},
            held=True,
            wrong=["connection to the broker: " + "long-name." * 12 + "example: name not found"],
        ) as hotspot,
        Phone(tmp_path / "b", hotspot.port, language=language, size=SMALL) as phone,
    ):
        seen = set()
        for state in states(hotspot, phone, language):
            for dark in (True, False):
                phone.shade(dark=dark)
                assert violations(phone) == {}, (state, dark)
            assert phone.look("document.documentElement.scrollWidth") == SMALL[0], state
            phone.shot(f"{language}-{state.replace(' ', '-')}")
            seen.add(state)
        assert seen >= {"form", "wrong name", "wrong key", "no answer", "wrong password", "done"}


def test_axe_finds_nothing_where_no_network_is(open_page):
    _, phone = open_page([])
    assert violations(phone) == {}


# On how many lines each text stands that begins with a digit and ends with GHz.
LINES = """(() => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walk.nextNode()) {
        const match = /\\d[.,]\\d.GHz/.exec(walk.currentNode.data), range = document.createRange();
        if (!match) continue;
        range.setStart(walk.currentNode, match.index);
        range.setEnd(walk.currentNode, match.index + match[0].length);
        found.push(new Set([...range.getClientRects()].map(box => box.y)).size);
    }
    return found;
})()"""


def test_2_4_ghz_is_on_one_line_at_every_width(open_page):
    hotspot, phone = open_page([])
    for language in TEXTS:
        phone.speak(language)
        phone.open(f"http://{hotspot.origin}/?{language}")
        phone.wait(TEXTS[language]["address"])
        for width in range(160, 321, 4):
            phone.look(f"document.body.style.width = '{width}px'")
            assert phone.look(LINES) == [1, 1], (language, width)
