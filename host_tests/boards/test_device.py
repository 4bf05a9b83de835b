"""Runs the on-device tests (host_tests/device, micropython-lib's unittest) in the interpreters."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway_host import interpreter
from gateway_host.session import MODULE_PATH

TESTS = sorted(Path(__file__).parents[1].glob("device/test_*.py"))


@pytest.mark.parametrize("test", TESTS, ids=[test.stem for test in TESTS])
def test_on_device(test, bits, tmp_path):
    """The test's own report says what failed. Files that it writes are its own."""
    heap = "512K" if bits == 32 else "1M"
    done = interpreter.run([test], bits=bits, heap=heap, path=MODULE_PATH, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "OK" in done.stdout, done.stdout
