"""The data of boards/: read, checked, shown in the docs."""
