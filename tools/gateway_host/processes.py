"""Child processes that never outlive the program that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def bound_to_parent() -> Callable[[], None]:
    """A `preexec_fn` after which the kernel kills the child when the starting thread has ended.

    It is the thread that counts, not the process: start children from one that lives long enough.
    """
    parent = os.getpid()

    def bind() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return bind


def start(command: Sequence[Any], **popen: Any) -> subprocess.Popen:
    """`subprocess.Popen` for a child that ends with its parent, whatever ends the parent."""
    return subprocess.Popen(command, preexec_fn=bound_to_parent(), **popen)


def stop(process: subprocess.Popen, patience_s: float = 3.0) -> None:
    """Ask the child to end, then make it; returns when it is gone. Safe to call twice."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
