"""Pieces of JSON text, for payloads that are never built as one tree of objects."""

import json

_COMPACT = (",", ":")


def compact(value):
    """A value's text, without spaces."""
    return json.dumps(value, separators=_COMPACT)


def items(pieces):
    """The pieces of a JSON list's inside."""
    comma = ""
    for piece in pieces:
        yield comma + compact(piece)
        comma = ","


def rounded(value, digits):
    return None if value is None else round(value, digits)


def whole(value):
    """The nearest whole number, None of None."""
    return None if value is None else int(round(value))
