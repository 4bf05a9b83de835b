"""Random bytes for what listens (`make fuzz`)."""
