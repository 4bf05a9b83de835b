"""One file for the whole flash, and a page that writes it from a browser by ESP Web Tools."""

from __future__ import annotations

import html
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gateway_host import image
from gateway_host.errors import UserError
from gateway_host.flashing.micropython import MicroPython

_IMPROV_S = 30  # until a new gateway answers to Improv
_MERGED = "gateway.bin"
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<script type="module"
  src="https://unpkg.com/esp-web-tools@10/dist/web/install-button.js?module"></script>
<h1>{name}</h1>
<p>Connect the board by USB, press the button and choose its port: in Chrome or Edge.</p>
<esp-web-install-button manifest="manifest.json">
  <span slot="unsupported">This browser has no Web Serial: take Chrome or Edge.</span>
  <span slot="not-allowed">The page must come by https, or from localhost.</span>
</esp-web-install-button>
</html>
"""


def merge(
    firmware: MicroPython, built: image.Image, more: Mapping[str, bytes] | None = None
) -> bytes:
    """The flash from 0 to the last byte that is not erased: MicroPython and the program, in the
    partition `romfs` where there is one, else in the file system. more: files that lie beside it
    in the file system, {name: content}. UserError for what does not fit."""
    vfs, romfs = firmware.table["vfs"], firmware.table.get("romfs")
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        if romfs is None:
            shutil.copytree(built.littlefs.parent / "files", files, dirs_exist_ok=True)
        for name, content in (more or {}).items():
            (files / name).write_bytes(content)
        parts = [(vfs, image.littlefs(files, vfs.size))] if romfs is None or more else []
    if romfs is not None:
        parts.append((romfs, built.romfs.read_bytes()))
    flash = bytearray(b"\xff" * max(place.end for place, _ in parts))
    end = firmware.chip.start + len(firmware.data)
    flash[firmware.chip.start : end] = firmware.data
    for place, content in parts:
        if len(content) > place.size:
            raise UserError(f"the program has {len(content):,} bytes, {place.name} {place.size:,}")
        if end > place.offset:
            raise UserError(f"{firmware.path.name} ends at {end:#x}, inside {place.name}")
        flash[place.offset : place.offset + len(content)] = content
    used = bytes(flash).rstrip(b"\xff")
    return used + b"\xff" * (-len(used) % 4096)


def publish(
    firmware: MicroPython, built: image.Image, name: str, version: str, wifi: bool, folder: Path
) -> Path:
    """The merged file, the manifest and the page, in that folder; the merged file. wifi: whether
    the page gives it a network by Improv."""
    folder.mkdir(parents=True, exist_ok=True)
    merged = folder / _MERGED
    merged.write_bytes(merge(firmware, built))
    manifest = {
        "name": name,
        "version": version,
        "new_install_prompt_erase": True,
        "new_install_improv_wait_time": _IMPROV_S if wifi else 0,
        "builds": [
            {
                "chipFamily": firmware.chip.family,
                "improv": wifi,
                "parts": [{"path": _MERGED, "offset": 0}],
            }
        ],
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    page = _PAGE.format(name=html.escape(f"{name} {version}"))
    (folder / "index.html").write_text(page, encoding="utf-8")
    return merged
