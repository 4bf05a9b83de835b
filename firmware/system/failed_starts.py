"""How many starts of this program have failed in a row: a durable value, written only when one has
failed and when that is over. Owns `starts.0` and `starts.1`."""

import json

from system.durable import Durable

_NAME = "starts"


def read(program: str) -> tuple[int, str | None]:
    """(how many, why the last). program: a text that names it; another one begins at 0."""
    try:
        count, whose, reason = json.loads(Durable(_NAME).value or b"")
    except (ValueError, TypeError):
        return 0, None
    return (count, reason) if whose == program else (0, None)


def write(program: str, count: int, reason: str | None) -> bool:
    """Keep that. Whether it could be; else it stays as it was."""
    try:
        Durable(_NAME).write(json.dumps([count, program, reason]).encode())
    except OSError:
        return False
    return True
