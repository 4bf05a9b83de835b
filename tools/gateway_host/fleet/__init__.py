"""The traffic of many gateways against a broker (docs/scale.md); shares no code with the
firmware."""
