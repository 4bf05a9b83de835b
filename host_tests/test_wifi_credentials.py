"""The rules for Wi-Fi credentials in both interpreters, against the manual's own list."""

import json

import pytest
from gateway_host import interpreter

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

# Reads a list of [ssid, key, security] and prints the list of messages, null where accepted.
CHECK = """
import json, sys
from hotspot.credentials import CredentialError, check_network
messages = []
for case in json.load(sys.stdin):
    try:
        check_network(*case)
        messages.append(None)
    except CredentialError as error:
        messages.append(str(error))
print(json.dumps(messages))
"""


def run(code, cases, bits, tmp_path):
    """What the script prints for the cases, in the interpreter."""
    table = tmp_path / "cases.json"
    table.write_text(json.dumps(cases, ensure_ascii=False), encoding="utf-8")
    with table.open() as stdin:
        result = interpreter.run(["-c", code], bits=bits, heap="2M", path=[FIRMWARE], stdin=stdin)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(params=[32, 64], ids=["32-bit", "64-bit"])
def bits(request):
    return request.param


def test_the_manual_allows_90_characters():
    assert len(MANUAL) == 28
    assert len(ALLOWED) == 90
    assert not ALLOWED & set(' "=\\]')


def test_every_ascii_character_at_every_edge(bits, tmp_path):
    cases, wanted = [], []
    for code in range(128):
        character = chr(code)
        for place in (1, 5, 8):
            text = "abcdefgh"[: place - 1] + character + "abcdefgh"[place:]
            for case, name in (
                ([text, "Geheim!123", "wpa2"], "name"),
                (["Woning", text, "wpa2"], "key"),
            ):
                cases.append(case)
                wanted.append(None if character in ALLOWED else (name, character, place))
    for message, expected in zip(run(CHECK, cases, bits, tmp_path), wanted, strict=True):
        if expected is None:
            assert message is None
            continue
        name, character, place = expected
        shown = {" ": "a space"}.get(character, f"the character {character}")
        if not character.isprintable():
            shown = f"the character U+{ord(character):04X}"
        assert message.startswith("the ") and "\n" not in message
        assert f"{name} has {shown} at place {place}, which is not allowed" in message


@pytest.mark.parametrize("character", ["é", "ÿ", "€", "\u200b", "😀"])
def test_characters_outside_ascii(character, bits, tmp_path):
    cases = [["Huis" + character, "Geheim!123", "wpa2"], ["Huis", "Geheim!1" + character, "wpa2"]]
    for message, place in zip(run(CHECK, cases, bits, tmp_path), (5, 9), strict=True):
        assert f"the character U+{ord(character):04X} at place {place}" in message


def test_lengths(bits, tmp_path):
    lengths = range(0, 70)
    cases = [["n" * n, "Geheim!123", "wpa2"] for n in lengths]
    cases += [["Huis", "k" * n, "wpa2"] for n in lengths]
    messages = run(CHECK, cases, bits, tmp_path)
    assert [n for n in lengths if messages[n] is None] == list(range(1, 33))
    assert [n for n in lengths if messages[len(lengths) + n] is None] == list(range(8, 21))


def test_security(bits, tmp_path):
    kinds = ["open", "wep", "wpa", "wpa2", "wpa3", "enterprise", "WPA2", ""]
    cases = [["Huis", "Geheim!123", kind] for kind in kinds]
    accepted = [message is None for message in run(CHECK, cases, bits, tmp_path)]
    assert accepted == [False, False, True, True, False, False, False, False]


def test_the_device_tests_pass_here(bits):
    result = interpreter.run(
        [DEVICE / "test_credentials.py"], bits=bits, path=[FIRMWARE, interpreter.LIB]
    )
    assert result.returncode == 0, result.stdout + result.stderr
