"""The message `gateway` (docs/cloud.md): how the gateway is, put together from what each part says
of itself. Owns nothing but the order."""

from cloud.json_pieces import members


class State:
    """parts: [(name, function that gives its value, function that gives what people see of it or
    None)]: the values are the members of the message, json_pieces.members() says which there may
    be; it is sent soon when what people see changes."""

    def __init__(self, parts: Iterable[StatePart]):
        self._members = [(name, describe) for name, describe, _ in parts]
        self._glances = [glance for _, _, glance in parts if glance]

    def pieces(self) -> Pieces:
        """The pieces of the message."""
        return members(self._members)

    def glance(self) -> list[object]:
        """What people see of it, to be compared."""
        return [glance() for glance in self._glances]


def advice_part(texts: Callable[[], list[AdviceText]]) -> StatePart:
    """What is wrong, as a part: people see which kinds there are."""
    return (
        "advice",
        lambda: ({"name": name, "text": text} for name, text in texts()),
        lambda: [name for name, _ in texts()],
    )
