"""publish_topics.py, and then `aggregated` of an interval in which nearly nothing is known."""

from array import array

from publish_topics import place

from energy.intervals import Interval, Spread
from cloud.aggregated import aggregated

doubtful = bytearray([0, 0, 1, 0, 0, 0])
joules, missed = array("q", range(20)), array("i", [0] * 6)
print(
    "".join(
        aggregated(
            place, Interval(1764000000, 300, 960000, joules, missed, 0, Spread(6), doubtful), None
        )
    )
)
