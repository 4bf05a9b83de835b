"""The installer's handbook: sources, tables and figures become web pages and a PDF."""
