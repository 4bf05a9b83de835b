"""The wiring of a scheme, drawn from its description (schemes.py): one function for all."""

from __future__ import annotations

from collections.abc import Mapping

from .schemes import INKS, TERMINALS, Circuit, Wiring
from .sheet import CT, FONT, Sheet, width_of

_TOP, _PITCH, _STEP = 46, 36, 34  # of the first conductor, between conductors, between drops
_SUPPLY, _BREAKER, _GRID_CT, _DROPS = (14, 76), (118, 34), 262, 296
_BREAKER_Y, _CT_Y, _BOX_Y, _LINE_Y = 24, 76, 112, 19  # below the last conductor


def wiring(scheme: Wiring, words: Mapping[str, str]) -> str:
    """SVG. words: `supply`, `main`, `power_box`, `transformers`, `free`, `title`."""
    terminals = (*TERMINALS, *(("PE",) if "PE" in scheme.conductors else ()))
    first = _DROPS + _STEP * len(terminals) + 6
    widths = [_width(circuit) for circuit in scheme.circuits]
    ends_at = first + sum(widths) + 12 * len(widths)
    last = _TOP + _PITCH * (len(scheme.conductors) - 1)
    most = max(len(circuit.cts) for circuit in scheme.circuits)
    height = last + _BOX_Y + max(90, 34 + _LINE_Y * most) + 12
    sheet = Sheet(ends_at, height, words["title"].format(scheme=scheme.scheme))
    ys = {name: _TOP + _PITCH * k for k, name in enumerate(scheme.conductors)}
    inks = {name: INKS[scheme.colours[name]] for name in scheme.conductors}
    _supply(sheet, scheme, words, ys, inks, ends_at - 14)
    _power_box(sheet, scheme, words, ys, inks, terminals, last)
    x = first
    for circuit, width in zip(scheme.circuits, widths, strict=True):
        _circuit(sheet, scheme, circuit, ys, inks, x, width, last)
        x += width + 12
    return sheet.svg()


def _supply(
    sheet: Sheet, scheme: Wiring, words: Mapping[str, str], ys: dict[str, float],
    inks: dict[str, str], right: float,
) -> None:  # fmt: skip
    """The supply, the main breaker, the conductors with the grid's CTs."""
    x, width = _SUPPLY
    bx, b_width = _BREAKER
    low, high = min(ys.values()), max(ys.values())
    switched = scheme.switched(ys)
    for name, y in ys.items():
        wire = f' data-conductor="{name}"'
        sheet.wire([(x + width, y), (right, y)], inks[name], data=wire)
        sheet.text(x + width + 14, y - 6, name, bold=True)
    box = sheet.box(x, low - 22, width, high - low + 44)
    sheet.text(x + width / 2, (low + high) / 2 + 5, words["supply"], box=box)
    sheet.box(bx, low - 22, b_width, ys[switched[-1]] - low + 32)
    for name in switched:
        sheet.breaker(bx + b_width / 2, ys[name], across=True)
        sheet.wire([(bx, ys[name]), (bx + 8, ys[name])], inks[name])
        sheet.wire([(bx + b_width - 8, ys[name]), (bx + b_width, ys[name])], inks[name])
    sheet.text(bx + b_width / 2, low - 28, words["main"])
    for line, phase in scheme.grid:
        data = f' data-ct="grid" data-line="{line}" data-phase="{phase}"'
        sheet.ct(_GRID_CT, ys[line], right=True, data=data)
        sheet.text(_GRID_CT - 14, ys[line] - 7, f"CT {line} → {phase}", anchor="end", ink=CT)


def _power_box(
    sheet: Sheet, scheme: Wiring, words: Mapping[str, str], ys: dict[str, float],
    inks: dict[str, str], terminals: tuple[str, ...], last: float,
) -> None:  # fmt: skip
    xs = {name: _DROPS + _STEP * k for k, name in enumerate(terminals)}
    used = [name for name in terminals if name in ys]
    top = last + _BOX_Y
    for name in used:
        sheet.wire(
            [(xs[name], ys[name]), (xs[name], top)], inks[name], data=f' data-drop="{name}"'
        )
        sheet.dot(xs[name], ys[name], inks[name])
    _poles(sheet, [xs[name] for name in scheme.switched(used)], last)
    if scheme.ratio:
        for name in scheme.lines:
            sheet.transformer(xs[name], last + _CT_Y)
        sheet.text(_DROPS - 16, last + _CT_Y + 5, words["transformers"], anchor="end")
    label = words["power_box"]
    left = _DROPS - width_of(label) - 30
    box = sheet.box(left, top, xs[terminals[-1]] + 18 - left, 62, edge=CT, fill="#fff7ed")
    sheet.text(left + 12, top + 37, label, box=box, anchor="start", bold=True)
    for name in terminals:
        wired = f' data-terminal="{name}" data-wired="{name if name in ys else ""}"'
        fill = "#1f2937" if name in ys else "#fff"
        sheet.box(xs[name] - 6, top + 8, 12, 12, fill=fill, data=wired)
        sheet.text(xs[name], top + 40, name, box=box, bold=name in ys)
    if free := [name for name in terminals if name not in ys]:
        x = (xs[free[0]] + xs[free[-1]]) / 2
        sheet.text(x, top + 56, words["free"], box=box, size=FONT - 2)


def _width(circuit: Circuit) -> float:
    texts = [_spoken(circuit.name), *(f"CT {line} → {phase}" for line, phase in circuit.cts)]
    return max(_STEP * len(circuit.wires) + 10, max(map(width_of, texts)) + 22)


def _circuit(
    sheet: Sheet, scheme: Wiring, circuit: Circuit, ys: dict[str, float], inks: dict[str, str],
    x: float, width: float, last: float,
) -> None:  # fmt: skip
    first = x + (width - _STEP * (len(circuit.wires) - 1)) / 2
    xs = {name: first + _STEP * k for k, name in enumerate(circuit.wires)}
    top = last + _BOX_Y
    for name in circuit.wires:
        data = f' data-circuit="{circuit.name}" data-wire="{name}"'
        sheet.wire([(xs[name], ys[name]), (xs[name], top)], inks[name], data=data)
        sheet.dot(xs[name], ys[name], inks[name])
    _poles(sheet, [xs[name] for name in scheme.switched(xs)], last)
    box = sheet.box(x, top, width, 34 + _LINE_Y * len(circuit.cts))
    sheet.text(x + width / 2, top + 21, _spoken(circuit.name), box=box, bold=True)
    for k, (line, phase) in enumerate(circuit.cts):
        data = f' data-ct="{circuit.name}" data-line="{line}" data-phase="{phase}"'
        sheet.ct(xs[line], last + _CT_Y, right=False, data=data)
        y = top + 21 + _LINE_Y * (k + 1)
        sheet.text(x + width / 2, y, f"CT {line} → {phase}", box=box, ink=CT)


def _poles(sheet: Sheet, xs: list[float], last: float) -> None:
    """A breaker with a pole in each wire."""
    sheet.box(min(xs) - 10, last + _BREAKER_Y, max(xs) - min(xs) + 20, 22, fill="none")
    for x in xs:
        sheet.breaker(x, last + _BREAKER_Y + 11)


def _spoken(name: str) -> str:
    return name.replace("+", " + ").replace("-", " – ")
