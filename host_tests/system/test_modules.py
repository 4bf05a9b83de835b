"""system/modules.py: every module that it loads for good is in the firmware, and so is every
one that is imported in a function while the gateway measures."""

from __future__ import annotations

import ast

from gateway_host import portal_pages
from gateway_host.image import FIRMWARE
from gateway_host.session import MODULE_PATH
from in_interpreter import succeed

# Before measuring begins, or when it has ended.
_AT_START = {
    "program.py",
    "start.py",
    "safe_mode.py",
    "update/offer.py",
    "site/document.py",
    "site/check.py",
    "pipeline.py",
    "gateway.py",
    "other_gateways.py",
    "cloud/mqtt_client.py",
}
_AT_THE_END = {"panel.factory_reset"}
_IN_SERVICE = {"panel.engineer", "panel.lock", "panel.look"}  # somebody waits


def is_module(name: str) -> bool:
    return (FIRMWARE / f"{name.replace('.', '/')}.py").is_file()


def imported_in_functions() -> set[str]:
    found = set()
    for file in FIRMWARE.rglob("*.py"):
        if file.relative_to(FIRMWARE).as_posix() in _AT_START:
            continue
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import):
                        found |= {alias.name for alias in node.names}
                    elif isinstance(node, ast.ImportFrom):
                        inner = [f"{node.module}.{alias.name}" for alias in node.names]
                        inner = [name for name in inner if is_module(name)]
                        found |= set(inner or [node.module])
    return found - _AT_THE_END - _IN_SERVICE


def test_all_that_is_imported_while_measuring_can_be_loaded_at_the_start():
    portal_pages.make()
    printed = succeed("load_modules", heap="4M", path=[*MODULE_PATH, portal_pages.MADE])
    loaded, left, kept = printed.splitlines()
    assert imported_in_functions() <= set(loaded.split())
    assert (left, kept) == ("False", "True")
