"""What is raised where something that people ask for cannot be done: its text is for them."""

from micropython import const

_MAX_TEXT = const(600)  # characters


def one_line(text: str) -> str:
    """A text about what somebody has sent, for people and logs: what is in it may be anything."""
    if len(text) > _MAX_TEXT:
        text = text[:_MAX_TEXT] + "..."
    if all([" " <= c < "\x7f" for c in text]):
        return text
    return "".join([c if " " <= c != "\x7f" else "?" for c in text])


class Refused(Exception):
    """A sentence, in the words of the documentation: why not, and what is possible. `name`: for
    programs (docs/cloud.md, Answers)."""

    def __init__(self, text: str, name: str = "refused"):
        super().__init__(text)
        self.name = name
