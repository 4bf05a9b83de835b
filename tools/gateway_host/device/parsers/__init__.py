"""The parsers that an outsider reaches, each as a module with `take(data)`: what came of these
bytes, a word that is counted. Whatever it raises is a defect. Run in both interpreters
(docs/fuzzing.md)."""
