"""Which texts of advice are shown: the most serious first, and none of them pushed out by one that
is less so."""

from micropython import const

_MAX_TEXTS = const(8)  # at once: a message has an end
# The most serious first: danger, nothing is measured, something is wrong or not measured, or might
# go wrong.
_ORDER = (
    "overvoltage",
    "no_head",
    "no_voltage",
    "same_phase",
    "rotation",
    "twin",
    "missing",
    "no_ct",
    "no_phase",
    "one_wire",
    "turned_ct",
    "exchanged_cts",
    "wrong_phase",
    "wrong_type",
    "open_ct",
    "overload",
    "no_room",
    "too_many_points",
    "second_head",
    "other_gateway",
    "wrong_kind",
    "damaged",
    "line",
    "not_in_site",
    "no_current",
)


def ordered(texts: list[AdviceText]) -> list[AdviceText]:
    """At most _MAX_TEXTS of [(name, text)], in their order of seriousness. Each kind has one at
    least, which says how many more there are."""
    kinds = []
    for name in _ORDER:
        same = [one for one in texts if one[0] == name]
        if same:
            kinds.append(same)
    shown = []
    for k in range(min(len(kinds), _MAX_TEXTS)):
        room = _MAX_TEXTS - len(shown) - (len(kinds) - k - 1)  # the others have one each
        same = kinds[k][: max(1, room)]
        more = len(kinds[k]) - len(same)
        if more:
            same[-1] = same[-1][0], "%s (and %d more)" % (same[-1][1], more)
        shown += same
    return shown[:_MAX_TEXTS]
