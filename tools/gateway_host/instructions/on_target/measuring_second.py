# Runs on the rv32 target: counts the instructions of the measuring side from blocks of samples to
# reports. Prints those of all steps, of the steps that make a report, the count of steps.
# given.json: `plan`, of the site, in JSON; `block`, samples in a block; `channels`; `address` and
# `blocks`, of the samples; `before`, reports until it counts; `reports` that count.
import gc
import json
from array import array

import uctypes
from count import instructions

from site import document
import pipeline

with open("given.json") as file:
    task = json.load(file)
BEFORE = task["before"]
LAST = BEFORE + task["reports"]

place = document.load(task["plan"])
SIZE = 2 * task["block"] * task["channels"]


BLOCKS = [uctypes.bytearray_at(task["address"] + k * SIZE, SIZE) for k in range(task["blocks"])]


class Cycle:
    skipped = 0
    block = 0
    where = array("i", [2 * task["block"] * i for i in range(task["channels"])])


class Bus:
    ready = Cycle()
    samples = None

    def age_ms(self, block, sample):
        return 40

    def run(self):
        while True:
            self.samples = BLOCKS[self.ready.block % task["blocks"]]
            self.ready.block += 1
            yield 0


path = pipeline.build(Bus(), place, lambda: 1764000000000 + path.reports * 1000, lambda: None)
plain = reporting = count = 0
while path.reports < LAST:
    counted = path.reports >= BEFORE
    reports = path.reports
    gc.collect()
    gc.disable()
    free = [None]  # the first piece after a collection is looked for from the heap's beginning
    a = instructions()
    b = instructions()
    path.step()
    path.work_through()
    c = instructions()
    gc.enable()
    if counted:
        taken = (c - b - (b - a)) & 0x1FFFFFFF
        count += 1
        plain += taken
        if path.reports != reports:
            reporting += taken
    if path.reports != reports:
        path.harmonics.take()
print(plain, reporting, count)
