"""What the firmware says to people, read out of its sources: the sentences of `advice`, and those
by which it says why the broker cannot be reached.

Owns which modules these are. A module that makes advice names the type `AdviceText`, or appends to
`texts`; the others that speak are listed here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from gateway_host.interpreter import ROOT

FIRMWARE = ROOT / "firmware"
SENTENCE = 3  # words: less is a piece of one
_SIGN = re.compile(r"AdviceText|texts\.append\(\(")
# They hand advice on, and have none of their own.
_HANDS_ON = (
    "b_bus/port.py",
    "b_bus/runner.py",
    "gateway.py",
    "panel/console.py",
    "safe_cloud.py",
)
# The reasons of an `uplink`, and the faults that b_bus/messages.py names.
_OTHERS = (
    "b_bus/meter.py",
    "b_bus/meter_energy.py",
    "b_bus/meter_units.py",
    "b_bus/output_module.py",
    "b_bus/power_box.py",
    "cloud/acceptance.py",
    "cloud/first_answer.py",
    "cloud/hearing.py",
    "cloud/mqtt_client.py",
    "cloud/mqtt_in.py",
    "cloud/subscriptions.py",
    "cloud/tls_context.py",
    "cloud/uplink_troubles.py",
)
# What a site.json is refused with.
_REFUSAL = re.compile(r"\w .*\b(must|is|are|has|not|cannot|needs)\b|: .* .*")
REFUSING = ("site/document.py", "site/check.py", "site/fields.py", "b_bus/read.py")


def speaking() -> list[Path]:
    """The modules with sentences for people."""
    found = [FIRMWARE / name for name in _OTHERS]
    for file in FIRMWARE.rglob("*.py"):
        name = str(file.relative_to(FIRMWARE))
        if name not in _HANDS_ON and _SIGN.search(file.read_text(encoding="utf-8")):
            found.append(file)
    return sorted(set(found))


@cache
def texts() -> dict[str, str]:
    """{constant: the module that has it} of all that speak, pieces of a sentence as well."""
    return {
        text: str(file.relative_to(FIRMWARE)) for file in speaking() for text in constants(file)
    }


def sentences() -> dict[str, str]:
    """Those of texts() that the handbook must have."""
    return {text: where for text, where in texts().items() if len(text.split()) >= SENTENCE}


def refusals() -> list[str]:
    """What a site.json is refused with, in the order of the sources."""
    found = (text for name in REFUSING for text in constants(FIRMWARE / name))
    return list(dict.fromkeys(text for text in found if _REFUSAL.search(text)))


def constants(file: Path) -> Iterator[str]:
    """A module's texts by line, without docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if id(node) not in documents:
            yield str(node.value)
