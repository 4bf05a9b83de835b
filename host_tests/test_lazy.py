"""lazy.py: every module that it loads for good is in the firmware, and so is every one that is
imported in a function while the gateway measures."""

from __future__ import annotations

import ast

from gateway_host import interpreter, portal_pages
from gateway_host.image import FIRMWARE
from gateway_host.session import MODULE_PATH

# Before measuring begins, or when it has ended.
_AT_START = {
    "start.py",
    "site.py",
    "site_check.py",
    "measuring.py",
    "gateway.py",
    "mqtt_client.py",
}
_AT_THE_END = {"factory_reset"}


def imported_in_functions() -> set[str]:
    found = set()
    for file in FIRMWARE.glob("*.py"):
        if file.name in _AT_START:
            continue
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import):
                        found |= {alias.name for alias in node.names}
                    elif isinstance(node, ast.ImportFrom):
                        found.add(node.module)
    return found - _AT_THE_END


def test_all_that_is_imported_while_measuring_can_be_loaded_at_the_start():
    portal_pages.make()
    code = "import lazy, sys; lazy.load(True); print(' '.join(sys.modules))"
    code += "; lazy.forget('sntp'); print('sntp' in sys.modules)"
    code += "; import totals; lazy.forget('totals'); print('totals' in sys.modules)"
    done = interpreter.run(["-c", code], heap="4M", path=[*MODULE_PATH, portal_pages.MADE])
    assert done.returncode == 0, done.stdout + done.stderr
    loaded, kept, left = done.stdout.splitlines()
    assert imported_in_functions() <= set(loaded.split())
    assert (kept, left) == ("True", "False")
