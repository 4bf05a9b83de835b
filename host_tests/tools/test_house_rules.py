"""The rules of the house, each on a small tree that breaks it once and beside that keeps it."""

import pytest
from gateway_host import house_rules

ORDER = """[tool.ruff.lint.isort]
section-order = ["future", "system", "net", "roof"]
[tool.ruff.lint.isort.sections]
system = ["system"]
net = ["net"]
"""


@pytest.fixture
def tree(tmp_path):
    """Writes files, {path: text}, into a project; gives its folder."""

    def write(files):
        for name, text in {"pyproject.toml": ORDER, **files}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return write


def test_the_project_keeps_them():
    assert house_rules.broken() == []


def test_an_import_from_the_floor_above_is_named(tree):
    root = tree(
        {
            "firmware/net/clock.py": "from system.counters import Counters\n",
            "firmware/system/counters.py": "def late():\n    import net.clock\n",
            "firmware/gateway.py": "import net.clock, system.counters\n",
        }
    )
    assert list(house_rules.floors(root)) == [
        "firmware/system/counters.py:2: imports net.clock, which is on the floor above (net over "
        "system): hand it over, or move it down"
    ]


@pytest.mark.parametrize("place", ["firmware", "tools", "host_tests/support"])
def test_modules_that_import_each_other_are_named(tree, place):
    root = tree(
        {
            f"{place}/one.py": "import two\n",
            f"{place}/two.py": "from three import x\n",
            f"{place}/three.py": "def f():\n    import one\n",
            f"{place}/aside.py": "import one\n",
        }
    )
    assert list(house_rules.circles(root)) == [
        f"{place}: modules import each other: one, three, two: untie them"
    ]


def test_a_module_that_is_too_long_is_named(tree):
    long, right = "\n" * 301, "\n" * 300
    root = tree(
        {
            "firmware/long.py": long,
            "firmware/page/long.js": long,
            "firmware/page/text.toml": long,
            "host_tests/tools/test_long.py": long,
            "host_tests/support/long.py": long,
            "tools/right.py": right,
        }
    )
    assert list(house_rules.module_lengths(root)) == [
        f"{name}: 301 lines, at most 300: it owns too much"
        for name in ("firmware/long.py", "firmware/page/long.js", "host_tests/support/long.py")
    ]


def test_prose_and_cells_that_are_too_long_are_named_and_code_is_not(tree):
    code = f"```\n{'x' * 200}\n```\n"
    root = tree(
        {
            "README.md": f"{'x' * 101}\n{'x' * 100}\n{code}    {'x' * 200}\n",
            "docs/led.md": f"| {'x' * 120} | {'x' * 121} |\n| {'x' * 120} | {'x' * 120} |\n",
        }
    )
    assert list(house_rules.doc_lines(root)) == [
        "README.md:1: 101 characters, at most 100: break the line",
        "docs/led.md:1: a cell of 121 characters, at most 120",
    ]


def test_a_board_that_the_firmware_names_is_named(tree):
    root = tree(
        {
            "boards/GENIUS/board.py": 'NAME = "GENIUS"\n',
            "firmware/led.py": 'def f(board):\n    """Of a GENIUS."""\n'
            '    return board.NAME == "GENIUS"\n',
        }
    )
    assert list(house_rules.board_names(root)) == [
        "firmware/led.py:3: names the board GENIUS: make it data of boards/GENIUS/board.py"
    ]
