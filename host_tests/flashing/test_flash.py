"""`make flash`, `deploy`, `factory`, `logs`: what is refused before anything is written, and what
esptool is told, by one that is made up. On the emulated chip: test_flash_emulated.py."""

from __future__ import annotations

import json
import os
import pty
import shutil
import sys
import threading
import time
from pathlib import Path

import pytest
from gateway_host import device_files, image
from gateway_host.__main__ import main
from gateway_host.commands import flash, label
from gateway_host.flashing import build, esp, partitions
from gateway_host.flashing.chips import CHIPS
from littlefs import LittleFS
from made_up_firmware import made_up

BOARD = "LILYGO_T_ETH_LITE_S3"
FAKE = """\
#!{python}
import pathlib, sys
folder = pathlib.Path({folder!r})
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if {fails!r}:
    print("A fatal error occurred: " + {fails!r})
    print("For troubleshooting steps visit: https://docs.espressif.com/")
    sys.exit(2)
else:
    (folder / "written").write_bytes(pathlib.Path(sys.argv[-1]).read_bytes())
    print("Writing at 0x00010b50 ---    13.7% 16.00kB/116.99kB [1s]\\r")
    print("Writing at 0x0004a3e0 ------ 100.0% 116.99kB/116.99kB [12s]")
"""


@pytest.fixture
def esptool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a made-up esptool on PATH; the folder in which it leaves what it was told."""

    def put(fails: str = "") -> Path:
        text = FAKE.format(python=sys.executable, folder=str(tmp_path), fails=fails)
        file = tmp_path / "bin" / "esptool"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
        monkeypatch.setenv("PATH", str(file.parent), prepend=os.pathsep)
        return tmp_path

    monkeypatch.setattr(image, "IMAGES", tmp_path / "images")
    labels = label.FOLDER / f"of-tests-{os.getpid()}"
    monkeypatch.setattr(flash, "LABELS", labels)
    yield put
    shutil.rmtree(labels, ignore_errors=True)


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    file = tmp_path / "firmware.bin"
    table = partitions.read(build.table_file(16))
    file.write_bytes(made_up(CHIPS["esp32s3"], table))
    return file


def test_all_of_the_flash_is_written_with_its_site_and_identity(esptool, firmware, capsys):
    told = esptool()
    site, settings = told / "s.json", told / "t.json"
    site.write_text('{"name": "Huis"}')
    settings.write_text("{}")
    words = ["flash", "--board", BOARD, "--port", "/dev/ttyX", "--firmware", str(firmware)]
    words += ["--site", str(site), "--settings", str(settings), "--serial", "5010000077"]
    assert main([*words, "--in-loader"]) == 0
    whole = (told / "written").read_bytes()
    assert whole.startswith(firmware.read_bytes())
    rows = {row.name: row for row in partitions.read(build.table_file(16))}
    romfs = (image.IMAGES / f"{BOARD}-xtensawin" / "application.romfs").read_bytes()
    assert whole[rows["romfs"].offset :].startswith(romfs)
    disk = whole[rows["vfs"].offset :]
    system = LittleFS(block_size=4096, block_count=rows["vfs"].size // 4096, mount=False)
    system.context.buffer = bytearray(disk + b"\xff" * (rows["vfs"].size - len(disk)))
    system.mount()
    assert sorted(system.listdir("/")) == ["factory.json", "settings.json", "site.json"]
    with system.open("factory.json", "rb") as file:
        identity = json.loads(file.read())
    assert identity["serial"] == "5010000077" and len(identity["hotspot_key"]) == 12
    (write,) = (told / "calls").read_text().splitlines()
    begin = "--chip esp32s3 --port /dev/ttyX --before no_reset write_flash"
    assert write.startswith(f"{begin} --erase-all 0x0 ")
    said = capsys.readouterr().out
    assert "100 % written" in said and identity["hotspot_key"] not in said


WRONG = "This chip is ESP32, not ESP32-S3. Wrong chip argument?"
REFUSED = [
    ({"fails": WRONG}, [], f"esptool failed on /dev/ttyX: {WRONG}; connect the board, hold BOOT"),
    ({}, ["--serial", "5130000001"], f"SERIAL=5130000001: one of {BOARD} begins with 5010"),
    ({}, ["--factory"], "say whose identity: make factory SERIAL="),
    ({}, ["--site", "/nowhere.json"], "/nowhere.json: No such file"),
    ({}, ["--site", __file__], "is no JSON"),
    ({}, ["--flash", "32"], "FLASH=32: there are tables for"),
]


@pytest.mark.parametrize("chip, more, words", REFUSED, ids=[row[2][:30] for row in REFUSED])
def test_what_cannot_be_is_refused_in_one_line(esptool, firmware, capsys, chip, more, words):
    told = esptool(**chip)
    command = ["flash", "--board", BOARD, "--port", "/dev/ttyX", "--firmware", str(firmware)]
    assert main([*command, *more]) == 2
    said = capsys.readouterr().err
    assert words in said and said.startswith("error: ") and said.count("\n") == 1
    assert not (told / "written").exists()


def test_without_esptool_its_remedy_is_said(firmware, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nowhere")
    words = ["flash", "--board", BOARD, "--port", "/dev/ttyX", "--firmware", str(firmware)]
    assert main(words) == 2
    assert "pip install esptool" in capsys.readouterr().err


def test_the_only_board_on_usb_is_found(monkeypatch):
    one = type("Port", (), {"device": "/dev/ttyUSB7", "vid": 0x10C4})
    other = type("Port", (), {"device": "/dev/ttyACM0", "vid": 0x303A})
    console = type("Port", (), {"device": "/dev/ttyS0", "vid": None})
    for ports, words in (([console], "no board on a USB port"), ([one, other], "several boards")):
        monkeypatch.setattr(esp.list_ports, "comports", lambda ports=ports: ports)
        with pytest.raises(esp.UserError, match=words):
            esp.port()
    monkeypatch.setattr(esp.list_ports, "comports", lambda: [console, one])
    assert esp.port() == "/dev/ttyUSB7"


def test_without_a_firmware_the_files_are_copied(esptool, tmp_path, monkeypatch):
    esptool()
    given = []
    monkeypatch.setattr(device_files, "put", lambda *what: given.append(what))
    (tmp_path / "s.json").write_text("{}")
    words = ["flash", "--board", BOARD, "--port", "/dev/ttyX"]
    assert main([*words, "--site", str(tmp_path / "s.json")]) == 0
    assert main([*words, "--factory", "--serial", "5010000078"]) == 0
    (port, files, more), (_, none, identity) = given
    assert port == "/dev/ttyX" and (files / "main.py").exists() and more == {"site.json": b"{}"}
    assert none is None and json.loads(identity["factory.json"])["serial"] == "5010000078"


def test_the_console_is_shown_with_the_time(capsys):
    """Of a pty, which is a serial port without wires; a packet of Improv is no mess."""
    ours, theirs = pty.openpty()

    def speak() -> None:
        for _ in range(20):
            os.write(ours, b"error: site.json: x\r\nIMPROV\x01\x03\n")
            time.sleep(0.05)

    thread = threading.Thread(target=speak)
    thread.start()
    assert main(["logs", "--port", os.ttyname(theirs), "--seconds", "0.8"]) == 0
    thread.join()
    lines = capsys.readouterr().out.splitlines()
    assert [line[8:] for line in lines[:2]] == [" error: site.json: x", " IMPROV.."]
    os.close(theirs)


def test_a_port_that_there_is_not_is_one_line(capsys):
    assert main(["logs", "--port", "/dev/ttyNOWHERE", "--seconds", "1"]) == 2
    said = capsys.readouterr().err
    assert "/dev/ttyNOWHERE" in said and said.count("\n") == 1
