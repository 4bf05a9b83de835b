"""Reads the history of gateways from a broker, as docs/history.md says, and keeps it."""
