"""Prints the message of a channel's harmonics: a third of the order in percent. Argument: the
channel."""

import sys

from cloud import topics_quality

percents = [order / 3 for order in range(2, 16)]
print(topics_quality.harmonics(1764000001000, int(sys.argv[1]), 12.345678, percents).decode())
