"""Runs the gateway with a flash whose erases take as long as the slowest there is: each write of
the registers and each append of the journal lets 0.8 s pass, in which nobody has a turn."""

import hardware

from system.durable import Durable
from journal.segments import Segments
import start

_ERASES_US = 2 * 400000
make = hardware.make
write, append = Durable.write, Segments.append
made = []


def note(board):
    made.append(make(board))
    return made[0]


def slow_write(self, value):
    made[0].pass_us(_ERASES_US)
    write(self, value)


def slow_append(self, chunk):
    made[0].pass_us(_ERASES_US)
    append(self, chunk)


hardware.make = note
Durable.write = slow_write
Segments.append = slow_append
start.main()
