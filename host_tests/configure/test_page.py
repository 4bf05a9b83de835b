"""The configurator's page in a real browser, at the size of a phone and of a desktop; the
screenshots in build/screenshots are for looking at."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import tomllib
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe
import pytest
from gateway_host.configure import form, pages
from gateway_host.configure.server import Server, Work
from gateway_host.configure.words import Words, languages
from gateway_host.interpreter import ROOT
from in_interpreter import succeed
from phone import Phone

VILLA = ROOT / "tools" / "plans" / "villa.toml"
OFFICES = ROOT / "tools" / "plans" / "offices.toml"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
# What a finger is to hit and is smaller than 44 points (WCAG 2.5.5).
SMALL = """[...document.querySelectorAll(
    'button:not(.default), select, nav a, .card label, .check label, input:not([type=hidden])')]
    .filter(e => !['radio', 'checkbox'].includes(e.type))
    .filter(e => e.getBoundingClientRect().height && e.getBoundingClientRect().height < 43.9)
    .map(e => e.outerHTML)"""
WIDER = "document.documentElement.scrollWidth > innerWidth"


@contextlib.contextmanager
def serving(tmp_path: Path, tables: dict[str, Any], language: str = "en") -> Iterator[Server]:
    with Server(Work(tables, tmp_path / "kept" / "plan.json", language)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def look_at(phone: Phone, name: str) -> None:
    """No violation, nothing too small or too wide."""
    assert axe.violations(phone) == {}, name
    assert not phone.look(WIDER), name
    assert phone.look(SMALL) == [], name
    phone.shot(f"configure-{name}")


@pytest.mark.parametrize("size, dark", [("phone", False), ("desktop", True)])
def test_every_step_of_a_plan(tmp_path, size, dark):
    with (
        serving(tmp_path, tomllib.loads(VILLA.read_text())) as server,
        Phone(tmp_path / "b", server.server_port, size=SIZES[size]) as phone,
    ):
        phone.shade(dark=dark)
        for step in pages.STEPS:
            phone.open(f"{server.address}{step}")
            phone.wait_for(f"location.pathname == '/{step}'")
            phone.wait(Words().page(f"{step}_title"))
            look_at(phone, f"{size}-{step}")
        for name in ("report.html", "labels.html"):
            phone.open(f"{server.address}files/{name}")
            phone.wait_for(f"location.pathname == '/files/{name}'")
            phone.shot(f"configure-{size}-{name[:-5]}")
        assert not phone.problems()


@pytest.mark.parametrize("size", SIZES)
def test_a_site_with_several_gateways(tmp_path, size):
    with (
        serving(tmp_path, tomllib.loads(OFFICES.read_text())) as server,
        Phone(tmp_path / "b", server.server_port, size=SIZES[size]) as phone,
    ):
        phone.open(f"{server.address}result")
        phone.wait("site-3.json")
        look_at(phone, f"{size}-offices")


def fill_in(phone: Phone, path: str, text: str) -> None:
    phone.type(f"[name='{path}']:not([type=hidden])", text)


def choose(phone: Phone, path: str, value: str) -> None:
    """As by hand: a browser shows a list of its own."""
    phone.wait_for(f"!!document.querySelector(\"[name='{path}']\")")
    phone.look(f"document.querySelector(\"[name='{path}']\").value = {json.dumps(value)}")


def press(phone: Phone, go: str, then: str) -> None:
    """A button, and what is true on the page that follows."""
    phone.look("document.title = 'old'")
    phone.tap(f"button[value='{go}']:not(.default)")
    phone.wait_for(f"document.title != 'old' && ({then})")


def is_at(step: str) -> str:
    return f"location.pathname == '/{step}'"


def test_an_installer_plans_a_home_from_nothing(tmp_path):
    with (
        serving(tmp_path, form.new(Words())) as server,
        Phone(tmp_path / "b", server.server_port) as phone,
    ):
        phone.open(server.address)
        phone.wait(Words().page("grid_title"))
        press(phone, "on", "!!document.querySelector('.faults')")
        look_at(phone, "nothing-given")
        wrong = "[...document.querySelectorAll('[aria-invalid]')].map(e => e.name)"
        assert phone.look(wrong) == ["name", "breaker"]
        phone.tap(".faults a")
        fill_in(phone, "name", 'Home "of" <b>Ö & Co</b>')
        phone.tap("label[for=scheme-3]")
        fill_in(phone, "breaker", "40")
        press(phone, "on", is_at("loads"))
        press(phone, "add load solar", "!!document.querySelector('[name=\"load[1].name\"]')")
        fill_in(phone, "load[1].power", "5,5")
        press(phone, "add load circuit", "!!document.querySelector('[name=\"load[2].name\"]')")
        press(phone, "on", "!!document.querySelector('.faults')")
        assert phone.look(wrong) == ["load[2].name", "load[2].breaker"]
        listed = "[...document.querySelectorAll('.faults a')].map(e => e.textContent)"
        assert phone.look(listed) == ["Load 3, Name", "Load 3, Breaker"]
        fill_in(phone, "load[2].name", "Oven")
        fill_in(phone, "load[2].breaker", "20")
        choose(phone, "load[2].phases", "L1-L2")
        press(phone, "add input", "!!document.querySelector('[name=\"input[0].name\"]')")
        fill_in(phone, "input[0].name", "Water")
        fill_in(phone, "input[0].per_pulse", "0.5")
        choose(phone, "input[0].unit", "l")
        press(phone, "on", is_at("positions"))
        press(phone, "add board", "!!document.querySelector('[name=\"board[1].name\"]')")
        fill_in(phone, "board[1].name", "Garage")
        press(phone, "stay", is_at("positions"))
        choose(phone, "load[2].board", "Garage")
        press(phone, "on", is_at("result"))
        phone.wait(Words().page("bill"))
        look_at(phone, "planned")
        assert not phone.problems()
        answer = ask(server, "GET", "/files/site.json")
        kept = json.loads((tmp_path / "kept" / "plan.json").read_text())
    document = json.loads(answer.read())
    assert succeed("judge_sites", given=[document]) == "taken\n"
    assert document["name"] == kept["name"] == 'Home "of" <b>Ö & Co</b>'
    assert [(point["load"], point["phase"]) for point in document["points"]] == [
        ("Grid", "L1"), ("Grid", "L2"), ("Solar", "L1"), ("Solar", "L2"), ("Oven", "L3"),
    ]  # fmt: skip
    assert document["b_bus"]["input_modules"][0]["inputs"] == [
        {"input": "A", "name": "Water", "mode": "pulse", "unit": "l", "per_pulse": 0.5}
    ]
    assert kept["load"][1]["power"] == 5.5
    assert (kept["board"][1]["name"], kept["board"][1]["distance"]) == ("Garage", 10)


def test_a_plan_is_made_by_keyboard_alone(tmp_path):
    with (
        serving(tmp_path, form.new(Words())) as server,
        Phone(tmp_path / "b", server.server_port, size=SIZES["desktop"]) as phone,
    ):
        phone.open(f"{server.address}grid")
        phone.wait(Words().page("grid_title"))

        def reach(condition: str) -> None:
            for _ in range(60):
                phone.press("Tab")
                if phone.look(f"document.activeElement.matches({json.dumps(condition)})"):
                    assert phone.look("getComputedStyle(document.activeElement).outlineStyle") in (
                        "solid",
                        "auto",
                    )
                    return
            pytest.fail(f"no Tab leads to {condition}")

        reach("a.skip")
        reach("[name=name]")
        phone.insert("Home")
        reach("[name=scheme]")
        phone.press("ArrowUp")
        assert phone.look("document.querySelector('[name=scheme]:checked').value") == "1x230"
        reach("[name=breaker]")
        phone.insert("25")
        reach("button[value=on]")
        phone.press("Enter")
        phone.wait_for(is_at("loads"))
        reach("button[value='remove load 0']")
        reach("button[value=on]")
        phone.press("Enter")
        phone.wait_for(is_at("positions"))
        reach("button[value=on]")
        phone.press("Enter")
        phone.wait(Words().page("bill"))
        reach("a[href='/files/site.json']")


def ask(
    server: Server, method: str, path: str, body: str = "", **fields: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} | {
        name.replace("_", "-"): text for name, text in fields.items()
    }
    connection.request(method, path, body or None, headers)
    return connection.getresponse()


def test_only_its_own_pages_reach_it(tmp_path):
    with serving(tmp_path, form.new(Words())) as server:
        port = server.server_port
        assert ask(server, "GET", "/grid").status == 200
        assert ask(server, "GET", "/grid", Host=f"localhost:{port}").status == 200
        assert ask(server, "GET", "/grid", Host=f"evil.example:{port}").status == 403
        good = ask(server, "POST", "/grid", "name=A&go=stay", Origin=f"http://127.0.0.1:{port}")
        assert good.status == 303
        for origin in ("http://evil.example", "null", "http://127.0.0.1"):
            assert ask(server, "POST", "/grid", "name=B&go=stay", Origin=origin).status == 403
        assert server.work.tables["name"] == "A"
        page = ask(server, "GET", "/grid")
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "script" not in page.read().decode().lower()


# Forms that no page of ours sends.
ODD = [
    "load%5B9%5D.name=x&go=stay",
    "load%5B0%5D=x&go=stay",
    "go=remove+load+99",
    "go=add+roof",
    "go=remove+load+-1",
    "scheme=&go=stay",
    "scheme=9x9&load%5B0%5D.phases=L9&go=on",
    "roof.tile.x=1&go=stay",
    "breaker=1e999&name=%00%ff&go=stay",
    "board%5B0%5D.name=&go=stay",
    "name.x=1&go=stay",
    "load=x&go=stay",
    "&&&=&go",
]


@pytest.mark.parametrize("body", ODD)
def test_odd_forms_break_nothing(tmp_path, body):
    with serving(tmp_path, tomllib.loads(VILLA.read_text())) as server:
        assert ask(server, "POST", "/loads", body).status in (200, 303)
        for step in pages.STEPS:
            assert ask(server, "GET", f"/{step}").status == 200
    kept = json.loads((tmp_path / "kept" / "plan.json").read_text())
    assert form.is_plan(kept)


def test_a_new_plan_leaves_the_one_before(tmp_path):
    with serving(tmp_path, tomllib.loads(VILLA.read_text())) as server:
        assert ask(server, "POST", "/new", "go=").headers["Location"] == "/grid"
        assert server.work.tables["name"] == ""
    kept = tmp_path / "kept"
    assert json.loads((kept / "plan.before.json").read_text())["name"] == "Villa"
    assert json.loads((kept / "plan.json").read_text())["name"] == ""


def test_what_is_not_there_or_too_large(tmp_path):
    with serving(tmp_path, form.new(Words())) as server:
        assert ask(server, "GET", "/files/site.json").status == 404  # the plan is not complete
        assert ask(server, "GET", "/files/../../etc/passwd").status == 404
        assert ask(server, "GET", "/nowhere").status == 404
        assert ask(server, "POST", "/nowhere", "a=b").status == 404
        assert ask(server, "POST", "/grid", Content_Length=str(2 << 20)).status == 413


def test_files_are_those_of_the_command(tmp_path):
    from gateway_host.__main__ import main

    out = tmp_path / "out"
    assert main(["configure", "--plan", str(OFFICES), "--out", str(out)]) == 0
    names = sorted(path.name for path in out.iterdir())
    names.remove("site-key.json")  # is made of chance, and for no page
    assert len(names) == 11  # of three gateways: 3 documents, 3 houses, 5 files
    with serving(tmp_path, tomllib.loads(OFFICES.read_text())) as server:
        listed = ask(server, "GET", "/result").read().decode()
        for name in names:
            assert f'href="/files/{name}"' in listed
            assert ask(server, "GET", f"/files/{name}").read() == (out / name).read_bytes()


def test_loads_follow_a_scheme_that_changes(tmp_path):
    with serving(tmp_path, tomllib.loads(VILLA.read_text())) as server:
        for scheme in ("1x230", "3x230", "2x120/240", "3x400+N"):
            body = urllib.parse.urlencode({"scheme": scheme, "go": "on"})
            assert ask(server, "POST", "/grid", body).status == 303
            assert ask(server, "POST", "/loads", "go=on").headers["Location"] == "/positions"


def test_every_language_fits_a_phone(tmp_path):
    tables = tomllib.loads(VILLA.read_text())
    with (
        serving(tmp_path, tables) as server,
        Phone(tmp_path / "b", server.server_port) as phone,
    ):
        phone.open(f"{server.address}grid")
        for language in reversed(languages()):
            for step in pages.STEPS:
                phone.open(f"{server.address}{step}")
                phone.wait_for(is_at(step))
                press(phone, language, f"document.documentElement.lang == '{language}'")
                assert phone.look("document.querySelector('h1').textContent") == Words(
                    language
                ).page(f"{step}_title")
                assert not phone.look(WIDER), (language, step)
                assert phone.look(SMALL) == [], (language, step)
                if language == "de":
                    phone.shot(f"configure-{language}-{step}")
