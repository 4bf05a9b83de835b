"""Whether the program ended by itself: a file that is there while it measures.

Owns `journal/running`. It is empty, so it costs the flash an entry in a folder, and no block.
"""

import os

from journal.segments import FOLDER, make_folder

_FILE = FOLDER + "/running"


def was_cut() -> bool:
    """Whether nothing ended the run before this one: power was cut, or the chip reset."""
    try:
        os.stat(_FILE)
    except OSError:
        return False
    return True


def begin() -> None:
    """It measures. OSError where there is no room."""
    make_folder()
    with open(_FILE, "w"):
        pass


def end() -> None:
    """All is kept."""
    try:
        os.remove(_FILE)
    except OSError:
        pass  # it had not begun
