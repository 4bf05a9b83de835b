"""How a command ends when somebody ends it: a signal, a terminal that is closed, an output that
nobody reads. Python's standard library only: the set-up uses it too."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
unread = threading.Event()  # set when whoever read the output has gone

_KINDS = (signal.SIGTERM, signal.SIGHUP)
_LOOK_MS = 500


@contextlib.contextmanager
def like_interrupt() -> Iterator[None]:
    """SIGTERM, SIGHUP, the end of the terminal and of whoever reads the output all raise
    KeyboardInterrupt, as Ctrl-C does. A SIGHUP that is ignored, as under nohup, stays ignored.
    """

    if threading.current_thread() is not threading.main_thread():  # signals are not its business
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {
        kind: signal.signal(kind, interrupt)
        for kind in _KINDS
        if signal.getsignal(kind) is not signal.SIG_IGN
    }
    if signal.SIGHUP in before:
        threading.Thread(target=_watch, name="hang-up", daemon=True).start()
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def silence(stream: IO[str] | None) -> None:
    """Whatever is still written there goes nowhere."""
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):
            _to_nowhere(stream.fileno())


def open_missing() -> None:
    """Standard streams that were closed lead nowhere: else a file that is opened takes the place
    of one and is written into."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            _to_nowhere(number)
            setattr(sys, name, open(number, mode, closefd=False))


def _to_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


def _watch() -> None:
    """make waits for its children when its terminal is closed or a signal is sent to it alone, and
    the kernel signals the terminal's other processes only when make has ended: so they look for
    themselves."""
    poll = select.poll()
    with contextlib.suppress(OSError):
        poll.register(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY), 0)
    with contextlib.suppress(OSError):
        if stat.S_ISFIFO(os.fstat(1).st_mode):
            poll.register(1, 0)
    parent, caught = os.getppid(), _caught_by_make(os.getppid())
    while not poll.poll(_LOOK_MS):
        if caught and (os.getppid() != parent or caught & ~_caught_by_make(parent)):
            break
    for number in (1, 2):
        if _is_dead(number):
            _to_nowhere(number)
            unread.set()
    os.kill(os.getpid(), signal.SIGHUP)


def _caught_by_make(number: int) -> int:
    """The signals that a make would catch: one that it has received is no longer among them."""
    try:
        text = Path(f"/proc/{number}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    if not fields.get("Name", "").endswith("make"):
        return 0
    return int(fields["SigCgt"], 16) & sum(1 << kind - 1 for kind in (*_KINDS, signal.SIGINT))


def _is_dead(number: int) -> bool:
    probe = select.poll()
    probe.register(number, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in probe.poll(0))
