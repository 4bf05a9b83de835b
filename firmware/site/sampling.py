"""How samples are taken: the same on both sides of the A-bus, and of a Power Box's reports.

Owns these facts (docs/a-bus.md section 2). Where viper code repeats one, because a const does not
fold across files, host_tests/tools/test_one_fact.py compares.
"""

from micropython import const

SAMPLE_RATE = const(3200)  # of each channel, a second
BLOCK = const(64)  # samples
BLOCK_US = const(20000)
