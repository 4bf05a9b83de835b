"""What is raised where something that people ask for cannot be done: its text is for them."""


class Refused(Exception):
    """A sentence, in the words of the documentation: why not, and what is possible."""
