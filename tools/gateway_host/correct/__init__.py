"""The correction of a CT at the site, from pairs of what a reference and what the gateway
measured (docs/ct-correction.md)."""
