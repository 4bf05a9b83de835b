"""The kernel's bench: it answers what it is asked, and times the same sums in both."""

import pytest
from gateway_host.bench.kernel import Interpreter
from gateway_host.errors import UserError


@pytest.fixture
def kernel():
    """It ends with an error where bytecode and kernel do not sum the same."""
    started = Interpreter(32)
    yield started
    started.close()


def test_each_way_to_sum_takes_some_time(kernel):
    assert all(kernel.ask(way, 1)[0] > 0 for way in ("kernel", "bytecode", "path"))


def test_a_window_takes_no_heap(kernel):
    taken, windows = kernel.ask("allocated", 30)
    assert taken == 0 and windows > 0


def test_a_bench_that_ends_says_so(kernel):
    with pytest.raises(UserError, match="bench_kernel.py ended"):
        kernel.ask("no such way", 1)
