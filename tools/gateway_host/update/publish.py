"""What a gateway fetches: the program of a board in one file, and its signed manifest."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from gateway_host.image import Image
from gateway_host.update import keys

MAGIC = b"GWP1"
_WINDOW = 12


@dataclass(frozen=True)
class Published:
    """`folder`: with manifest.json, manifest.sig and program; the manifest's table."""

    folder: Path
    manifest: dict[str, object]


def pack(lib: Path) -> bytes:
    """The files below a folder in the layout of docs/update.md."""
    files = sorted(path for path in lib.rglob("*") if path.is_file())
    names = [path.relative_to(lib).as_posix().encode() for path in files]
    size = 2 + sum(2 + len(name) + 12 for name in names)
    at = len(MAGIC) + 4 + size
    index, contents = MAGIC + struct.pack("<IH", size, len(files)), b""
    for path, name in zip(files, names, strict=True):
        data = path.read_bytes()
        packer = zlib.compressobj(9, zlib.DEFLATED, -_WINDOW)
        packed = packer.compress(data) + packer.flush()
        index += struct.pack("<H", len(name)) + name
        index += struct.pack("<III", at + len(contents), len(packed), len(data))
        contents += packed
    return index + contents


def publish(built: Image, key: Path, folder: Path, share: int = 100) -> Published:
    """Writes a board's program and its manifest into folder/<board>. share: percentage of the
    gateways that take it."""
    program = pack(built.littlefs.parent / "files" / "lib")
    manifest: dict[str, object] = {
        "article": built.board,
        "architecture": built.architecture,
        "version": built.version,
        "security": built.security,
        "size": len(program),
        "sha256": hashlib.sha256(program).hexdigest(),
        "share": share,
    }
    text = json.dumps(manifest, indent=1).encode()
    place = folder / built.board
    place.mkdir(parents=True, exist_ok=True)
    (place / "program").write_bytes(program)
    (place / "manifest.json").write_bytes(text)
    (place / "manifest.sig").write_bytes(keys.sign(key, text))
    return Published(place, manifest)
