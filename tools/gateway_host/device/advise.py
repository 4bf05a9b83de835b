"""Runs in the MicroPython interpreter: the wiring advisor over the seconds of sites that come from
standard input, one JSON line for each judgement.

For each site a line with its site.json (as JSON) and the number of seconds, in two lines; then of
each second the phasors of three voltages (6 floats, V peak) and P and Q of each point (2 words,
0.01 W), little-endian. An empty line ends.
"""

import gc
import json
import sys
from array import array

from site import document
from commission.wiring import Wiring

sys.path.append(sys.argv[0].rpartition("/")[0])
from advise_report import Report  # noqa: E402


def watch(site, seconds, source):
    """Print a line for each judgement."""
    count = len(site.points)
    report, wiring = Report(count), Wiring(site)
    volts, words = array("f", [0.0] * 6), array("i", [0] * (2 * count))
    judgements = 0
    for second in range(seconds):
        source.readinto(volts)
        source.readinto(words)
        report.take(volts, words)
        for _ in wiring.note(report):
            pass
        if wiring.judgements != judgements:
            judgements = wiring.judgements
            rated = [wiring.ct_types.found(i)[0] for i in range(count)]
            print(json.dumps([second, list(wiring.states), list(wiring.ways), rated]))
    print()


def main():
    source = sys.stdin.buffer
    while True:
        plan = source.readline().strip()
        if not plan:
            return
        seconds = int(source.readline())
        watch(document.load(plan.decode()), seconds, source)
        gc.collect()


main()
