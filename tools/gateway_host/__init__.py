"""The host side of the gateway: simulation and commands."""
