"""Prints the earliest that the time can be, ms."""

from system.counters import Counters
from net.time_floor import TimeFloor

print(TimeFloor(0, Counters().count).earliest_ms())
