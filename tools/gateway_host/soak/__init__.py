"""Faults on purpose, for minutes or days: what is measured reaches the collector exactly once."""
