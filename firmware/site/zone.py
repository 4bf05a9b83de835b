"""Local time: a time zone by its rule, a POSIX TZ string as RFC 8536 has it, in integers.

Owns the rule's meaning. Times are epoch seconds, offsets seconds east of UTC.
"""

from micropython import const

_DAY_S = const(86400)
_HOUR_S = const(3600)
_MAX_HOURS = const(167)  # of a change's time of day, either way
_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)


def _first_day(year):
    """Days from 1970 to the 1st of January; from 1901 on."""
    return 365 * (year - 1970) + (year - 1969) // 4 - (year - 1901) // 100 + (year - 1601) // 400


def year_of(day: int) -> int:
    """The year of a day since 1970."""
    year = 1970 + day * 400 // 146097
    while _first_day(year) > day:
        year -= 1
    while _first_day(year + 1) <= day:
        year += 1
    return year


def month_of(day: int) -> int:
    """The month of a day since 1970, counted from January 1970."""
    year = year_of(day)
    of_year = day - _first_day(year)
    leap = _first_day(year + 1) - _first_day(year) - 365
    month = 0
    while month < 11 and of_year >= _DAYS_BEFORE[month + 1] + (leap if month else 0):
        month += 1
    return 12 * (year - 1970) + month


class _Change:
    """When summer time begins or ends, each year. kind: "J", "" or "M"; numbers: see parse()."""

    def __init__(self, kind: str, numbers: Sequence[int], time: int):
        self._kind = kind
        self._numbers = numbers
        self._time = time

    def at(self, year: int) -> int:
        """Local seconds since 1970 by the clock that is in force until then."""
        first, numbers = _first_day(year), self._numbers
        leap = _first_day(year + 1) - first - 365
        if self._kind == "M":
            month, week, weekday = numbers
            first += _DAYS_BEFORE[month - 1] + (leap if month > 2 else 0)
            length = _DAYS_BEFORE[month] - _DAYS_BEFORE[month - 1] + (leap if month == 2 else 0)
            day = (weekday - first - 4) % 7 + 7 * (week - 1)  # 1970 began on a Thursday
            if day >= length:
                day -= 7
        else:
            day = numbers[0]
            if self._kind == "J":
                day += leap - 1 if day > 59 else -1
        return (first + day) * _DAY_S + self._time


class Zone:
    """standard, summer: offsets; begin, end: the _Change to summer time and back, or None."""

    def __init__(
        self,
        standard: int,
        summer: int = 0,
        begin: _Change | None = None,
        end: _Change | None = None,
    ):
        self._standard = standard
        self._summer = summer
        self._begin = begin
        self._end = end
        self._from = self._until = 0  # where `_offset` holds
        self._offset = standard

    def offset(self, time: int) -> int:
        """The offset at that time."""
        if self._begin and not self._from <= time < self._until:
            self._look(time)
        return self._offset

    def _look(self, time):
        year = year_of((time + self._standard) // _DAY_S)
        begin, end = self._begin, self._end
        assert begin and end  # both, or neither
        changes = []
        for y in (year - 1, year, year + 1):  # a change may lie a week beyond its year
            changes.append((begin.at(y) - self._standard, y, 0))
            changes.append((end.at(y) - self._summer, y, 1))
        changes.sort()
        self._from, self._until = changes[0][0], changes[-1][0]
        for at, _, is_end in changes:
            if at <= time:
                self._from = at
                self._offset = self._standard if is_end else self._summer
            else:
                self._until = at
                break

    def utc(self, local: int) -> int:
        """When the local clock shows `local` (local seconds since 1970): the first time where it
        does so twice, the moment at which it is put forward where it never does."""
        before = self.offset(local - self._standard - _DAY_S)
        after = self.offset(local - self._standard + _DAY_S)
        time = local - before
        if before == after or self.offset(time) == before:
            return time
        if self.offset(local - after) == after:
            return local - after
        self.offset(time)
        return self._from


class _Text:
    """What is left of a TZ string."""

    def __init__(self, text: str):
        self.text = text

    def takes(self, sign: str) -> bool:
        if self.text[:1] != sign:
            return False
        self.text = self.text[1:]
        return True

    def number(self, least: int, most: int) -> int:
        digits = 0
        while digits < 3 and self.text[digits : digits + 1] in "0123456789" and self.text[digits:]:
            digits += 1
        value = int(self.text[:digits])  # ValueError for none
        self.text = self.text[digits:]
        if not least <= value <= most:
            raise ValueError
        return value

    def name(self) -> None:
        quoted = self.takes("<")
        count = 0
        for letter in self.text:
            if not ("a" <= letter.lower() <= "z" or quoted and letter in "0123456789+-"):
                break
            count += 1
        self.text = self.text[count:]
        if count < 3 or quoted and not self.takes(">"):
            raise ValueError

    def time(self, most: int) -> int:
        """[+-]h[h[h]][:mm[:ss]] in seconds."""
        minus = self.takes("-")
        if not minus:
            self.takes("+")
        seconds = self.number(0, most) * _HOUR_S
        for unit in (60, 1):
            if not self.takes(":"):
                break
            seconds += self.number(0, 59) * unit
        return -seconds if minus else seconds

    def change(self) -> _Change:
        if not self.takes(","):
            raise ValueError
        if self.takes("M"):
            kind, numbers = "M", [self.number(1, 12)]
            for least, most in ((1, 5), (0, 6)):
                if not self.takes("."):
                    raise ValueError
                numbers.append(self.number(least, most))
        elif self.takes("J"):
            kind, numbers = "J", [self.number(1, 365)]
        else:
            kind, numbers = "", [self.number(0, 365)]
        return _Change(kind, numbers, self.time(_MAX_HOURS) if self.takes("/") else 2 * _HOUR_S)


def parse(text: str) -> Zone:
    """The Zone of a POSIX TZ string such as CET-1CEST,M3.5.0,M10.5.0/3; ValueError when it is
    none. Summer time needs its rule."""
    left = _Text(text)
    left.name()
    standard = -left.time(24)
    if not left.text:
        return Zone(standard)
    left.name()
    summer = standard + _HOUR_S
    if left.text[:1] != ",":
        summer = -left.time(24)
    begin, end = left.change(), left.change()
    if left.text:
        raise ValueError
    return Zone(standard, summer, begin, end)
