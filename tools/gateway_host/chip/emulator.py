"""The emulated ESP32: finds the emulator, starts it with a flash image and ends it. Owns its
process and the directory with its sockets; knows nothing of what runs in it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from gateway_host import processes
from gateway_host.errors import UserError

REMEDY = "docs/chip.md says how to get one"
PSRAM_BYTES = 4 << 20
# The host's 127.0.0.1, as the chip sees it. Not in 192.168.4.0, the IDF's own for a hotspot.
HOST = "10.0.4.2"
ADDRESS = "10.0.4.15"  # that its router gives the chip

_PROGRAM = "qemu-system-xtensa"
_MAC = bytes.fromhex("240ac4123456")
_START_S = 10.0
_PRIORITY = -15  # before everything else: it keeps real time only with a processor of its own


def find() -> tuple[str, str]:
    """(program, machine) of an emulator that knows the ESP32; UserError when there is none."""
    named = os.environ.get("QEMU_ESP32")
    program = shutil.which(named or _PROGRAM)
    if program is None:
        what = f"QEMU_ESP32={named}: no such program" if named else f"no {_PROGRAM} on PATH"
        raise UserError(f"no emulated ESP32: {what}; {REMEDY}, name it by QEMU_ESP32")
    answer = subprocess.run([program, "-M", "help"], capture_output=True, text=True)
    machines = re.findall(r"^(esp32\S*)", answer.stdout, re.M)
    if not machines:
        raise UserError(f"{program} knows no machine esp32; {REMEDY}, name it by QEMU_ESP32")
    # The one with the chip's radio goes before the plain one.
    return program, max(machines, key=lambda name: (name == "esp32-picsimlab", name == "esp32"))


def efuses(mac: bytes = _MAC) -> bytes:
    """The 124 bytes of an ESP32 of revision 3 with that MAC address."""
    words = [0] * 31
    words[1] = int.from_bytes(mac[2:], "big")
    words[2] = int.from_bytes(mac[:2], "big") | _crc8(mac) << 16
    words[3], words[5] = 0x8000, 0x100000
    return struct.pack("<31I", *words)


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc


def prefer(process: subprocess.Popen, priority: int) -> None:
    """Gives a process that leads its session, with all its threads, this priority (nice), where
    that is allowed. Linux shares the time among sessions first, so that is what counts."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{process.pid}/autogroup").write_text(str(priority))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PGRP, process.pid, priority)


class Emulator:
    """A running chip; use it as a context manager.

    `pty`: its UART 0; `line(n)`: a connected socket of UART 1 or 2. flash: the whole flash's
    content; psram: whether it has one; forward: ports of the chip that are ports of 127.0.0.1 on
    the host, {host's: chip's}.
    """

    def __init__(self, flash: bytes, psram: bool = True, forward: dict[int, int] | None = None):
        program, machine = find()
        self._stack = contextlib.ExitStack()
        try:
            self.directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory("-chip")))
            (self.directory / "flash.bin").write_bytes(flash)
            (self.directory / "efuse.bin").write_bytes(efuses())
            command = self._command(program, machine, psram, forward or {})
            self._log = self.directory / "emulator.log"
            with self._log.open("wb") as log:
                self.process = processes.start(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._stack.callback(processes.stop, self.process)
            prefer(self.process, _PRIORITY)
            self.started = time.monotonic()
            self.pty = self._terminal()
        except BaseException:
            self._stack.close()
            raise

    def _command(
        self, program: str, machine: str, psram: bool, forward: dict[int, int]
    ) -> list[str]:
        place = self.directory
        nic = f"user,model=esp32_wifi,net={HOST.rpartition('.')[0]}.0/24"
        for host, chip in forward.items():
            nic += f",hostfwd=tcp:127.0.0.1:{host}-:{chip}"
        command = [program, "-M", machine, "-display", "none", "-no-user-config", "-nodefaults"]
        command += ["-m", f"{PSRAM_BYTES >> 20}M"] if psram else []
        command += ["-drive", f"file={place}/flash.bin,if=mtd,format=raw"]
        command += ["-drive", f"file={place}/efuse.bin,if=none,format=raw,id=efuse"]
        command += ["-global", "driver=nvram.esp32.efuse,property=drive,value=efuse"]
        command += ["-global", "driver=timer.esp32.timg,property=wdt_disable,value=true"]
        command += ["-nic", nic, "-chardev", "pty,id=console", "-serial", "chardev:console"]
        for number in (1, 2):
            command += ["-serial", f"unix:{place}/uart{number},server=on,wait=off"]
        return command

    def _terminal(self) -> str:
        until = time.monotonic() + _START_S
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(r"redirected to (\S+)", self._log.read_text(errors="replace"))
            if found:
                return found[1]
            time.sleep(0.05)
        raise self.failure()

    def failure(self) -> UserError:
        """Why there is no emulator any more, in its own words."""
        words = [line for line in self._log.read_text(errors="replace").splitlines() if line]
        for line in words:
            if "Could not set up host forwarding" in line:
                return UserError(f"a port is in use on 127.0.0.1: {line}")
        return UserError(f"the emulated ESP32 ended: {words[-1] if words else 'no word of why'}")

    def line(self, number: int) -> socket.socket:
        """UART 1 or 2, from now on."""
        line = socket.socket(socket.AF_UNIX)
        until = time.monotonic() + _START_S
        while True:
            try:
                line.connect(str(self.directory / f"uart{number}"))
                return line
            except OSError:  # it is made after the terminal
                if self.process.poll() is not None or time.monotonic() > until:
                    raise self.failure() from None
                time.sleep(0.05)

    def used(self) -> tuple[float, float]:
        """(processor time that the emulator has taken, longest time that one of its threads has
        waited for a processor), s."""
        taken, waited = 0.0, 0.0
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                ran, wait, _ = map(int, (thread / "schedstat").read_text().split())
                taken += ran / 1e9
                waited = max(waited, wait / 1e9)
        return taken, waited

    def stop(self) -> None:
        """End it. May be called twice."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self._stack.close()

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
