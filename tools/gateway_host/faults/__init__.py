"""Faults that a run is given (`FAULTS=`): the text, and what happens."""
