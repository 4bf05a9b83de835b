"""What is wrong with the journal, in words for people: a sentence."""

_UNWRITTEN = (
    "the flash cannot be written: a power cut takes what is measured now; restart the gateway, "
    "and have it replaced if that does not help"
)
_THINNED = (
    "the flash is full of minutes that the broker has not taken: old ones are kept as records of "
    "5 or 15 minutes%s; see to the connection"
)
_DAMAGED = (
    "a part of the history in the flash is damaged and passed over: what it had is lost; have the "
    "gateway replaced if that comes again"
)
_UNREAD = (
    "a part of the history in the flash could not be read, and is tried again; have the gateway "
    "replaced if that comes again"
)
_FROM_ZERO = "the energy registers in the flash were damaged: they have begun at 0"
_OTHERS = "the energy registers in the flash were another site's: this site's have begun at 0"
_FOREIGN = (
    "the flash had a history of another site, which is erased: what nobody had fetched of it is "
    "lost; free a gateway before it is used again"
)
_DROPPED = ", and the oldest are lost"


def texts(
    failing: bool,
    thinned: bool,
    dropped: bool,
    unread: bool,
    foreign: bool,
    counts: dict[str, int],
) -> list[AdviceText]:
    """failing: writes; thinned: records that no reader has; dropped: some of these; unread: a
    segment, now; foreign: the registers were another site's. counts: of errors by name since
    start."""
    found = []
    if failing:
        found.append(("journal", _UNWRITTEN))
    if thinned or dropped:
        found.append(("journal", _THINNED % (_DROPPED if dropped else "")))
    if any([name in counts for name in ("journal.damaged", "delivery.unread", "journal.lost")]):
        found.append(("journal", _DAMAGED))
    elif unread:
        found.append(("journal", _UNREAD))
    if "journal.foreign" in counts:
        found.append(("journal", _FOREIGN))
    if "registers.lost" in counts:
        found.append(("journal", _OTHERS if foreign else _FROM_ZERO))
    return found
