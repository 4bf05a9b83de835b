"""The rules for Wi-Fi credentials in both interpreters, against IEEE 802.11 and the manual's own
list."""

import json
import random

import pytest
from gateway_host import interpreter
from in_interpreter import succeed

FIRMWARE = interpreter.ROOT / "firmware"
DEVICE = interpreter.ROOT / "host_tests" / "device"

# As in the installation manual: letters, digits, and these 28.
MANUAL = "! # $ % & ' ( ) * + , - . / : ; < > ? @ [ ^ _ ` { | } ~".split()
LETTERS_AND_DIGITS = [
    chr(c)
    for first, n in (("a", 26), ("A", 26), ("0", 10))
    for c in range(ord(first), ord(first) + n)
]
ALLOWED = {*MANUAL, *LETTERS_AND_DIGITS}


def run(program, cases, bits):
    """What the program prints for the cases, in the interpreter."""
    return json.loads(succeed(program, given=cases, bits=bits, heap="2M", path=[FIRMWARE]))


@pytest.fixture(params=[32, 64], ids=["32-bit", "64-bit"])
def bits(request):
    return request.param


def test_every_character_of_one_byte_at_every_edge(bits):
    """A passphrase has the characters 32 to 126 (IEEE 802.11, annex J.4.1); a name has no control
    characters, which no form and no phone can carry."""
    cases, wanted = [], []
    for code in range(128):
        character = chr(code)
        for place in (1, 5, 8):
            text = "abcdefgh"[: place - 1] + character + "abcdefgh"[place:]
            cases.append([text, "Geheim!123", "wpa2"])
            cases.append(["Woning", text, "wpa2"])
            reported = f"has the character U+{code:04X} at place {place}"
            wanted += [None if 32 <= code < 127 else reported] * 2
    for message, expected in zip(run("check_networks", cases, bits), wanted, strict=True):
        assert message is None if expected is None else expected in message


NAMES = [
    "FRITZ!Box 7590 AB",
    "iPhone van Jan",
    "Café-René",
    " voor en achter ",
    "        ",
    'a"=\\]b',
    "😀" * 8,
    "אבג ד",
    "Wi-Fi 中文网络",
    "e\u0301",
    "\u202egpj",
]


def test_names_of_routers_that_people_have(bits):
    """Whatever is UTF-8 and has at most 32 bytes, as it is written (IEEE 802.11, 9.4.2.2)."""
    cases = [[name, "Geheim!123", "wpa2"] for name in NAMES]
    assert run("check_networks", cases, bits) == [None] * len(NAMES)


@pytest.mark.parametrize("character", ["a", "é", "€", "😀"])
def test_names_have_32_bytes(character, bits):
    size = len(character.encode())
    counts = range(1, 40)
    cases = [[character * n, "Geheim!123", "wpa2"] for n in counts]
    for n, message in zip(counts, run("check_networks", cases, bits), strict=True):
        assert message is None if n * size <= 32 else f"takes {n * size} bytes" in message


@pytest.mark.parametrize("character", ["é", "ÿ", "€", "\u200b", "😀"])
def test_keys_outside_ascii_are_refused(character, bits):
    (message,) = run("check_networks", [["Huis", "Geheim!1" + character, "wpa2"]], bits)
    assert f"the character U+{ord(character):04X} at place 9" in message


def test_lengths_of_keys(bits):
    """A passphrase has 8 to 63 characters; 64 are a raw key, of hexadecimal digits."""
    lengths = range(0, 70)
    messages = run("check_networks", [["Huis", "k" * n, "wpa2"] for n in lengths], bits)
    assert [n for n in lengths if messages[n] is None] == list(range(8, 64))
    raw = ["0123456789abcdefABCDEF0123456789"[:n] * 2 for n in range(30, 33)]
    raw += ["0" * 63 + "g", "0" * 65, "０" * 64]
    messages = run("check_networks", [["Huis", key, "wpa2"] for key in raw], bits)
    assert [message is None for message in messages] == [True, True, True, False, False, False]


def test_what_other_gateways_would_refuse_is_known(bits):
    """By the manual: 90 characters, keys of at most 20."""
    assert len(MANUAL) == 28 and len(ALLOWED) == 90 and not ALLOWED & set(' "=\\]')
    every = [chr(code) for code in range(32, 127)]
    cases = [["Huis" + c, "Geheim!123"] for c in every] + [["Huis", "Geheim!1" + c] for c in every]
    cases += [["Huis", "k" * n] for n in (8, 20, 21, 63)] + [["Café", "Geheim!123"]]
    wanted = [c not in ALLOWED for c in every] * 2 + [False, False, True, True, True]
    assert run("hint_at_networks", cases, bits) == wanted


def test_bytes_that_are_no_utf8_are_no_name(bits):
    """Python's own decoder says which are. None is taken for another one's bytes."""
    dice = random.Random(7)
    every = [name.encode() for name in NAMES] + ["Café".encode("latin-1")]
    every += [b"\xed\xa0\x80", b"\xc0\xbc", b"\xff"]
    every += [dice.randbytes(dice.randrange(1, 33)) for _ in range(300)]
    every += [("é" * 9).encode()[: dice.randrange(1, 18)] for _ in range(20)]
    # Escapes of a character beyond U+FFFF are two in JSON (RFC 8259, section 7).
    names = [*NAMES, "a😀b", "\U0010ffff"]
    cases = {"bytes": [list(data) for data in every], "names": json.dumps(names)}
    reported, whole = run("decode_names", cases, bits)
    for data, (text, joined) in zip(every, reported, strict=True):
        try:
            name = data.decode()
        except UnicodeDecodeError:
            assert not joined
            continue
        assert bytes(text) == data
        assert joined == (not any(ord(c) < 32 or ord(c) == 127 for c in name))
    assert [bytes(name).decode() for name in whole] == names


def test_security(bits):
    kinds = ["open", "wep", "wpa", "wpa2", "wpa3", "enterprise", "WPA2", ""]
    cases = [["Huis", "Geheim!123", kind] for kind in kinds]
    accepted = [message is None for message in run("check_networks", cases, bits)]
    assert accepted == [False, False, True, True, False, False, False, False]


def test_the_device_tests_pass_here(bits):
    result = interpreter.run(
        [DEVICE / "test_credentials.py"], bits=bits, path=[FIRMWARE, interpreter.LIB]
    )
    assert result.returncode == 0, result.stdout + result.stderr
