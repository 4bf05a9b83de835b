"""A program in one file, packed here with zlib, read by the gateway."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

from gateway_host.update.publish import pack
from in_interpreter import succeed

NONE, IS_FOLDER = 2, "folder"


def made(tmp_path: Path) -> tuple[Path, dict[str, bytes]]:
    """A container and what is in it."""
    rng = random.Random(17)
    contents = {
        "start.mpy": rng.randbytes(3000),
        "empty.mpy": b"",
        "b_bus/meter.mpy": b"abc" * 4000,
        "b_bus/profiles/sdm630.json": '{"name": "é"}'.encode(),
        "installer/page.gz": rng.randbytes(70_000),
    }
    lib = tmp_path / "lib"
    for name, content in contents.items():
        (lib / name).parent.mkdir(parents=True, exist_ok=True)
        (lib / name).write_bytes(content)
    file = tmp_path / "program"
    file.write_bytes(pack(lib))
    return file, contents


def read(file: Path, paths: list[str], bits: int):
    return json.loads(succeed("read_container", given=[str(file), paths], bits=bits))


def test_what_is_packed_is_read(tmp_path, bits):
    file, contents = made(tmp_path)
    found = read(file, [*contents, "start.py", "b_bus", "b_bus/met"], bits)
    wanted = [[len(c), hashlib.sha256(c).hexdigest()] for c in contents.values()]
    assert found[: len(contents)] == wanted
    assert found[len(contents) :] == [NONE, NONE, NONE]


def test_one_that_is_none(tmp_path, bits):
    file, _ = made(tmp_path)
    whole = file.read_bytes()
    for cut in (0, 3, 5, 20, 60):
        file.write_bytes(whole[:cut])
        assert isinstance(read(file, ["start.mpy"], bits), str), cut
    file.write_bytes(b"M\x06" + whole[2:])
    assert read(file, ["start.mpy"], bits) == "ValueError"
