"""A gateway takes another one's place at its site (docs/replacing.md)."""
