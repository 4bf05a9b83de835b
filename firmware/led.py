"""The state that the status LED shows: events in, state out. Owns no LED: panel/animation.py does.

The board's table says which colour and pattern a state has; one that is not in it is never
entered, but for "searching", which is shown as "booting" then (docs/led.md).
"""

_QUALITY = ("well", "medium", "poor")


class Led:
    """`state`, a key of the board's table; `colour` and `pattern` to be shown; `overdue`: whether
    the state lasts longer than it should.

    table: state -> (colour, pattern); longest_s: state -> seconds, for those that are to end soon.
    """

    def __init__(self, table: LedTable, longest_s: Mapping[str, int]):
        self._table = table
        self._longest_s = longest_s
        # The events, and how things are at power-up.
        self._facts = {
            "updating": False,
            "hotspot": False,  # open; "failed" for some seconds after credentials did not work
            "link": None,  # then "searching", "none", "up"
            "unreachable": False,  # the link is up but does not lead to the cloud
            "cloud": False,  # it has accepted us
            "measuring": False,  # something was measured since start
            "signal": 0,  # good; 1 medium, 2 poor
            "safe": False,  # safe mode
            "reset": None,  # the colour of a pressed button
        }
        self._had_cloud = False
        self._since_s = 0
        self.overdue = False
        self.state = "booting"
        self.colour, self.pattern = table["booting"]

    def set_event(self, event: str, value: LedFact, now_s: int) -> bool:
        """Something has happened (docs/led.md). Returns whether the state has changed with it."""
        if event not in self._facts:
            raise KeyError(event)
        self._facts[event] = value
        if event == "cloud" and value:
            self._had_cloud = True
        state = self._judge()
        self.colour, self.pattern = self._table.get(state) or self._table["booting"]
        if self._facts["reset"]:
            self.colour, self.pattern = self._facts["reset"], "solid"
        if state == self.state:
            return False
        self.state = state
        self._since_s = now_s
        self.overdue = False
        return True

    def becomes_overdue(self, now_s: int) -> bool:
        """Whether the state has become overdue just now; call it once a second."""
        longest = self._longest_s.get(self.state)
        if self.overdue or longest is None or now_s - self._since_s <= longest:
            return False
        self.overdue = True
        return True

    def describe(self) -> Table:
        """For people."""
        return {
            "state": self.state,
            "colour": self.colour,
            "pattern": self.pattern,
            "overdue": self.overdue,
        }

    def _judge(self):
        facts = self._facts
        if facts["updating"]:
            return "booting"
        if facts["hotspot"] == "failed":
            return "no internet"
        if facts["hotspot"] and "ready" in self._table:
            return "ready"
        if facts["safe"] and "safe mode" in self._table:
            return "safe mode"
        if facts["cloud"]:
            if not facts["measuring"]:
                return "connecting"
            quality = _QUALITY[facts["signal"]]
            return quality if quality in self._table else "well"
        if self._had_cloud:
            return "lost"
        link = facts["link"]
        if link == "none" or link == "up" and facts["unreachable"]:
            return "no internet"
        if link == "up":
            return "connecting"
        return "searching" if link else "booting"
