"""site.json in the file system, and the one before it. Owns both files, and `site.new` and
`site.copy`, which a power cut may leave."""

import os

FILE = "site.json"
BEFORE = "site.before"
_NEW = "site.new"
_COPY = "site.copy"
_PIECE = 512


def read(name: str = FILE) -> str | None:
    """What is in one of them; None where it is not there. UnicodeError where it is no text."""
    try:
        with open(name) as file:
            return file.read()
    except OSError:
        return None


def replace(text: str) -> None:
    """Write site.json anew; the one that was there becomes the one before. OSError, and both stay
    as they are, when the flash is full. Whatever a power cut stops, site.json is the old one or
    the new one, whole. Blocks for as long as the flash takes."""
    with open(_NEW, "w") as file:
        for at in range(0, len(text), _PIECE):
            file.write(text[at : at + _PIECE])
    with open(FILE, "rb") as old, open(_COPY, "wb") as copy:
        while piece := old.read(_PIECE):
            copy.write(piece)
    os.rename(_COPY, BEFORE)
    os.rename(_NEW, FILE)
