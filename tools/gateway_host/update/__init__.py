"""Updates of the program: keys, and what a gateway fetches (docs/update.md)."""
