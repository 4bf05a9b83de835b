"""How much room a disk has, in words: bytes, and files where these are what is short."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_FEW_FILES = 25_000  # a whole set-up makes so many


def room_left(place: Path) -> str:
    """What this user can still write below a place that exists: "420 MB"."""
    size = shutil.disk_usage(place).free
    words = f"{size / 1e9:.1f} GB" if size >= 0.95e9 else f"{size / 1e6:.0f} MB"
    found = os.statvfs(place)
    if found.f_files and found.f_favail < _FEW_FILES:
        words += f" and {found.f_favail} files (inodes)"
    return words
