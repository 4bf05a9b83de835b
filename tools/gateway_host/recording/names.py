"""What a channel is, by its unit, its phase and its name, as relays and people write them."""

import re
import unicodedata
from dataclasses import dataclass

_PREFIXES = (
    ("kilo", 1e3),
    ("milli", 1e-3),
    ("mega", 1e6),
    ("micro", 1e-6),
    ("千", 1e3),
    ("毫", 1e-3),
    ("кило", 1e3),
)
_LETTERS = {"k": 1e3, "K": 1e3, "m": 1e-3, "M": 1e6, "μ": 1e-6, "u": 1e-6, "к": 1e3, "м": 1e-3}
_SUFFIX = r"(?:rms|eff|ac|dc|pk|peak|prim?|primary|sec|secondary|inst|ln|ll|l-n|l-l)?"
_VOLT = re.compile(rf"(?:v|volts?|voltios?|вольт|в|伏特?){_SUFFIX}")
_AMPERE = re.compile(rf"(?:a|amps?|amp[eè]res?|amperios?|ампер|а|安培?){_SUFFIX}")

_LETTER_SETS = ("ABC", "123", "RST", "UVW")
_VOLTAGE_WORDS = ("VOLT", "SPANN", "TENSIO", "TENSIÓN", "TENSÃO", "SPÆND", "SPÄNN")
_VOLTAGE_WORDS += ("SPENN", "NAPIĘ", "NAPIE", "NAPĚTÍ", "电压", "電圧", "НАПР")
_CURRENT_WORDS = ("CURR", "AMP", "STROM", "STROOM", "STRÖM", "STRØM", "COURANT", "CORRIENTE")
_CURRENT_WORDS += ("CORRENTE", "INTENSI", "PRĄD", "PRAD", "PROUD", "电流", "電流", "ТОК")
_PHASE_WORDS = ("PHASE", "PHS", "PH", "FASE", "LINE", "L")  # codespell:ignore
_QUANTITY = re.compile(r"3?([UVI])(?:L?[0-3]{1,2}[NGE]?|L[1-3]L[1-3]|[ABCRSTUVWXYNGE]{0,3}\d?)")
_REST = re.compile(r"3?[UVI]?(N|G|E|0|NG|NE|RES|RESIDUAL|NEUTRAL|GROUND|EARTH)|[UVI]?[NGE][NGE0]?")


@dataclass(frozen=True)
class Phase:
    """Between what a voltage lies, or in what a current flows: `first` 0 to 2; `second`: 0 to 2,
    or None for the neutral.
    """

    first: int
    second: int | None = None


def unit_of(text: str) -> tuple[str, float]:
    """("V", "A" or "" for neither, what one of the unit is in V or A)."""
    unit = re.sub(r"[\s\[\](){}._]", "", unicodedata.normalize("NFKC", text))
    for word, factor in _PREFIXES:
        if unit.lower().startswith(word):
            return _kind(unit[len(word) :]), factor
    if kind := _kind(unit):
        return kind, 1.0
    if unit[:1] in _LETTERS and (kind := _kind(unit[1:])):
        return kind, _LETTERS[unit[0]]
    return "", 1.0


def _kind(unit: str) -> str:
    low = unit.lower()
    if _VOLT.fullmatch(low):
        return "V"
    return "A" if _AMPERE.fullmatch(low) else ""


def kind_in(name: str) -> str:
    """What a channel's name says that it is: "V", "A" or "" (nothing)."""
    upper = unicodedata.normalize("NFKC", name).upper()
    for kind, words in (("V", _VOLTAGE_WORDS), ("A", _CURRENT_WORDS)):
        if any(word in upper for word in words):
            return kind
    before = ""
    found = ""
    for token in re.findall(r"[A-Z0-9]+", upper):
        match = _QUANTITY.fullmatch(token)
        if match and not (len(token) == 1 and before in ("U", "V", "I")):  # I_V: phase V
            found = "A" if match.group(1) == "I" else "V"
        before = token
    return found


class Phases:
    """Reads phases as one file names them. colours: whether it has R, Y, B (B is the third);
    numbered: whether it names currents A1, A2, A3.
    """

    def __init__(self, colours: bool = False, numbered: bool = False) -> None:
        self._numbered = numbered
        self._letters = {
            letter: place for letters in _LETTER_SETS for place, letter in enumerate(letters)
        }
        if colours:
            self._letters |= {"R": 0, "Y": 1, "B": 2}

    @classmethod
    def of(cls, phases: list[str], names: list[str]) -> "Phases":
        """How a file that has these phase fields and channel names means them."""
        words = {word.strip().upper() for word in phases if word.strip()}
        ends = {name.strip().upper()[-1:] for name in names}
        whole = {name.strip().upper() for name in names}
        return cls(
            {"R", "Y", "B"} <= words or (not words and {"R", "Y", "B"} <= ends),
            {"A1", "A2", "A3"} <= whole,
        )

    def stated(self, text: str) -> Phase | str | None:
        """Of a phase field: a Phase, "" for a residual or neutral, None when it says nothing."""
        word = _plain(text)
        for label in _PHASE_WORDS[:-1]:
            word = word.removeprefix(label).removesuffix(label)
        word = word.removesuffix("相")
        return self._word(word)

    def in_name(self, name: str) -> Phase | str | None:
        """Of a channel's name, as `stated`: UL1, Ia, I_L1, VAN, U12, "Current L2", "Phase B"."""
        upper = unicodedata.normalize("NFKC", name).upper()
        upper = re.sub(r"([ABCRSTL0-9])[-‐–]([NGE]|[ABCRSTL][1-3]?)(?![A-Z0-9])", r"\1\2", upper)
        upper = re.sub(r"[\[(][^\])]*[\])]\s*$", "", upper)
        tokens = re.findall(r"[A-Z]+[A-Z0-9]*|[0-9]+[A-Z][A-Z0-9]*|[0-9]+|相", upper)
        tokens = [
            token for token in tokens if token not in ("RMS", "V", "KV", "相") or token == "V"
        ]
        for place in range(len(tokens) - 1, -1, -1):
            found = self._token(tokens[place], tokens[place - 1] if place else "")
            if found is not None:
                return found
        return None

    def _token(self, token: str, before: str) -> Phase | str | None:
        for label in ("PHASE", "PHS", "PH"):
            if token.startswith(label) and token != label:
                return self._word(token[len(label) :])
        if self._numbered and re.fullmatch("A[123]", token):
            return Phase(int(token[1]) - 1)
        if match := re.fullmatch(r"[UVI]([ABC])[WXYZ]", token):  # IAW, VBY
            return Phase(self._letters[match.group(1)])
        if match := re.fullmatch(r"3?[UVIE]_?(\w+)", token):
            found = self._word(match.group(1))
            if found is not None:
                return found
        spoken = before in _PHASE_WORDS or before in ("U", "V", "I") or kind_in(before) != ""
        if token.isdigit() and not spoken:
            return None
        return self._word(token) if len(token) > 1 or spoken or token in "ABCRST" else None

    def _word(self, word: str) -> Phase | str | None:
        if not word:
            return None
        parts = re.fullmatch(r"(?:L?([A-Z1-3]))(?:L?([A-Z0-3]))?", word)
        if parts and parts.group(1) in self._letters:
            first = self._letters[parts.group(1)]
            second = parts.group(2)
            if second is None or second in "NGE0":
                return Phase(first)
            if second in self._letters and self._letters[second] != first:
                return Phase(first, self._letters[second])
            return None
        return "" if _REST.fullmatch(word) else None


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-‐–./:]", "", unicodedata.normalize("NFKC", text)).upper()
