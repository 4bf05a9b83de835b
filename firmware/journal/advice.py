"""What is wrong with the journal, in words for people: a sentence."""

_UNWRITTEN = (
    "the flash cannot be written: a power cut takes what is measured now; restart the gateway, "
    "and have it replaced if that does not help"
)
_THINNED = (
    "the flash is full of minutes that the broker has not taken: old ones are kept as records of "
    "5 or 15 minutes%s; see to the connection"
)
_DROPPED = ", and the oldest are lost"


def texts(failing: bool, thinned: bool, dropped: bool) -> list[AdviceText]:
    """failing: writes; thinned: records that no reader has; dropped: some of these."""
    found = []
    if failing:
        found.append(("journal", _UNWRITTEN))
    if thinned or dropped:
        found.append(("journal", _THINNED % (_DROPPED if dropped else "")))
    return found
