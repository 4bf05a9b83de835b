"""One module for each command of `python -m gateway_host`."""
