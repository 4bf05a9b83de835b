"""Accuracy as a test suite: load points of the meter standards, run through simulated nodes, A-bus
and firmware, beside the ideal waveforms (docs/accuracy.md).
"""
