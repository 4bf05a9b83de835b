"""What stands around the emulated chip: the firmware file, the flash, the lines, the report. The
chip itself is in test_chip_emulated.py."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gateway_host.chip import bench, emulator, flash_image, report
from gateway_host.chip.bridge_process import BridgeProcess
from gateway_host.chip.device_tests import outcome
from gateway_host.chip.line_bridge import Seen
from gateway_host.chip.probe_reader import ProbeReader
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT
from gateway_host.sim import frames
from gateway_host.sim.house_file import DEFAULT_HOUSE
from gateway_host.view.collector import Snapshot
from littlefs import LittleFS

NAME = Path("made_up.bin")
MIB = 1 << 20


def made_up(
    version: str = "1.26.0", chip: int = 0, vfs: bool = True, psram: bool = False
) -> bytearray:
    """As much of a firmware for 0x1000 as is looked at: header, partition table, a version."""
    data = bytearray(b"\xff" * 0x20000)
    data[0] = 0xE9
    data[12:14] = struct.pack("<H", chip)
    rows = [(0, 0x10, 0x10000, 0x1F0000, b"factory")]
    rows += [(1, 0x81, 0x210000, 0x100000, b"vfs")] if vfs else []
    for k, (kind, subtype, offset, size, name) in enumerate(rows):
        row = struct.pack("<HBBII16sI", 0x50AA, kind, subtype, offset, size, name, 0)
        data[0x7000 + 32 * k : 0x7020 + 32 * k] = row
    text = f"MicroPython v{version} on 2026-01-01\0".encode()
    text += b"Adding pool of %dK of PSRAM memory\0" if psram else b""
    data[0x18000 : 0x18000 + len(text)] = text
    return data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no firmware for an ESP32"),
        (b"\x00" * 0x20000, "no firmware for an ESP32"),
        (made_up(chip=9), "another chip (number 9"),
        (made_up("1.24.1"), "MicroPython 1.24.1: 1.25 or later"),
        (made_up()[:0x18000], "holds no MicroPython"),
        (bytes(made_up()) + bytes(4 * MIB), "larger than a flash"),
    ],
)
def test_a_firmware_that_cannot_be_used_is_refused_in_one_line(data: bytes, words: str) -> None:
    with pytest.raises(UserError) as refused:
        flash_image.examine(NAME, bytes(data))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_file_system_is_where_the_partition_table_says() -> None:
    found = flash_image.examine(NAME, bytes(made_up(psram=True)))
    assert (found.vfs, found.vfs_bytes, found.psram) == (0x210000, 0x100000, True)


def test_without_a_partition_it_is_behind_the_last_one() -> None:
    """As MicroPython since 1.26 makes it."""
    found = flash_image.examine(NAME, bytes(made_up(vfs=False)))
    assert (found.vfs, found.vfs_bytes, found.psram) == (0x200000, 0x200000, False)


def test_the_stock_firmware_is_known() -> None:
    """Its file system as MicroPython's partitions-4MiB.csv has it."""
    if not flash_image.STOCK.exists():
        pytest.skip("no stock firmware for the ESP32: run `make setup`")
    found = flash_image.examine(flash_image.STOCK, flash_image.STOCK.read_bytes())
    assert found.version == "1.25.0"
    assert (found.vfs, found.vfs_bytes, found.psram) == (0x200000, 0x200000, False)


def test_an_image_larger_than_its_partition_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "made_up.bin"
    path.write_bytes(made_up())
    found = flash_image.examine(path, path.read_bytes())
    flash = found.flash(b"files")
    assert len(flash) == 4 * MIB
    assert flash[0x1000:0x21000] == path.read_bytes()
    assert flash[0x210000:0x210005] == b"files"
    with pytest.raises(UserError, match="1,048,577 bytes, the partition vfs"):
        found.flash(bytes(MIB + 1))


def test_files_are_added_and_those_of_the_image_stay(tmp_path: Path) -> None:
    system = LittleFS(block_size=4096, block_count=64)
    system.mkdir("/lib")
    with system.open("/lib/module.mpy", "wb") as file:
        file.write(b"code" * 1000)
    image = tmp_path / "image"
    image.write_bytes(bytes(system.context.buffer))
    packed = flash_image.file_system(image, {"site.json": b"{}", "boot.py": b"import chip"})
    again = LittleFS(block_size=4096, block_count=64, mount=False)
    again.context.buffer = bytearray(packed)
    again.mount()
    assert sorted(again.listdir("/")) == ["boot.py", "lib", "site.json"]
    for name, content in (("lib/module.mpy", b"code" * 1000), ("site.json", b"{}")):
        with again.open("/" + name, "rb") as file:
            assert file.read() == content
    with pytest.raises(UserError, match="no room for large"):
        flash_image.file_system(image, {"large": bytes(300_000)})


def test_no_emulator_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("QEMU_ESP32", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"no qemu-system-xtensa on PATH; docs/chip\.md"):
        emulator.find()
    other = tmp_path / "qemu-system-xtensa"
    other.write_text("#!/bin/sh\necho 'kc705  a board'\n")
    other.chmod(0o755)
    with pytest.raises(UserError, match="knows no machine esp32"):
        emulator.find()
    other.write_text("#!/bin/sh\necho 'esp32  Espressif'; echo 'esp32-picsimlab  with radio'\n")
    assert emulator.find() == (str(other), "esp32-picsimlab")


def test_the_efuses_hold_the_address_with_its_check() -> None:
    words = struct.unpack("<31I", emulator.efuses(bytes.fromhex("000000000000")))
    assert words[1] == 0 and words[2] == 0
    words = struct.unpack("<31I", emulator.efuses(bytes.fromhex("240ac4123456")))
    assert words[1] == 0xC4123456 and words[2] & 0xFFFF == 0x240A
    # A CRC over data and its own check is zero.
    rest = 0
    for byte in bytes.fromhex("240ac4123456") + bytes([words[2] >> 16]):
        rest ^= byte
        for _ in range(8):
            rest = rest >> 1 ^ 0x8C * (rest & 1)
    assert rest == 0


def test_the_simulated_house_answers_on_the_line() -> None:
    """A SEARCH in, the FOUND of nodes out, whole but where two chose the same slot."""
    (chip_a, house_a), (chip_b, house_b) = socket.socketpair(), socket.socketpair()
    with chip_a, chip_b, BridgeProcess(DEFAULT_HOUSE, house_a, house_b) as bridge:
        chip_a.settimeout(20)
        search = frames.frame(frames.SEARCH, frames.ALL, 32, 200, struct.pack("<HHI", 7, 1, 0))
        for byte in search:  # as the emulated UART gives them
            chip_a.sendall(bytes([byte]))
        heard = chip_a.recv(4096)
        chip_a.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while True:
                heard += chip_a.recv(4096)
        receiver = frames.Receiver(10 / 3)
        kinds = [frame.kind for frame in receiver.feed(0.0, heard)]
        assert kinds and set(kinds) == {frames.FOUND}
        bridge.check()


def test_what_the_probe_reports_is_gathered(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    reader = ProbeReader(os.ttyname(slave), tmp_path / "log")
    try:
        reported = [{"us": 1}, {"slow": {"measure": [2, 9, 8]}}, {"slow": {"work": [1, 7, 7]}}]
        for one in (*reported, {"facts": {"reading_ms": 4000}}, {"end": 1}):
            reader.take(b"@chip " + json.dumps(one).encode())
        reader.take(b"some words@chip {cut off")
        reader.take(b"Guru Meditation Error: Core  1 panic'ed (LoadProhibited).")
        os.write(master, b"from the chip\r\n")
        until = time.monotonic() + 10
        while not reader.heard and time.monotonic() < until:
            time.sleep(0.01)
        assert reader.heard
    finally:
        reader.stop()
        os.close(master)
        os.close(slave)
    (window,) = reader.windows
    assert window == {
        "us": 1,
        "calls": {},
        "slow": {"measure": [2, 9, 8], "work": [1, 7, 7]},
    }
    assert reader.facts == {"reading_ms": 4000}
    assert reader.crash.startswith("Guru Meditation")


def window(**more: object) -> dict:
    whole = {"us": 10_000_000, "steps": 1000, "busy": 0, "idle": 4_000_000, "own": 10_000}
    whole |= {"longest": 30_000, "net": 15_000, "heap": 200_000, "collections": 10}
    whole |= {"pace": 1500, "live": 150_000}
    whole |= {"collecting": 150_000, "collection": 16_000, "internal": [50_000, 40_000, 35_000]}
    whole |= {"psram": 2_340_000}
    whole |= {"histogram": [1, 0, 0, 0, 0, 0, 0, 0], "slow": {}, "calls": {}}
    return whole | more


def snapshot(blocks: int, skipped: int, gaps: int, realtime: int) -> Snapshot:
    bus = {"blocks": blocks, "skipped": skipped, "points": 28, "nodes": [{"gaps": gaps}]}
    return Snapshot(
        plan={},
        gateway={"aBus": bus, "mqtt": {"dropped": 0}, "errors": {}},
        received={"realtime": realtime},
        expected=realtime + 2,
    )


def test_the_keys_are_what_was_measured() -> None:
    measured = bench.Measured(
        bench.Run("WIFI_CONNECT", DEFAULT_HOUSE, 20),
        "1.26.0",
        windows=[
            window(slow={"uplink": [1, 30_000, 11_000]}),
            window(
                idle=2_000_000,
                pace=1100,
                live=140_000,
                internal=[40_000, 30_000, 25_000],
                net=18_000,
                slow={"work": [2, 19_000, 18_000]},
            ),
        ],
        facts={
            "cost": 50,
            "reading_ms": 9100,
            "start": {"radio": [3, 90_000], "import": [7, 10**6]},
        },
        seen=Seen(polls=1000, blocks=999, due=1000, poll_gap_ms=33.33),
        before=snapshot(100, 1, 4, 10),
        after=snapshot(1090, 3, 7, 29),
        seconds=20.0,
    )
    found = report.result(measured)
    loops = found["loop_ms_least"], found["loop_ms_median"], found["loop_ms_most"]
    assert loops == (1.1, 1.3, 1.5)
    expected = {
        "start_s": 9.1,
        "start_calls": {"import": {"count": 7, "s": 1.0}, "radio": {"count": 3, "s": 0.09}},
        "blocks_due": 1000,
        "blocks_handed_over": 990,
        "blocks_lost": 2,
        "samples_lost": 64 * (2 * 31 + 3),
        "longest_poll_gap_ms": 33.3,
        "realtime_due": 19,
        "realtime_sent": 19,
        "idle_share": 0.3,
        "longest_step_ms": 18.0,
        "longest_step_of": "work",
        "longest_step_with_calls_ms": 30.0,
        "collections_ms_per_s": 15.0,
        "longest_collection_ms": 16.0,
        "heap_used_bytes": 200_000,
        "heap_live_bytes": [150_000, 140_000],
        "internal_heap_free_bytes": 40_000,
        "internal_heap_largest_bytes": 30_000,
        "internal_heap_least_bytes": 25_000,
        "messages": {"realtime": 19},
    }
    assert {key: found[key] for key in expected} == expected
    assert report.table(found).row_count > 20


def test_what_was_not_measured_is_none() -> None:
    found = report.result(bench.Measured(bench.Run("WIFI_CONNECT", DEFAULT_HOUSE, 1), "1.26.0"))
    for key in ("samples_lost", "realtime_sent", "idle_share", "internal_heap_least_bytes"):
        assert found[key] is None
    report.table(found)


@pytest.mark.parametrize(
    ("printed", "passed", "failed"),
    [
        ("Ran 12 tests\n\nOK", 12, 0),
        ("Ran 12 tests\n\nFAILED (failures=1, errors=2)\n", 9, 3),
        ("Traceback\nMemoryError: memory allocation failed", 0, 1),
        ("", 0, 1),
    ],
)
def test_the_outcome_of_a_file_of_tests(printed: str, passed: int, failed: int) -> None:
    found = outcome("test_x", printed)
    assert (found.passed, found.failed) == (passed, failed)
    assert bool(found.words) == bool(failed)


def test_a_test_that_failed_is_named_with_what_it_printed() -> None:
    printed = (
        "test_a (Some) ... ok\n"
        "test_b (Some) ...21 bytes\n FAIL\n"
        "test_c (Some) ...22 bytes\n ok\n"
        "Ran 3 tests\n\nFAILED (failures=1, errors=0)\n"
        "AssertionError: Expected False to be True\n"
    )
    words = "test_b 21 bytes; AssertionError: Expected False to be True"
    assert outcome("test_x", printed).words == words


def test_the_command_says_what_is_missing() -> None:
    """One line and exit code 2, whatever is missing."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway_host", "chip"],
        capture_output=True,
        text=True,
        env={"PATH": "", "PYTHONPATH": str(ROOT / "tools"), "ESP32_FIRMWARE": "/not/there.bin"},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: no firmware for the emulated ESP32: there.bin: ")
    assert done.stderr.count("\n") == 1
