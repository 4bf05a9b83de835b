"""Pieces of JSON text, for payloads that are never built as one tree of objects."""

import json

_COMPACT = (",", ":")


def compact(value: object) -> str:
    """A value's text, without spaces."""
    return json.dumps(value, separators=_COMPACT)


def items(pieces: Iterable[Any]) -> Iterator[str]:
    """The pieces of a JSON list's inside."""
    comma = ""
    for piece in pieces:
        yield comma + compact(piece)
        comma = ","


def members(parts: Iterable[tuple[str, Callable[[], Any]]]) -> Iterator[str]:
    """The pieces of a JSON object. parts: [(name, function that gives its value)]. A value that is
    a generator, or a table with generators in it, is written item by item."""
    before = "{"
    for name, describe in parts:
        yield '%s"%s":' % (before, name)
        yield from _value(describe())
        before = ","
    yield "}"


def _value(value):
    if _is_lazy(value):
        yield "["
        yield from items(value)
        yield "]"
        return
    lists = []
    if isinstance(value, dict):
        lists = [name for name in value if _is_lazy(value[name])]
    if not lists:
        yield compact(value)
        return
    yield compact({name: value[name] for name in value if name not in lists})[:-1]
    for name in lists:
        yield ',"%s":' % name
        yield from _value(value[name])
    yield "}"


def _is_lazy(value):
    return hasattr(value, "send")


def rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def whole(value: float | None) -> int | None:
    """The nearest whole number, None of None."""
    return None if value is None else int(round(value))
