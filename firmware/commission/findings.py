"""What was found of the wiring, in words: of each point whether it is right, how sure that is,
why, and which change of the site would put it right.

Owns nothing but the words. Nothing is changed here.
"""

from math import exp

from micropython import const

from site.wiring import DELTA, SPLIT
from commission.wiring import (
    AS_CONFIGURED,
    NO_CURRENT,
    ONE_WIRE,
    UNDECIDED,
    WRONG,
    WRONG_TYPE,
)

_STATES = ("no current", "undecided", "right", "wrong", "wrong", "wrong")
_PHASES = ("L1", "L2", "L3")
_SPLIT_PHASES = ("L1", "L2", "L1-L2")
_SURE_DIGITS = const(4)
_NO_PHASE = "its phase is not in the configuration: choose it"
_WHAT_DECIDES = {
    "grid": "not decidable yet: switch on a kettle, on one phase after the other",
    "solar": "not decidable yet: wait until the sun shines",
    "battery": "not decidable yet: let it charge and discharge",
    "circuit": "not decidable yet: switch on a kettle on this circuit",
}


class Findings:
    """wiring: wiring.Wiring of this site."""

    def __init__(self, site: Site, wiring: Wiring):
        self._site = site
        self._wiring = wiring
        self._names = _SPLIT_PHASES if site.lines == SPLIT else _PHASES

    def add_to(self, texts: list[AdviceText]) -> None:
        """Add what is wrong, as (name, text)."""
        wiring = self._wiring
        for i in range(len(wiring.states)):
            if wiring.states[i] == WRONG:
                name, reason, remedy = self._wrong(i)
                texts.append((name, reason + ": " + remedy))
            elif wiring.states[i] == ONE_WIRE and wiring.mate(i) > i:
                texts.append(("one_wire", self._on_one_wire(i) + ": move one of them"))
            elif wiring.states[i] == WRONG_TYPE and wiring.ct_types.found(i)[0]:
                remedy = "set its ct to " + wiring.ct_types.found(i)[1]
                texts.append(("wrong_type", self._of_type(i) + ": " + remedy))

    def describe(self) -> Iterator[Table]:
        """Of each point what is known, as JSON has it."""
        wiring = self._wiring
        for i in range(len(wiring.states)):
            point = self._site.points[i]
            if not wiring.watched[i] and not point.phaseless:
                continue
            state = UNDECIDED if point.phaseless else wiring.states[i]
            said: Table = {
                "point": i,
                "node": point.node,
                "input": "ABCD"[point.input],
                "load": self._site.loads[point.load].name,
                "phase": "unknown" if point.phaseless else self._names[point.phase],
                "state": _STATES[state],
                "confidence": None,
                "kind": None,
                "reason": None,
                "remedy": None,
            }
            if state in (AS_CONFIGURED, WRONG):
                said["confidence"] = round(1 - exp(-wiring.margins[i]), _SURE_DIGITS)
            if state in (NO_CURRENT, UNDECIDED):
                said["reason"] = _WHAT_DECIDES[self._site.loads[point.load].role]
            if point.phaseless:
                said["reason"] = _NO_PHASE
            if state == WRONG:
                said["kind"], why, _ = self._wrong(i)
                said["reason"] = why
                said["remedy"] = self._remedy(i)
            if state == ONE_WIRE:
                said["kind"], said["reason"] = "one_wire", self._on_one_wire(i)
            if state == WRONG_TYPE and wiring.ct_types.found(i)[0]:  # else it is judged anew
                margin = wiring.ct_types.margin(i)
                said["confidence"] = round(1 - exp(-margin), _SURE_DIGITS)
                said["kind"], said["reason"] = "wrong_type", self._of_type(i)
                turned = bool(point.reversed)
                said["remedy"] = {"point": i, "phase": said["phase"], "reversed": turned}
                said["remedy"]["ct"] = wiring.ct_types.found(i)[1]
            yield said

    def _remedy(self, i):
        """The change of the point in site.json, None where only the CT can be moved."""
        point, way = self._site.points[i], self._wiring.ways[i]
        if way >> 1 >= self._wiring.kinds[i].remedies:
            return None
        turned = bool(point.reversed) != bool(way & 1)
        return {"point": i, "phase": self._names[way >> 1], "reversed": turned}

    def _on_one_wire(self, i):
        mate = self._site.points[self._wiring.mate(i)]
        where = "ABCD"[mate.input], mate.node
        return self._ct(i) + " and that at input %s of %s are on one wire" % where

    def _of_type(self, i):
        rated, own = self._wiring.ct_types.found(i)[0], self._site.points[i].rated
        say = " shows %.3g times what other CTs show of its steps: it is one of %d A, not of %d A"
        return self._ct(i) + say % (own / rated, rated, own)

    def _ct(self, i):
        point = self._site.points[i]
        where = "ABCD"[point.input], point.node, self._site.loads[point.load].name
        return "the CT at input %s of %s (%s)" % where

    def _wrong(self, i):
        """(kind, reason, remedy) in words."""
        point, way = self._site.points[i], self._wiring.ways[i]
        what = self._ct(i)
        own, found = self._names[point.phase], _PHASES[way >> 1]
        if not self._wiring.kinds[i].of_line or self._site.lines != DELTA:
            found = self._names[way >> 1]
        setting = "set reversed to %s" % ("false" if point.reversed else "true")
        if way >> 1 == point.phase:
            reason = what + " is turned: what it shows has the wrong sign"
            return "turned_ct", reason, "turn it, or " + setting
        mate = self._mate(i)
        turned = " and turned" if way & 1 else ""
        if mate is not None:
            reason = "%s is exchanged with that at input %s%s" % (
                what,
                "ABCD"[self._site.points[mate].input],
                turned,
            )
            return "exchanged_cts", reason, self._change(own, found, way, setting)
        reason = "%s is on %s%s, not on %s" % (what, found, turned, own)
        return "wrong_phase", reason, self._change(own, found, way, setting)

    def _change(self, own, found, way, setting):
        text = "move it to %s" % own
        if found in self._names:
            text += ", or set its phase to %s" % found
        return text + " and " + setting if way & 1 else text

    def _mate(self, i):
        """The point of the same load that it is exchanged with, or None."""
        wiring, point = self._wiring, self._site.points[i]
        for k in self._site.loads[point.load].points:
            other = self._site.points[k]
            if (
                wiring.states[k] == WRONG
                and wiring.ways[k] >> 1 == point.phase
                and wiring.ways[i] >> 1 == other.phase
                and k != i
            ):
                return k
        return None
