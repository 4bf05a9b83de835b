"""Measures blocks of samples. Argument: the folder of measure_samples.py. Standard input: its
task, the blocks in base64, a line each."""

import json
import sys
from binascii import a2b_base64

sys.path.append(sys.argv[1])
import measure_samples  # noqa: E402

task = json.loads(sys.stdin.readline())
measure_samples.measure(task, a2b_base64(sys.stdin.readline()))
