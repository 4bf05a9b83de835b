"""Partition tables: ours, and one that ESP-IDF's own tool has made."""

from __future__ import annotations

import pytest
from gateway_host.chip.flash_image import STOCK
from gateway_host.errors import UserError
from gateway_host.flashing import partitions
from gateway_host.flashing.partitions import Partition
from gateway_host.image import BOARDS

TABLES = BOARDS / "ESP32_GATEWAY"
MIB = 1 << 20

# MicroPython 1.25, ports/esp32/partitions-4MiB.csv.
STOCK_ROWS = [
    Partition("nvs", 1, 2, 0x9000, 0x6000),
    Partition("phy_init", 1, 1, 0xF000, 0x1000),
    Partition("factory", 0, 0, 0x10000, 0x1F0000),
    Partition("vfs", 1, 0x81, 0x200000, 0x200000),
]


def test_a_table_is_packed_as_esp_idf_packs_it():
    """The published firmware holds the bytes that ESP-IDF's gen_esp32part.py made."""
    if not STOCK.exists():
        pytest.skip("no published firmware: run `make setup`")
    data = STOCK.read_bytes()[0x7000 : 0x7000 + partitions.TABLE_BYTES]
    assert partitions.unpack(data) == STOCK_ROWS
    assert partitions.packed(STOCK_ROWS) == data


@pytest.mark.parametrize("megabytes", [4, 8, 16])
def test_our_tables_fill_the_flash_and_have_what_a_gateway_needs(megabytes):
    table = partitions.read(TABLES / f"partitions-{megabytes}MB.csv")
    partitions.check(table, megabytes * MIB)
    assert partitions.unpack(partitions.packed(table)) == table
    assert table[-1].name == "vfs" and table[-1].end == megabytes * MIB
    for before, one in zip(table, table[1:], strict=False):
        assert one.offset == before.end, one.name
    rows = {one.name: one for one in table}
    assert (rows["romfs"].kind, rows["romfs"].subtype) == (1, 0x8F)  # as the port looks for it
    slots = [one for one in table if one.kind == 0]
    assert len(slots) == (1 if megabytes == 4 else 2)
    assert all(one.size >= 0x1D0000 for one in slots)


# What is changed in the table for 8 MB, by what, and the words of the refusal.
BROKEN = [
    ("0x1e0000,", "0x1d0000,", "partition ota_1: begins at 0x1d0000, inside what ends at 0x1e0"),
    ("0x360000", "0x361000", "partition vfs: ends at 0x801000, the flash at 0x800000"),
    ("0x4a0000, 0x360000", "0x4a0800, 0x35f800", "partition vfs: offset or size is not at a bl"),
    ("0x10000,  0x1d0000", "0x11000,  0x1cf000", "partition ota_0: offset or size is not at a"),
    ("vfs,      data", "files,    data", "partition vfs: must be there once"),
    ("ota_1,    app,  ota_1,   0x1e0000, 0x1d0000", "", "slots ota_0, ota_1: two of one size"),
    ("0x1e0000, 0x1d0000", "0x1e0000, 0x1c0000", "slots ota_0, ota_1: two of one size"),
    ("otadata,  data, ota,", "otadata,  data, spiffs,", "slots ota_0, ota_1: two of one size"),
    ("data, nvs,     0x9000", "data, nvs,     0x8000", "partition nvs: begins at 0x8000, inside"),
    ("romfs,", "a_name_that_is_too_long,", "a name has 16 bytes at most"),
    ("data, 0x8f", "disk, 0x8f", "8:8: cannot be read: romfs,    disk"),
    ("0x3b0000, 0xf0000", "0x3b0000", "8:8: a row has five fields, this one 4"),
]


@pytest.mark.parametrize("old, new, words", BROKEN, ids=[row[2][:30] for row in BROKEN])
def test_a_table_that_cannot_be_is_refused(old, new, words, tmp_path):
    text = (TABLES / "partitions-8MB.csv").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "partitions-8"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError) as refused:
        partitions.check(partitions.read(file), 8 * MIB)
    assert words in str(refused.value).replace("partitions-8:", "8:")
    assert "\n" not in str(refused.value)


def test_without_a_program_there_is_nothing_to_start():
    rows = [one for one in STOCK_ROWS if one.kind]
    with pytest.raises(UserError, match="no partition for MicroPython"):
        partitions.check(rows, 4 * MIB)


def test_sizes_in_kilobytes_and_decimal_subtypes_are_read(tmp_path):
    """As ESP-IDF's documentation has them."""
    file = tmp_path / "table.csv"
    file.write_text("# x\n\nvfs, data, 131, 0x10000, 64K,\nfactory, app, factory, 0x20000, 1M\n")
    assert partitions.read(file) == [
        Partition("vfs", 1, 131, 0x10000, 0x10000),
        Partition("factory", 0, 0, 0x20000, MIB),
    ]
