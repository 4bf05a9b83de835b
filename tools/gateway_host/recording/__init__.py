"""Recordings of voltages and currents, of relays, power analysers and scripts, played in place of
a house (docs/replay.md): read, brought to the A-bus's sample rate, mapped to inputs.
"""
