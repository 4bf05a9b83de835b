"""The simulated installation: mains, loads, measuring nodes, the A-bus line and the board's link.

Written from docs/a-bus.md and docs/simulator.md alone: it shares no code with the firmware.
"""
