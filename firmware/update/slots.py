"""Which program is started: the one that was flashed, or one of two that came as updates. One that
is new is on trial: where it does not confirm itself, the one before runs again.

Owns `programs/`: the two files, and the value that says which of them is started.
"""

import hashlib
import json
import os
import sys
from binascii import hexlify

from micropython import const

from system.durable import Durable
from system.refused import Refused

FLASHED = ""  # in the place of a slot's name
SLOTS = ("a", "b")
PLACE = "/program_"  # where a slot is mounted
_FOLDER = "programs"
_STATE = "programs/state"
_SPARE_BYTES = const(98304)  # of flash, which stay free for all else that is kept
_NO_ROOM = "update: the program has %d kB and the flash %d kB free: that is too little"
_STARTS = const(2)  # that one on trial has
_PIECE = const(4096)
_NO_UPDATES = [FLASHED, FLASHED, 0, "", {}]


class Slots:
    """`runs`: the slot that is started, or FLASHED; `trial`: the one on trial, FLASHED where
    none is; `back`: the version that was on trial last and did not last, "" where it did."""

    def __init__(self):
        self._durable = Durable(_STATE)
        try:
            kept = json.loads(self._durable.value or b"")
            self.runs, self.trial, self._left, self.back, self._programs = kept
        except (ValueError, TypeError):
            self.runs, self.trial, self._left, self.back, self._programs = _NO_UPDATES

    def choose(self) -> str:
        """Whose turn it is, at every start. One on trial has as many starts as it may: each is
        entered before it begins, so that no end of it costs the gateway."""
        if self.trial:
            if self._left and self.is_whole(self.trial):
                self._left -= 1
                if self._kept():
                    return self.trial
            self.give_up()
        if self.runs and not self.is_whole(self.runs):
            return FLASHED
        return self.runs

    def free(self) -> str:
        """The slot for another program; none may be on trial."""
        return SLOTS[self.runs == SLOTS[0]]

    def begin_trial(self, slot: str, digest: str, version: str) -> None:
        """The next start is of this one, whose file is whole. OSError: all stays as it was."""
        before = self.trial, self._left, self.back, self._programs
        self.trial, self._left, self.back = slot, _STARTS, ""
        self._programs = dict(self._programs)
        self._programs[slot] = digest, version
        if not self._kept():
            self.trial, self._left, self.back, self._programs = before
            raise OSError("the flash is full")

    def confirm(self) -> bool:
        """The one on trial is started from now on. Whether that could be kept."""
        before = self.runs, self.trial
        self.runs, self.trial = self.trial, FLASHED
        if self._kept():
            return True
        self.runs, self.trial = before
        return False

    def clear(self, slot: str) -> None:
        """What was entered for it holds no longer. OSError where that cannot be kept."""
        before = self._programs
        self._programs = {one: before[one] for one in before if one != slot}
        if not self._kept():
            self._programs = before
            raise OSError("the flash is full")

    def give_up(self) -> None:
        """The one on trial could not even be started."""
        self.back = self._programs[self.trial][1]
        self.trial = FLASHED
        self._kept()  # where it cannot be, its starts are counted down

    def digest(self, slot: str) -> str | None:
        """SHA-256 of what was entered for it, None where nothing was."""
        return self._programs.get(slot, (None,))[0]

    def is_whole(self, slot: str) -> bool:
        """Whether the slot's file is what was entered for it: each octet is read."""
        digest = hashlib.sha256()
        try:
            for _ in enter(path_of(slot), digest):
                pass
        except OSError:
            return False
        return hexlify(digest.digest()).decode() == self.digest(slot)

    def _kept(self):
        kept = self.runs, self.trial, self._left, self.back, self._programs
        make_folder()
        try:
            self._durable.write(json.dumps(kept).encode())
            return True
        except OSError:
            return False


def make_folder() -> None:
    """There is a place for what is kept of updates; where it cannot be, that shows at the first
    write."""
    try:
        os.mkdir(_FOLDER)
    except OSError:
        pass  # it is there, or nothing can be written


def running() -> str:
    """The slot whose program this is, FLASHED where it is none: where modules are looked for."""
    place = sys.path[0]
    return place[len(PLACE) :] if place.startswith(PLACE) else FLASHED


def is_on_trial() -> bool:
    """Whether this program is. One that was flashed never is, and costs nothing."""
    return running() != FLASHED and Slots().trial == running()


def look_for_room(size: int) -> None:
    """Refused where the program would leave too little of the flash to all else."""
    try:
        block, _, _, free = os.statvfs(".")[:4]
    except OSError:
        return  # that shows then
    if block * free < size + _SPARE_BYTES:
        raise Refused(_NO_ROOM % (size // 1000, block * free // 1000))


def path_of(slot: str) -> str:
    """Its file."""
    return "%s/%s" % (_FOLDER, slot)


def enter(file: str, digest: Any) -> Iterator[None]:
    """Enter the file into a hash, piece by piece. OSError where there is none."""
    piece = bytearray(_PIECE)
    with open(file, "rb") as stream:
        while count := stream.readinto(piece):
            digest.update(memoryview(piece)[:count])
            yield
