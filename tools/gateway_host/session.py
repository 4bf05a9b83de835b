"""One simulated gateway: the firmware in the real interpreter, joined to a simulated installation.

Owns the state directory (what a device has in its file system), the interpreter's process, its
console and the simulation's link; `stop` ends all of them and leaves nothing behind. Knows neither
broker nor view.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from gateway_host import interpreter
from gateway_host.console import Console
from gateway_host.errors import UserError
from gateway_host.image import host_image as image_of
from gateway_host.sim.link import LinkServer
from gateway_host.sim.radio import World

ROOT = Path(__file__).resolve().parents[2]
RUN_DIRECTORY = ROOT / "build" / "run"
REPL_FILE = RUN_DIRECTORY / "repl"
BOOT = ROOT / "tools" / "gateway_host" / "device" / "boot_image.py"
_KILO = {"K": 1, "M": 1024}
HEAP = {32: "512K", 64: "1M"}  # by the word size: a part of what PSRAM gives, and as many objects
# Modules from source, for tests and scripts: they are compiled into the heap, so it is larger.
_PLACES = ("firmware", "boards/SIMULATOR", "boards/common", "build/lib")
MODULE_PATH = [ROOT / place for place in _PLACES]
SOURCE_HEAP = "512K"
SERIAL = "5020000042"

_ASKED_S = 3.0
_SIGINT_S = 3.0
_SIGTERM_S = 1.0


class Session:
    """A running simulated gateway; use it as a context manager.

    It boots from the simulator board's application image (image.py), as a device does: the modules
    are precompiled and take no heap. `script` is run instead of the image's main.py.

    `installation` is an installation.Installation; `plan` the site.json (docs/site.md), None for a
    gateway that was never configured; `mqtt` the contents of settings.json's `mqtt`, or None,
    `publish` of its rates. With `console` the gateway has a console whose pty is `repl`, and what
    it prints goes to `log`; without, stdout is `output`, a text stream to be read to its end.
    epoch: what the gateway's clock says at its start, s; world: what surrounds the links
    (sim/radio.py); board: more for simulator.json. Must be made in a thread that lives as
    long as the session.
    """

    def __init__(
        self,
        installation: Any,
        plan: dict[str, Any] | None,
        *,
        mqtt: dict[str, Any] | None = None,
        publish: dict[str, int] | None = None,
        script: Path | None = None,
        arguments: Sequence[str] = (),
        bits: int = 32,
        paced: bool = True,
        baud: int = 3_000_000,
        rxbuf: int = 5120,
        heap: str | None = None,
        directory: Path | None = None,
        console: bool = True,
        repl_file: Path | None = None,
        on_led: Any = None,
        world: World | None = None,
        epoch: int | None = None,
        board: dict[str, Any] | None = None,
    ):
        self.plan = plan
        self._keep = directory is not None
        self._polls = script is None
        self._stack = contextlib.ExitStack()
        self._process: subprocess.Popen[str] | None = None
        self._terminal: Console | None = None
        self.repl: str | None = None
        self.output: IO[str] | None = None
        try:
            self.directory = self._make_directory(directory)
            self.log = self.directory / "gateway.log"
            self.log.write_bytes(b"")
            self._link = LinkServer(installation, on_led=on_led, world=world)
            self._stack.callback(self._link.stop)
            self._link.start()
            if plan is not None:
                self._write("site.json", plan)
            for name, profile in installation.house.b_bus.profiles.items():
                (self.directory / "profiles").mkdir(exist_ok=True)
                self._write(f"profiles/{name}.json", profile)
            if plan is not None or mqtt is not None:
                self._write("settings.json", {"mqtt": mqtt, "publish": publish or {}})
            self._write(
                "simulator.json",
                {
                    "link": self._link.path,
                    "paced": paced,
                    "epoch": int(time.time()) if epoch is None else epoch,
                    "serial": SERIAL,
                }
                | {"rxbuf": rxbuf, "baud": baud}
                | (board or {}),
            )
            program = [str(script), *arguments] if script else []
            program_file = interpreter.find(bits)
            words = interpreter.bits_of(program_file)
            image = image_of(words)
            boot = [str(BOOT), str(image), *program]
            heap = heap or HEAP[words]
            if not interpreter.maps_files(program_file):  # then the image lies in the heap
                heap = f"{int(heap[:-1]) * _KILO[heap[-1]] + 4 * image.stat().st_size // 1024}K"
            self._start(boot, bits, heap, console, repl_file)
        except BaseException:
            self.stop()
            raise

    def _make_directory(self, given: Path | None) -> Path:
        place = given or RUN_DIRECTORY
        try:
            place.mkdir(parents=True, exist_ok=True)
            return given.resolve() if given else Path(tempfile.mkdtemp("", "gateway-", place))
        except OSError as error:
            raise UserError(f"{place}: cannot be made ({error.strerror})") from None

    def _write(self, name: str, content: Any) -> None:
        (self.directory / name).write_text(
            json.dumps(content, ensure_ascii=False), encoding="utf-8"
        )

    def _start(
        self, command: list[str], bits: int, heap: str, console: bool, repl_file: Path | None
    ) -> None:
        errors = self._stack.enter_context(self.log.open("ab"))
        streams: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": errors,
        }
        if console:
            terminal = self._terminal = Console(self.log)
            self._stack.callback(terminal.stop)
            streams |= {"stdin": terminal.inner, "stdout": terminal.inner}
            self.repl = terminal.path
        self._process = interpreter.start(
            command,
            bits=bits,
            heap=heap,
            cwd=self.directory,
            start_new_session=True,  # Ctrl-C in the terminal is ours alone
            **streams,
        )
        if self._terminal is not None:
            self._terminal.start()
            if repl_file is not None:
                self._offer(repl_file, self._terminal.path)
        else:
            self.output = open(self._process.stdout.fileno(), encoding="utf-8", closefd=False)

    def _offer(self, file: Path, path: str) -> None:
        """Writes the pty's name into the file and holds a lock on it as long as the session lives;
        the first one wins.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        offered = self._stack.enter_context(file.open("a+"))
        try:
            fcntl.flock(offered, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        offered.truncate(0)
        offered.write(path + "\n")
        offered.flush()
        self._stack.callback(offered.truncate, 0)

    @property
    def pid(self) -> int:
        """The interpreter's process id."""
        return self._process.pid

    def processor_s(self) -> float:
        """Processor time that the interpreter has taken, in s (to 10 ms)."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def exit_code(self) -> int | None:
        """The interpreter's exit code, negative for a signal, None while it runs."""
        return self._process.poll() if self._process else None

    def wait(self, timeout: float | None = None) -> int:
        """Waits until the interpreter ends by itself and gives its exit code."""
        return self._process.wait(timeout)

    def tail(self, lines: int = 20) -> str:
        """The last lines of the log."""
        return "\n".join(
            self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        )

    def failure(self) -> UserError:
        """Why the interpreter ended by itself, as one line: the firmware's own `error:` line where
        there is one.
        """
        for line in self.tail(200).splitlines():
            if line.startswith("error: "):
                return UserError(line.removeprefix("error: ").strip())
        if self.exit_code == 0:
            return UserError("the gateway restarts, as after a factory reset: start the run again")
        self._keep = True
        return UserError(
            f"the gateway ended (exit code {self.exit_code}), its last words: "
            f"{self.last_words()}; all of them: {self.log}"
        )

    def last_words(self) -> str:
        """The last line that the gateway printed."""
        lines = [line.strip() for line in self.tail().splitlines() if line.strip()]
        return lines[-1] if lines else "nothing"

    def interrupt(self) -> None:
        """Asks a gateway (not a script) to end, as Ctrl-C does."""
        self._link.world.ending = True

    def kill(self) -> None:
        """Ends the interpreter as a power cut does; `stop` is still due."""
        self._signal(signal.SIGKILL)

    def check(self, may_end: bool = False) -> None:
        """UserError when the simulation has failed or the gateway has ended by itself.

        may_end: to end with exit code 0 is allowed.
        """
        if self._link.failure is not None:
            self._keep = True
            raise UserError(f"the simulated installation failed: {self._link.failure!r}")
        if self.exit_code is not None and not (may_end and self.exit_code == 0):
            self.wait_for_output()
            raise self.failure()

    def stop(self) -> None:
        """Ends the gateway: asks, insists (SIGINT, SIGTERM), kills; then the link, the console,
        the directory.
        """
        if self._process is not None:
            if self._polls and self._process.poll() is None:
                self.interrupt()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_ASKED_S)
            for kind, seconds in (
                (signal.SIGINT, _SIGINT_S),
                (signal.SIGTERM, _SIGTERM_S),
                (signal.SIGKILL, None),
            ):
                if self._process.poll() is not None:
                    break
                self._signal(kind)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(seconds)
            if self.output is not None:
                self.output.close()
                self._process.stdout.close()
        self._stack.close()
        if not self._keep and hasattr(self, "directory"):
            shutil.rmtree(self.directory, ignore_errors=True)

    def wait_for_output(self) -> None:
        """Waits until what an ended gateway printed is in the log."""
        if self._terminal is not None:
            self._terminal.drain()

    def _signal(self, kind: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, kind)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def has_repl() -> bool:
    """Whether the gateway answers on its console: aiorepl is there for it."""
    return any(
        (place / "aiorepl").with_suffix(kind).exists()
        for place in MODULE_PATH
        for kind in (".py", ".mpy")
    )
