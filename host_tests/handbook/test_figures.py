"""The handbook's figures: right electrically, by the site schema, the simulator's physics and the
firmware's own check; and in a browser no text leaves its box or lies on another one."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import axe
import pytest
from gateway_host import firmware_says
from gateway_host.commands.handbook import write
from gateway_host.handbook import book
from gateway_host.handbook.drawing import wiring
from gateway_host.handbook.schemes import describe
from gateway_host.interpreter import ROOT
from gateway_host.sim.catalogue import PHASES, SCHEMES
from phone import Phone

SCHEMA = json.loads((ROOT / "docs/schemas/site.schema.json").read_text(encoding="utf-8"))
# As the installation manual has them.
TERMINALS = {
    "1x230": {"L1", "N"},
    "3x400+N": {"L1", "L2", "L3", "N"},
    "3x230": {"L1", "L2", "L3"},
    "2x120/240": {"L1", "L2", "N"},
    "3x120/208": {"L1", "L2", "L3", "N"},
    "3x277/480": {"L1", "L2", "L3", "N"},
    "3x347/600": {"L1", "L2", "L3", "N", "PE"},
}
# Texts of a drawing that leave their box or the drawing, or lie on another text, or on a CT.
WRONG = """[...document.querySelectorAll('svg')].flatMap(svg => {
    const inside = (a, b) => a.left >= b.left && a.right <= b.right && a.top >= b.top - 1
        && a.bottom <= b.bottom + 1;
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom
        && b.top + 2 < a.bottom;
    const of = element => element.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')], rings = [...svg.querySelectorAll('ellipse')];
    const say = (what, text) => `${svg.ariaLabel}: ${what}: ${text.textContent}`;
    return texts.flatMap((text, k) => {
        const box = text.dataset.in && svg.querySelector(`[data-box=${text.dataset.in}]`);
        return [
            ...(inside(of(text), of(svg)) ? [] : [say('leaves the drawing', text)]),
            ...(!box || inside(of(text), of(box)) ? [] : [say('leaves its box', text)]),
            ...texts.slice(k + 1).filter(other => meet(of(text), of(other)))
                .map(other => say('lies on ' + other.textContent, text)),
            ...[...svg.querySelectorAll('rect[data-box]')].filter(rect => meet(of(text), of(rect))
                && rect.getAttribute('fill') != 'none'
                && text.compareDocumentPosition(rect) & Node.DOCUMENT_POSITION_FOLLOWING)
                .map(() => say('lies under a box', text)),
            ...rings.filter(ring => meet(of(text), of(ring))).map(() => say('on a CT', text)),
        ];
    });
})"""
WIDER = "document.documentElement.scrollWidth > innerWidth"


def drawn(scheme: str) -> ET.Element:
    return ET.fromstring(wiring(describe(scheme), book.words()["en"]["figure"]))


def marked(svg: ET.Element, mark: str, value: str = "") -> Iterator[ET.Element]:
    for element in svg.iter():
        found = element.attrib.get(f"data-{mark}")
        if found is not None and value in ("", found):
            yield element


def ends(wire: ET.Element) -> list[tuple[float, float]]:
    points = [point.split(",") for point in wire.attrib["points"].split()]
    return [(float(x), float(y)) for x, y in points]


def joints(svg: ET.Element) -> set[tuple[float, float]]:
    circles = (one for one in svg.iter() if one.tag.endswith("circle"))
    return {(float(one.attrib["cx"]), float(one.attrib["cy"])) for one in circles}


def wires_of(svg: ET.Element, circuit: str) -> dict[str, list[tuple[float, float]]]:
    return {e.attrib["data-wire"]: ends(e) for e in marked(svg, "circuit", circuit)}


def conductors(svg: ET.Element) -> dict[str, float]:
    return {e.attrib["data-conductor"]: ends(e)[0][1] for e in marked(svg, "conductor")}


def test_every_scheme_of_the_site_schema_has_its_drawing():
    listed = set(SCHEMA["properties"]["scheme"]["enum"])
    assert listed == set(TERMINALS) == set(SCHEMES)
    for language in book.LANGUAGES:
        text = (book.SOURCES / language / "05-wiring.md").read_text(encoding="utf-8")
        assert all(f"{{{{ figure scheme {scheme} |" in text for scheme in listed)


@pytest.mark.parametrize("scheme", TERMINALS)
def test_the_power_box_has_the_right_terminals(scheme):
    svg = drawn(scheme)
    heights = conductors(svg)
    wired = {e.attrib["data-wired"] for e in marked(svg, "terminal")} - {""}
    assert wired == set(heights) == TERMINALS[scheme]
    for terminal in marked(svg, "terminal"):
        name = terminal.attrib["data-terminal"]
        middle = float(terminal.attrib["x"]) + float(terminal.attrib["width"]) / 2
        drops = [ends(e) for e in marked(svg, "drop", name)]
        assert bool(drops) == (name in wired)
        for (x, y), (low, _) in drops:
            assert x == low == middle and y == heights[name]
            assert (x, y) in joints(svg)


@pytest.mark.parametrize("scheme", TERMINALS)
def test_each_ct_is_on_its_wire_and_its_phase_is_that_of_the_circuit(scheme):
    """What a phase lies between is the simulator's, which makes the waves of it."""
    svg = drawn(scheme)
    heights = conductors(svg)
    for ct in marked(svg, "ct"):
        circuit, line = ct.attrib["data-ct"], ct.attrib["data-line"]
        x, y = float(ct.attrib["cx"]), float(ct.attrib["cy"])
        first, second = SCHEMES[scheme].ends[ct.attrib["data-phase"]]
        assert PHASES[first] == line
        if circuit == "grid":
            assert ct.attrib["data-arrow"] == "right" and y == heights[line]
            continue
        wires = wires_of(svg, circuit)
        assert ct.attrib["data-arrow"] == "down" and wires[line][0][0] == x
        assert wires[line][0][1] == heights[line] < y < wires[line][1][1]
        other = "N" if second is None else PHASES[second]
        assert other in wires, (circuit, "the current comes back there")
        if len(wires) == 2:
            assert set(wires) == {line, other}
        assert all(wire[0] in joints(svg) for wire in wires.values())


@pytest.mark.parametrize("scheme", TERMINALS)
def test_each_load_has_one_ct_less_than_wires(scheme):
    """The last wire's current is the sum of the others (Blondel's theorem)."""
    svg = drawn(scheme)
    loads = {e.attrib["data-circuit"]: 0 for e in marked(svg, "circuit")}
    for load in ("grid", *loads):
        lines = [e.attrib["data-line"] for e in marked(svg, "ct", load)]
        wires = set(wires_of(svg, load)) if load != "grid" else set(conductors(svg)) - {"PE"}
        assert len(lines) == len(set(lines)) == len(wires) - 1, load


@pytest.mark.parametrize("scheme", TERMINALS)
def test_the_firmware_takes_a_site_that_is_wired_so(scheme, tmp_path):
    cts = [ct.attrib for ct in marked(drawn(scheme), "ct")]
    points = [
        {"node": f"55000001{k // 4:02d}", "input": "ABCD"[k % 4], "ct": "AC-CT-50A",
         "phase": ct["data-phase"], "load": ct["data-ct"]}
        for k, ct in enumerate(cts)
    ]  # fmt: skip
    loads = [
        {"name": name, "role": "grid" if name == "grid" else "circuit"}
        for name in dict.fromkeys(ct["data-ct"] for ct in cts)
    ]
    site = {
        "version": 1, "name": "As drawn", "uuid": "as-drawn", "location": 1,
        "timezone": "Etc/UTC", "utc_offset": 0, "scheme": scheme, "frequency": 50,
        "head": "5400000001", "points": points, "loads": loads,
    }  # fmt: skip
    file = tmp_path / "site.json"
    file.write_text(json.dumps(site), encoding="utf-8")
    firmware_says.check_site(file, 32)


def test_every_page_in_a_browser(tmp_path):
    """Both languages: the drawings, the width of a phone, and what axe-core finds."""
    for language in book.LANGUAGES:
        write(language, tmp_path / language)
    with Phone(tmp_path / "browser", 9) as phone:

        def show(file: Path) -> None:
            phone.open(file.as_uri())
            phone.wait_for(f"location.pathname.endsWith('/{file.parent.name}/{file.name}')")

        for language in book.LANGUAGES:
            show(tmp_path / language / book.PRINTED)
            assert phone.look("document.querySelectorAll('svg text').length") > 100
            assert phone.look(WRONG) == []
            for file in sorted((tmp_path / language).glob("*.html")):
                show(file)
                assert not phone.look(WIDER), file
                if file.name in ("index.html", "wiring.html", "validating.html"):
                    phone.shot(f"handbook-{language}-{file.stem}")
                    assert axe.violations(phone) == {}, file
