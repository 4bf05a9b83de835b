"""What is raised where something that people ask for cannot be done: its text is for them."""


class Refused(Exception):
    """A sentence, in the words of the documentation: why not, and what is possible. `name`: for
    programs (docs/cloud.md, Answers)."""

    def __init__(self, text: str, name: str = "refused"):
        super().__init__(text)
        self.name = name
