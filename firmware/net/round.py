"""One round over the access points of some networks: which is tried next, how often, and what it
all came to. Owns no radio."""

from micropython import const

_MAX_REFUSERS = const(2)  # access points of a name that refuse our key, where others wait
_MAX_HIDDEN = const(4)  # tries of access points that hide their name: 2 s each and more

# What came of it, from what says least on: a round's result is the last one of these.
_RANKS = ("not_found", "failed", "weak_signal", "wrong_password", "no_address")
# How often an access point is tried where it fails so: one that prefers 5 GHz refuses at first.
_TRIES = {"failed": 3, "not_found": 2, "no_address": 1}
# Handshakes that fail until the key is called wrong, because a lost one looks the same: so many of
# one name, whoever refuses. Of each of several access points one less, where nothing speaks for
# losses.
_HANDSHAKES = const(3)


class Round:
    """access_points: access_points.AccessPoints, which learns what came of it; names: of the
    networks that are wanted; alone: whether a phone on the hotspot is to be left alone: then what
    has refused our key before is not tried again, for the phone would lose the hotspot."""

    def __init__(self, access_points: AccessPoints, names: Iterable[str], alone: bool):
        names = list(names)
        self._access_points = access_points
        self._alone = alone
        self._limited = alone or len(names) > 1  # somebody waits
        self._left = {}  # AccessPoint.key: tries that are left
        self._suspected = set()  # AccessPoint.key, of those whose failure is not believed yet
        self._handshakes = {}  # AccessPoint.key, or a name (strong ones): how many have failed
        self._lossy = set()  # names, of which a weak access point has refused
        self._refusals = {}  # AccessPoint.key: how often it has failed otherwise
        self._refusers = {name: set() for name in names}  # AccessPoint.key
        self._given_up = set()  # names
        self._hidden_tries = 0
        self._rank = 0

    def result(self) -> str:
        """What came of it all where nothing was joined."""
        return _RANKS[self._rank]

    def end(self) -> None:
        """Nothing more is tried: in the next round what failed comes last."""
        for key in self._suspected:
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
        failure = self._access_points.failure(one.key)
        if self._alone and failure in ("weak_signal", "wrong_password"):
            self._rise_to(failure)
            return False
        if one.key in self._left:
            return self._left[one.key] > 0
        return not self._limited or len(self._refusers[one.ssid]) < _MAX_REFUSERS

    def set_unfit(self) -> None:
        """A wanted name was heard with a security that can not be joined."""
        self._rise_to("failed")

    def set_result(self, one: AccessPoint, result: str) -> None:
        """What came of trying this one, as radio.join()."""
        key = one.key
        if result == "ok":
            self._suspected.discard(key)
            self._access_points.set_result(key, result)
            return
        self._hidden_tries += one.hidden
        first = key not in self._left
        if result == "wrong_password":
            if one.weak():
                result = "weak_signal"
            self._left[key] = self._handshakes_left(one)
            again = self._access_points.failure(key) == result
        else:
            self._refusals[key] = failed = self._refusals.get(key, 0) + 1
            self._left[key] = max(0, _TRIES[result] - failed)
            again = self._access_points.failure(key) or one.hidden and result == "not_found"
        if first and again:
            self._left[key] = 0  # it says so again
        if result == "wrong_password" and not (first and again):
            if self._handshakes[one.ssid] < _HANDSHAKES:
                result = "failed"
        self._rise_to(result)
        if self._left[key]:
            self._suspected.add(key)
            return
        self._suspected.discard(key)
        self._access_points.set_result(key, result)
        if result == "no_address" and self._limited:
            self._given_up.add(one.ssid)  # its other access points would say the same

    def _handshakes_left(self, one):
        """A handshake has failed, by a wrong key or because its frames were lost. How many more
        are tried until that is believed."""
        name, key, counts = one.ssid, one.key, self._handshakes
        self._refusers[name].add(key)
        counts[key] = failed = counts.get(key, 0) + 1
        counts[name] = counts.get(name, 0) + (not one.weak())
        if one.weak():
            self._lossy.add(name)
        lossy = name in self._lossy or key in self._refusals
        several = any(other[0] == name and other != key for other in self._left)
        return max(0, _HANDSHAKES - (several and not lossy) - failed)

    def _rise_to(self, result):
        self._rank = max(self._rank, _RANKS.index(result))
