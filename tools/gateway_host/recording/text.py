"""Text of files whose encoding nobody states: bytes to str, and the words of refusals."""

import codecs
import contextlib
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_RUNS = re.compile(rb"[\x80-\xff]+")
_PAIRS = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_KANA = re.compile(rb"\x83[\x40-\x96]|\x82[\x9f-\xf1]")
# Letters of DOS's code page 850, which Windows has for signs: ü é â ä à å ç ê ë è ï î ì ô ö ò
_DOS = frozenset(range(0x81, 0x96)) - {0x8A, 0x8C, 0x8E}
# Of Central Europe, which Western Europe has for signs: Ł Ą ł ą ż ź Ź Ż ľ Ľ
_CENTRAL = frozenset((0xA3, 0xA5, 0xB3, 0xB9, 0xBF, 0x9F, 0x8F, 0xAF, 0xBE, 0xBC))
_LETTER_AFTER = re.compile(rb"[a-z\xc0-\xff]")


class Unreadable(Exception):
    """A recording cannot be played. The text is one line: what is wrong and what to do."""


def decode(raw: bytes) -> str:
    """`raw` as text, whatever it was written with; never fails.

    UTF-8 and UTF-16 are certain. Of the others Chinese, Japanese and Cyrillic have runs of bytes
    above 7F, letters with accents stand alone.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace")
    if raw[1:2] == b"\0" and raw[3:4] == b"\0":
        return raw.decode("utf-16-le", errors="replace")
    return raw.decode(_encoding(raw), errors="replace")


def _encoding(raw: bytes) -> str:
    for encoding in ("utf-8", _of_pairs(raw)):
        with contextlib.suppress(UnicodeDecodeError):
            if encoding:
                raw.decode(encoding)
                return encoding
    high = [at for at, byte in enumerate(raw) if byte >= 0x80]
    inside = [at for at in high if _is_letter(raw, at - 1) or _is_letter(raw, at + 1)]
    if 2 * len(inside) < len(high) and all(raw[at] >= 0xA8 for at in high):
        return "cp1251"  # whole words of it
    if 2 * sum(raw[at] in _DOS for at in inside) > len(high):
        return "cp850"
    if any(raw[at] in _CENTRAL and _LETTER_AFTER.match(raw, at + 1) for at in high):
        return "cp1250"
    with contextlib.suppress(UnicodeDecodeError):
        raw.decode("cp1252")
        return "cp1252"
    return "latin-1"


def _is_letter(raw: bytes, at: int) -> bool:
    return 0 <= at < len(raw) and chr(raw[at]).isascii() and chr(raw[at]).isalpha()


def _of_pairs(raw: bytes) -> str:
    """The encoding of two bytes a character that it seems to have, or ""."""
    pairs = _PAIRS.findall(raw)
    low = sum(pair[1] < 0xA1 for pair in pairs)
    kana = sum(_KANA.match(pair) is not None for pair in pairs)
    early = sum(0x88 <= pair[0] <= 0x9F for pair in pairs)
    if kana and 2 * (kana + early) > len(pairs) or 2 * early > len(pairs) > 3:
        return "shift_jis"
    common = sum(0xB0 <= pair[0] <= 0xD7 or 0xA1 <= pair[0] <= 0xA9 for pair in pairs)
    if not low:
        odd = any(len(run) % 2 for run in _RUNS.findall(raw))
        return "gb2312" if not odd and 2 * common > len(pairs) else ""
    usual = sum(0xA4 <= pair[0] <= 0xC6 for pair in pairs)
    if 5 * usual > 4 * len(pairs) and len(pairs) / 5 < low < len(pairs):
        return "big5"
    return "gb18030" if 2 * low < len(pairs) <= 2 * common else ""


def lines_of(text: str) -> list[tuple[int, str]]:
    """(number from 1, line) of each line that is not blank; line ends of any system."""
    cleaned = text.replace("\x1a", "").replace("\0", "").replace("\ufeff", "")
    lines = re.split(r"\r\n|\n|\r", cleaned)
    return [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
