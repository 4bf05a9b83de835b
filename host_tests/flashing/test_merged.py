"""`make web`: one file for the whole flash, and what ESP Web Tools reads beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gateway_host import image
from gateway_host.chip.flash_image import STOCK
from gateway_host.errors import UserError
from gateway_host.flashing import build, merged, micropython, partitions
from gateway_host.flashing.chips import CHIPS
from littlefs import LittleFS
from made_up_firmware import made_up

ESP32, S3 = CHIPS["esp32"], CHIPS["esp32s3"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> image.Image:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image, "IMAGES", tmp_path_factory.mktemp("images"))
        return image.build("LILYGO_T_ETH_LITE_S3")


def files_of(disk: bytes) -> dict[str, bytes]:
    system = LittleFS(block_size=4096, block_count=len(disk) // 4096, mount=False)
    system.context.buffer = bytearray(disk)
    system.mount()
    found = {}
    for folder, _, names in system.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with system.open(path, "rb") as file:
                found[path] = file.read()
    return found


def packed_files(built: image.Image) -> dict[str, bytes]:
    folder = built.littlefs.parent / "files"
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {f"/{path.relative_to(folder)}": path.read_bytes() for path in paths}


def test_with_the_published_firmware_the_program_is_the_file_system(built):
    if not STOCK.exists():
        pytest.skip("no published firmware: run `make setup`")
    firmware = micropython.read(STOCK, ESP32, 4)
    flash = merged.merge(firmware, built)
    assert flash[: ESP32.start] == b"\xff" * ESP32.start
    assert flash[ESP32.start :].startswith(firmware.data)
    disk = flash[0x200000:] + b"\xff" * (0x400000 - len(flash))
    assert files_of(disk) == packed_files(built)


@pytest.mark.parametrize("version, vfs", [("1.25.0", True), ("1.26.1", False)])
def test_a_larger_flash_has_a_file_system_of_that_size(built, tmp_path, version, vfs):
    """It is mounted in a partition of its own size alone. MicroPython 1.26 makes `vfs` of what is
    left."""
    table = partitions.unpack(partitions.packed(partitions.read(build.table_file(4))))
    table = [row for row in table if row.name not in ("romfs", "vfs")]
    if vfs:
        table.append(partitions.Partition("vfs", 1, 0x81, 0x1E0000, 0xE20000))
    file = tmp_path / "firmware.bin"
    file.write_bytes(made_up(S3, table, version))
    flash = merged.merge(micropython.read(file, S3, 16), built)
    assert flash.startswith(file.read_bytes())
    disk = flash[0x1E0000:] + b"\xff" * (0x1000000 - len(flash))
    assert files_of(disk) == packed_files(built)


@pytest.mark.parametrize("chip, megabytes", [(ESP32, 4), (ESP32, 8), (S3, 16)])
def test_with_our_own_the_program_is_in_romfs(built, tmp_path, chip, megabytes):
    table = partitions.read(build.table_file(megabytes))
    file = tmp_path / "firmware.bin"
    file.write_bytes(made_up(chip, table))
    firmware = micropython.read(file, chip, megabytes)
    folder = tmp_path / "web"
    place = merged.publish(firmware, built, "A <board>", "1.2.3", True, folder)
    flash = place.read_bytes()
    offset = next(row.offset for row in table if row.name == "romfs")
    assert flash[offset:].startswith(built.romfs.read_bytes())
    assert len(flash) % 4096 == 0 and len(flash) <= firmware.table["romfs"].end
    said = json.loads((folder / "manifest.json").read_text())
    assert (said["name"], said["version"]) == ("A <board>", "1.2.3")
    (made,) = said["builds"]
    family = {"esp32": "ESP32", "esp32s3": "ESP32-S3"}[chip.name]
    assert made["chipFamily"] == family
    assert made["parts"] == [{"path": "gateway.bin", "offset": 0}]
    assert said["new_install_prompt_erase"] is True and said["new_install_improv_wait_time"] > 0
    page = (folder / "index.html").read_text()
    assert 'manifest="manifest.json"' in page and "<h1>A &lt;board&gt; 1.2.3</h1>" in page


def test_a_board_without_wifi_is_not_asked_by_improv(built, tmp_path):
    file = tmp_path / "firmware.bin"
    file.write_bytes(made_up(S3, partitions.read(build.table_file(16))))
    merged.publish(micropython.read(file, S3, 16), built, "x", "1", False, tmp_path)
    said = json.loads((tmp_path / "manifest.json").read_text())
    assert said["new_install_improv_wait_time"] == 0 and said["builds"][0]["improv"] is False


def refused(data: bytes, tmp_path: Path, chip: object = S3, megabytes: int = 16) -> str:
    file = tmp_path / "firmware.bin"
    file.write_bytes(data)
    with pytest.raises(UserError) as error:
        micropython.read(file, chip, megabytes)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_firmware_that_is_not_for_the_board_is_refused(tmp_path):
    table = partitions.read(build.table_file(8))
    assert "no firmware for 0x0; ESP32_GENERIC_S3-SPIRAM_OCT" in refused(b"", tmp_path)
    other = made_up(S3, table, number=0)
    assert "is for ESP32, the board has ESP32-S3" in refused(other, tmp_path)
    other = made_up(S3, table, number=5)
    assert "chip number 5 of Espressif" in refused(other, tmp_path)
    assert "1.24.1: 1.25 or later" in refused(made_up(S3, table, "1.24.1"), tmp_path)
    assert "holds no MicroPython" in refused(made_up(S3, table)[:0x18000], tmp_path)
    assert "no partition table" in refused(made_up(S3, []), tmp_path)
    text = refused(made_up(S3, table), tmp_path, megabytes=4)
    assert "ends at" in text and "the board has 4 MB of flash" in text
    with pytest.raises(UserError, match="No such file or directory; ESP32_GENERIC-SPIRAM"):
        micropython.read(tmp_path / "nothing.bin", ESP32, 4)
