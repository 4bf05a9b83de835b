"""Drawn sites with wiring faults, on which the firmware's advisor is held against the truth."""
