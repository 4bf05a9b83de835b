"""One round over the access points of some networks: which is tried next, how often, and what it
all came to. Owns no radio."""

from micropython import const

_MAX_REFUSERS = const(2)  # access points of a name that refuse our key, where others wait
_MAX_HIDDEN = const(4)  # tries of access points that hide their name: 2 s each and more

# What came of it, from what says least on: a round's result is the last one of these.
_RANKS = ("not_found", "failed", "wrong_password", "no_address")
# How often an access point is tried where it fails so: a handshake that was lost looks like a
# wrong key, and one that prefers 5 GHz refuses at first.
_TRIES = {"wrong_password": 2, "failed": 3, "not_found": 2, "no_address": 1}


class Round:
    """access_points: access_points.AccessPoints, which learns what came of it; names: of the
    networks that are wanted; alone: whether a phone on the hotspot is to be left alone: then what
    has refused our key before is not tried again, for the phone would lose the hotspot."""

    def __init__(self, access_points: AccessPoints, names: Mapping[str, str], alone: bool):
        self._access_points = access_points
        self._alone = alone
        self._limited = alone or len(names) > 1  # somebody waits
        self._left = {}  # AccessPoint.key: tries that are left
        self._doubtful = set()  # AccessPoint.key, of those whose failure is not believed yet
        self._refusers = {name: set() for name in names}  # AccessPoint.key
        self._given_up = set()  # names
        self._hidden_tries = 0
        self._rank = 0

    def result(self) -> str:
        """What came of it all where nothing was joined."""
        return _RANKS[self._rank]

    def end(self) -> None:
        """Nothing more is tried: in the next round what failed comes last."""
        for key in self._doubtful:
            self._access_points.set_result(key, "failed")

    def choose(self, found: Iterable[AccessPoint]) -> AccessPoint | None:
        """The one of these AccessPoints, in order, that is tried next, or None. What was tried in
        this round comes after all that nothing is said against."""
        chosen = None
        for one in found:
            if self._may_be_tried(one):
                if one.good() and one.key not in self._left:
                    return one
                chosen = chosen or one
        return chosen

    def _may_be_tried(self, one):
        if one.ssid in self._given_up or one.hidden and self._hidden_tries >= _MAX_HIDDEN:
            return False
        if self._alone and self._access_points.failure(one.key) == "wrong_password":
            self._rise_to("wrong_password")
            return False
        if one.key in self._left:
            return self._left[one.key] > 0
        return not self._limited or len(self._refusers[one.ssid]) < _MAX_REFUSERS

    def set_unfit(self) -> None:
        """A wanted name was heard with a security that can not be joined."""
        self._rise_to("failed")

    def set_result(self, one: AccessPoint, result: str) -> None:
        """What came of trying this one."""
        key = one.key
        if result == "ok":
            self._doubtful.discard(key)
            self._access_points.set_result(key, result)
            return
        self._rise_to(result)
        self._hidden_tries += one.hidden
        refusers = self._refusers[one.ssid]
        if key in self._left:
            self._left[key] -= 1
            if result == "wrong_password" and key not in refusers:
                self._left[key] = max(1, self._left[key])  # that is not believed at once either
        elif self._access_points.failure(key) or one.hidden and result == "not_found":
            self._left[key] = 0  # it says so again
        else:
            self._left[key] = _TRIES[result] - 1
        if result == "wrong_password":
            refusers.add(key)
        self._doubtful.add(key)
        if not self._left[key]:
            self._doubtful.discard(key)
            self._access_points.set_result(key, result)
            if result == "no_address" and self._limited:
                self._given_up.add(one.ssid)  # its other access points would say the same

    def _rise_to(self, result):
        self._rank = max(self._rank, _RANKS.index(result))
