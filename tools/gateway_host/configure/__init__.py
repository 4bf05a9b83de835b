"""The configurator: from a planned site to its bill of materials, its wiring and its documents
(docs/configurator.md). `read` and `design` are the core; the web page and the command show it."""
